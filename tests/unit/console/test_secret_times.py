"""What an operator is told of secrets that begin and end, and by which time a kept request is judged (case C08)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from multidict import CIMultiDict

from console.checks.secrets import check_secrets, times_of_secrets
from console.reverifying import verify_row
from providers.kept_credential import keep
from providers.known_secrets import KnownSecrets
from providers.registry import PROVIDERS
from providers.verification import secret_id, sign_hmac_sha256
from runtime.settings import Settings

OLD, NEW = "rahasia-lama-1a2b3c4d", "rahasia-baru-5e6f7a8b"
BODY = b'{"event":"business.test_event"}'
BEGIN = datetime(2026, 12, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=30)
INSTANT = timedelta(microseconds=1)
Build = Callable[..., Settings]


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUNAS_LANG", "en")


def rotated(build: Build, *, begin: datetime = BEGIN, end: datetime = END) -> Settings:
    times = f"{secret_id(OLD)} not_after={end.isoformat()}, {secret_id(NEW)} not_before={begin.isoformat()}"
    return build(xendit_webhook_secret=f"{NEW}, {OLD}", webhook_secret_times=times)


def found(settings: Settings, now: datetime) -> list[tuple[str, str]]:
    """State and the secret that is named, or none; nothing shows a secret."""
    findings = list(times_of_secrets(settings, "xendit", now))
    assert all(one.fix and OLD not in str(one) and NEW not in str(one) for one in findings)
    assert {one.check for one in findings} <= {"secret.xendit"}
    names = {secret_id(OLD): "old", secret_id(NEW): "new"}
    return sorted(
        (one.state, next((says for id, says in names.items() if id in one.detail), "")) for one in findings
    )


def test_c08_the_doctor_says_which_secret_begins_ends_soon_or_has_ended(settings: Build) -> None:
    given = rotated(settings)
    soon = END - timedelta(days=given.secret_ends_soon_days)
    assert found(given, BEGIN - INSTANT) == [("note", "new")]
    assert found(given, BEGIN) == found(given, soon) == []
    assert (
        found(given, soon + INSTANT) == found(given, END) == found(given, END + INSTANT) == [("note", "old")]
    )
    assert found(settings(xendit_webhook_secret=f"{NEW}, {OLD}"), END) == []


def test_c08_the_doctor_warns_of_a_time_in_which_no_secret_is_accepted(settings: Build) -> None:
    gap = rotated(settings, begin=END + timedelta(hours=1))
    assert ("problem", "") not in found(gap, BEGIN)
    assert found(gap, END) == [("note", "new"), ("note", "old"), ("problem", "")]
    assert found(gap, END + INSTANT) == [("note", "new"), ("note", "old"), ("problem", "")]
    assert ("problem", "") not in found(gap, END + timedelta(hours=1))


def test_c08_a_provider_without_any_accepted_secret_is_not_called_fine(settings: Build) -> None:
    long_ago = datetime(1971, 1, 1, tzinfo=UTC)
    given = rotated(settings, begin=long_ago, end=long_ago)
    said = [one for one in check_secrets(given, None, "xendit") if one.state == "ok"]
    assert [one.detail for one in said] == ["xendit: 1 secret(s) accepted"]
    ended = f"{secret_id(NEW)} not_after={long_ago.isoformat()}"
    given = settings(xendit_webhook_secret=NEW, webhook_secret_times=ended)
    assert [one.state for one in check_secrets(given, None, "xendit")] == ["problem", "note"]


def test_c08_the_doctor_names_times_that_are_of_no_secret(settings: Build) -> None:
    stranger = secret_id("somebody-elses")
    given = settings(webhook_secret_times=f"{stranger} not_after={END.isoformat()}")
    said = [one for one in check_secrets(given, None, None) if one.check == "secrets"]
    assert [(one.state, stranger in one.detail) for one in said] == [("problem", True)]
    nothing = settings(
        webhook_secret_times=f"{secret_id('dev-xendit-secret')} not_before={BEGIN.isoformat()}"
    )
    assert [one for one in check_secrets(nothing, None, None) if one.check == "secrets"] == []


def kept(name: str, secret: str, at: datetime) -> dict[str, Any]:
    provider = PROVIDERS[name]
    headers = {"x-scalev-hmac-sha256": sign_hmac_sha256(BODY, secret)} if name == "scalev" else {}
    sent = CIMultiDict({"x-callback-token": secret})
    credential = keep(sent, provider.token_header, production=True)
    return {"headers": json.dumps(headers), "body": BODY, "credential": credential, "received_at": at}


@pytest.mark.parametrize("name", ["scalev", "xendit", "mayar"])
def test_c08_a_kept_request_is_judged_by_the_time_it_was_received(settings: Build, name: str) -> None:
    times = f"{secret_id(OLD)} not_before={BEGIN.isoformat()} not_after={END.isoformat()}"
    known = KnownSecrets.of(settings(**{f"{name}_webhook_secret": OLD, "webhook_secret_times": times}), name)
    moments = (BEGIN - INSTANT, BEGIN, END, END + INSTANT)
    verdicts = [verify_row(PROVIDERS[name], kept(name, OLD, at), known) for at in moments]
    assert [verdict is not None for verdict in verdicts] == [False, True, True, False]
    assert verify_row(PROVIDERS[name], kept(name, OLD, END + INSTANT), KnownSecrets((OLD,))) is not None
