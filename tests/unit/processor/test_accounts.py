"""Whose account we are is told to every provider that has a setting for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy import make_secrets
from processor.app import interpreter_of
from providers.registry import PROVIDERS
from runtime.settings import Settings
from runtime.settings.model import CALL_KEYS, WEBHOOK_PROVIDERS

WITH_ACCOUNT = {
    name: provider.account_setting for name, provider in PROVIDERS.items() if provider.account_setting
}


def settings(**fields: Any) -> Settings:
    return Settings(env="development", home=Path("unused"), **fields)


@pytest.mark.parametrize(("name", "field"), WITH_ACCOUNT.items())
def test_the_account_of_a_provider_reaches_its_translator(name: str, field: str) -> None:
    assert interpreter_of(settings(**{field: "ours"})).accounts == {name: "ours"}


def test_every_provider_that_calls_us_has_an_account_to_compare() -> None:
    assert set(WITH_ACCOUNT) == {name for name, provider in PROVIDERS.items() if provider.webhooks}
    assert interpreter_of(settings()).accounts == {}


def test_settings_and_registry_know_the_same_providers() -> None:
    callers = {name for name, provider in PROVIDERS.items() if provider.webhooks}
    assert callers == set(WEBHOOK_PROVIDERS) == set(CALL_KEYS) == set(make_secrets.PROVIDERS)
