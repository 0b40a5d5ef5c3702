"""Secrets of providers that have no variable of their own."""

from __future__ import annotations

from pathlib import Path

from runtime.settings import Settings


def secrets(given: str | None, provider: str) -> list[str]:
    settings = Settings(env="development", home=Path("unused"), other_webhook_secrets=given)
    return [secret.get_secret_value() for secret in settings.webhook_secrets(provider)]


def test_a_provider_is_checked_with_every_secret_under_its_name() -> None:
    given = "toko=a=b==, warung=c ,toko=d,,toko=, x"
    assert secrets(given, "toko") == ["a=b==", "d"]
    assert secrets(given, "warung") == ["c"]
    assert secrets(given, "x") == secrets(given, "stranger") == secrets(None, "toko") == []


def test_a_variable_of_its_own_wins() -> None:
    assert secrets("xendit=other", "xendit") == ["dev-xendit-secret"]
