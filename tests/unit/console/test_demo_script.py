"""The demo's script: forged requests are really forged, and the story chooses what to show."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from multidict import CIMultiDict

from console.demo.outcome import Change
from console.demo.script import LATE_CUSTOMERS, write_script
from console.demo.story import CAUSES_SHOWN, describe, telling
from providers.registry import PROVIDERS
from providers.verification import Verified
from runtime.settings import Settings

NOW = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings(env="development", home=Path("unused"))


def accepted(settings: Settings, provider: str, headers: dict[str, str], body: bytes) -> bool:
    secrets = [secret.get_secret_value() for secret in settings.webhook_secrets(provider)]
    return isinstance(PROVIDERS[provider].verify(CIMultiDict(headers), body, secrets), Verified)


def test_genuine_requests_verify_and_forged_ones_do_not(settings: Settings) -> None:
    script = write_script(settings, 7, 8, 250, NOW)
    assert len(script.forged) >= 15
    assert {webhook.provider for webhook in script.forged} == {"scalev", "xendit", "mayar"}
    for webhook in script.genuine:
        assert accepted(settings, webhook.provider, dict(webhook.headers), webhook.body)
    for webhook in script.forged:
        assert not accepted(settings, webhook.provider, dict(webhook.headers), webhook.body)


def test_everything_is_played_and_the_last_customers_come_late(settings: Settings) -> None:
    script = write_script(settings, 7, 8, 250, NOW)
    played = script.performance
    assert len(played) == len(script.genuine) + len(script.forged)
    assert {id(webhook) for webhook in played} == {
        id(webhook) for webhook in (*script.genuine, *script.forged)
    }
    assert len(script.early) == len(script.day.customers) - LATE_CUSTOMERS


def test_the_same_seed_tells_the_same_day(settings: Settings) -> None:
    first, again = (write_script(settings, 3, 5, 60, NOW) for _ in range(2))
    assert [webhook.body for webhook in first.performance] == [webhook.body for webhook in again.performance]
    other = write_script(settings, 4, 5, 60, NOW)
    assert [webhook.body for webhook in other.genuine] != [webhook.body for webhook in first.genuine]


def cause(kind: str, number: int) -> Change:
    return Change(
        kind, "xendit", f"py-{number}", {"amount_idr": 1000 * number, "tokens": 10, "late": number == 1}
    )


def test_every_kind_of_cause_is_shown_before_repetitions_in_the_order_of_the_log() -> None:
    causes = [cause("credit.granted", number) for number in range(6)]
    causes += [cause("course.enrolled", 6), cause("credit.clawed_back", 7)]
    shown = telling(causes)
    assert len(shown) == CAUSES_SHOWN
    assert [each.payment_id for each in shown] == ["py-0", "py-1", "py-2", "py-6", "py-7"]


def test_a_cause_says_amount_and_lateness() -> None:
    assert describe(cause("credit.granted", 1)) in (
        "+ 10 credit tokens (Rp 1,000, late)",
        "+ 10 token kredit (Rp 1.000, terlambat)",
    )
    unknown = Change(
        "tokens.granted", "mayar", "m", {"amount_idr": None, "chat_tokens": 100, "product": "gold"}
    )
    assert "100" in describe(unknown)
    assert "Rp" not in describe(unknown)
