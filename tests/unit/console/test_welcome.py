"""What `make run` says: how to sign in and what to paste, without a secret that is not the known one; and its progress."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from console import progress
from console.welcome import announcement, welcome
from runtime.settings import Settings

DOORS = {"ingress": "http://127.0.0.1:1", "api": "http://127.0.0.1:2", "console": "http://127.0.0.1:3"}


def test_the_known_development_secrets_are_shown_ready_to_use() -> None:
    said = welcome(Settings(env="development"), DOORS)
    assert "http://127.0.0.1:3   any name, password dev-operator-key" in said
    assert "Bearer dev-api-key" in said
    assert "x-callback-token: dev-xendit-secret" in said


def test_doors_are_shown_in_one_order_wherever_they_moved() -> None:
    moved = dict(reversed(DOORS.items()))
    said = welcome(Settings(env="development"), moved)
    assert said == welcome(Settings(env="development"), DOORS)
    told = announcement(Settings(env="development"), moved)
    assert "\n" not in told
    assert list(json.loads(told)["addresses"]) == list(DOORS)


def test_other_secrets_are_named_but_never_shown() -> None:
    own = Settings(
        env="development",
        operator_key=SecretStr("rahasia-operator"),
        api_key=SecretStr("rahasia-api"),
        xendit_webhook_secret=SecretStr("rahasia-xendit"),
    )
    said = welcome(own, DOORS)
    assert "rahasia" not in said
    for variable in ("$LUNAS_OPERATOR_KEY", "$LUNAS_API_KEY", "${XENDIT_WEBHOOK_SECRET%%,*}"):
        assert variable in said


@pytest.mark.parametrize("done", [1, 2])
def test_what_follows_a_bar_begins_on_a_line_of_its_own(
    done: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "coloured", lambda _stream: True)
    with progress.Bar() as bar:
        bar.show(done, 2)
    drawn = capsys.readouterr().err
    assert drawn.endswith("/s\n")
    assert drawn.count("\n") == 1


def test_a_bar_that_was_never_drawn_leaves_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.Bar():
        pass
    assert capsys.readouterr().err == ""
