"""Without a running instance and without an address a command says so; it never asks whoever listens on the default ports."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from console import exits, language, main, probes
from console.target import load_target
from runtime import faults
from schemas.errors import ConfigurationError

COMMANDS = [
    ["webhooks", "list", "--json"],
    ["dlq", "groups"],
    ["quarantine", "list"],
    ["suspense", "list"],
    ["find", "budi"],
    ["payments", "show", "xendit", "py-1"],
    ["projections", "status"],
    ["migrate"],
    ["simulate", "xendit", "payment.capture"],
    ["simulate", "day"],
]


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No instance, no address, and no network."""
    for name in [name for name in os.environ if name.startswith("LUNAS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LUNAS_HOME", str(tmp_path))
    monkeypatch.setenv("LUNAS_LANG", "en")

    async def forbidden(*_arguments: object) -> None:
        raise AssertionError("asked a stranger")

    monkeypatch.setattr(probes, "_ready", forbidden)
    monkeypatch.setattr("console.commands.simulate.play", forbidden)
    yield
    language.choose(None)


def test_status_without_an_instance_says_what_to_start_and_asks_no_stranger(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["status"]) == exits.PROBLEMS
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert f"No instance of lunas runs in {tmp_path}" in shown.err
    for advice in ("make run", "LUNAS_DATABASE_URL", "LUNAS_PEERS"):
        assert advice in shown.err


def test_status_without_an_instance_is_still_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["status", "--json"]) == exits.PROBLEMS
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert (document["ok"], document["processes"], len(document["problems"])) == (False, {}, 1)
    assert shown.err == ""


def test_doctor_without_an_instance_finds_that_and_nothing_made_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.run(["doctor", "--json"]) == exits.PROBLEMS
    [check] = json.loads(capsys.readouterr().out)["checks"]
    assert (check["check"], check["state"], check["fix"]) == ("instance", "problem", "make run")


def test_an_address_in_the_environment_is_asked_even_without_an_instance(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def away(_session: object, _name: str, address: str) -> probes.Probed:
        return probes.Probed(address, "away")

    monkeypatch.setattr(probes, "_ready", away)
    monkeypatch.setenv("LUNAS_PEERS", "ingress=127.0.0.1:1")
    assert main.run(["status", "--json"]) == exits.PROBLEMS
    assert json.loads(capsys.readouterr().out)["processes"]["ingress"] == "away"


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_other_command_without_an_instance_says_the_same_and_exits_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(arguments) == exits.WRONG_USE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "No instance of lunas runs in" in shown.err


def test_simulate_at_a_named_door_says_that_the_environment_is_not_declared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["simulate", "xendit", "payment.capture", "--url", "http://127.0.0.1:1"]
    assert main.run(arguments) == exits.REFUSED
    assert "LUNAS_ENV is not set" in capsys.readouterr().err
    monkeypatch.setenv("LUNAS_ENV", "production")
    assert main.run(arguments) == exits.REFUSED
    assert capsys.readouterr().err.startswith("Error: Refused in production")


def test_simulate_names_a_wrong_event_before_it_looks_for_an_instance(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.run(["simulate", "xendit", "payment.invented"]) == exits.WRONG_USE
    assert "payment.invented" in capsys.readouterr().err


def test_a_command_that_is_told_to_die_on_purpose_is_refused_in_production(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LUNAS_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    monkeypatch.setenv("LUNAS_FAULTS", "replay.after_publish:2")
    monkeypatch.setenv("LUNAS_ENV", "development")
    load_target()
    assert faults.is_armed("replay.after_publish")
    monkeypatch.setenv("LUNAS_ENV", "production")
    with pytest.raises(ConfigurationError, match="LUNAS_FAULTS"):
        load_target()
    assert not faults.is_armed("replay.after_publish")
