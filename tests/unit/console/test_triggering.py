"""`lunas trigger`: values go into a body by their paths, and every documented event of every provider can be had, signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from multidict import CIMultiDict

from console import exits, language, main
from console.exits import WrongUse
from console.triggering import nearest, parsed, paths, set_in, with_amount
from providers.registry import PROVIDERS
from providers.simulated import to_bytes
from providers.simulated_signing import tampered, with_body
from providers.simulation import EVENTS, simulate_event
from providers.verification import Rejected, Verified

AT = datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)
BODY: dict[str, Any] = {"data": {"amount": 1, "captures": [{"id": "a"}]}}


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    yield
    language.choose(None)


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ("data.amount=75000", {"data": {"amount": 75000, "captures": [{"id": "a"}]}}),
        ("data.amount=seribu", {"data": {"amount": "seribu", "captures": [{"id": "a"}]}}),
        ("data.captures.0.id=b", {"data": {"amount": 1, "captures": [{"id": "b"}]}}),
        ("data.captures.1={}", {"data": {"amount": 1, "captures": [{"id": "a"}, {}]}}),
        ("data.amount=null", {"data": {"amount": None, "captures": [{"id": "a"}]}}),
        ('data.new="7"', {"data": {"amount": 1, "captures": [{"id": "a"}], "new": "7"}}),
        ("data.amount=a=b", {"data": {"amount": "a=b", "captures": [{"id": "a"}]}}),
    ],
)
def test_a_value_goes_where_its_path_leads(given: str, after: dict[str, Any]) -> None:
    document = json.loads(json.dumps(BODY))
    assert set_in(document, parsed(given))
    assert document == after


@pytest.mark.parametrize(
    "path", ["data.capture.0.id", "data.captures.3.id", "data.amount.x", "data.captures.x"]
)
def test_a_path_that_leads_nowhere_changes_nothing(path: str) -> None:
    document = json.loads(json.dumps(BODY))
    assert not set_in(document, parsed(f"{path}=1"))
    assert document == BODY


@pytest.mark.parametrize("provider", EVENTS)
def test_another_amount_is_stated_in_every_place_so_that_the_whole_of_it_is_paid(provider: str) -> None:
    for event in EVENTS[provider]:
        webhook = simulate_event(provider, event, AT, Random(7), secret="rahasia")
        was = PROVIDERS[provider].stated_amount(webhook.body)
        document = json.loads(webhook.body)
        if was is None or not with_amount(document, was, 77_123):
            continue
        body = to_bytes(document)
        assert PROVIDERS[provider].stated_amount(body) == 77_123, event
        assert with_amount(document, was, 1) == 0, event
        assert list(paths(document)) == list(paths(json.loads(webhook.body)))


def test_an_amount_keeps_the_way_it_is_written_and_other_values_stay() -> None:
    document = {
        "a": 50_000,
        "b": ["50000", {"c": "50000.00"}],
        "d": 50_001,
        "e": "x50000",
        "f": True,
        "g": 50_000.0,
    }
    assert with_amount(document, 50_000, 75_000) == 4
    assert document == {
        "a": 75_000,
        "b": ["75000", {"c": "75000.00"}],
        "d": 50_001,
        "e": "x50000",
        "f": True,
        "g": 75_000.0,
    }


def test_the_near_path_is_told() -> None:
    assert nearest(BODY, parsed("data.captres.0.id=1")) == "data.captures.0.id"
    assert set(paths(BODY)) == {
        "data",
        "data.amount",
        "data.captures",
        "data.captures.0",
        "data.captures.0.id",
    }


@pytest.mark.parametrize("given", ["data.amount", "=1", "data..amount=1"])
def test_what_is_no_setting_is_wrong_use(given: str) -> None:
    with pytest.raises(WrongUse):
        parsed(given)


@pytest.mark.parametrize(("provider", "event"), [(name, event) for name in EVENTS for event in EVENTS[name]])
def test_every_event_is_verified_with_a_value_of_ones_own_and_refused_when_tampered_with(
    provider: str, event: str
) -> None:
    webhook = simulate_event(provider, event, AT, Random(7), secret="rahasia")
    document = json.loads(webhook.body) | {"tambahan": 1}
    changed = with_body(webhook, to_bytes(document), "rahasia")
    verify = PROVIDERS[provider].verify
    assert isinstance(verify(CIMultiDict(changed.headers), changed.body, ["rahasia"]), Verified)
    forged = tampered(changed)
    assert isinstance(verify(CIMultiDict(forged.headers), forged.body, ["rahasia"]), Rejected)
    assert json.loads(forged.body) == document


def test_a_body_is_shown_without_an_instance_or_a_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_ENV", "production")
    line = ["trigger", "xendit", "payment.capture", "--show", "--set", "data.request_amout=5"]
    assert main.run(line) == exits.FINE
    shown = capsys.readouterr()
    assert json.loads(shown.out)["data"]["request_amout"] == 5
    assert "data.request_amount?" in shown.err


@pytest.mark.parametrize(
    ("line", "near"),
    [
        (["trigger", "xendti"], "xendit"),
        (["trigger", "xendit", "paymnt.capture"], "payment.capture"),
        (["trigger", "xendit", "payment.capture", "--tampr"], "--tamper"),
        (["webhooks", "list", "--provider", "mayr"], "mayar"),
        (["projections", "rebuild", "balanses"], "balances"),
        (["completion", "zhs"], "zsh"),
        (["listen", "--type", "paymnt.assessed"], "payment.assessed"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("spoken", ["en", "id"])
def test_what_is_mistyped_is_told_with_the_near_one(
    line: list[str], near: str, spoken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["--lang", spoken, *line]) == exits.WRONG_USE
    asked = "Did you mean" if spoken == "en" else "Maksud Anda"
    told = capsys.readouterr().err.replace("'", "")
    assert f"{asked} {near}?" in told


@pytest.mark.parametrize("provider", EVENTS)
def test_without_an_event_every_one_is_listed(provider: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["trigger", provider, "--json"]) == exits.FINE
    assert json.loads(capsys.readouterr().out)["events"] == list(EVENTS[provider])
