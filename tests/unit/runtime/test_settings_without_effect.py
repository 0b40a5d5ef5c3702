"""A setting that nothing reads yet says so when it is set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console import processes
from runtime.settings import Settings
from runtime.settings.not_yet import NOT_YET, without_effect


def settings(**fields: Any) -> Settings:
    return Settings(env="development", home=Path("unused"), **fields)


def test_nothing_is_said_of_what_was_not_set_or_set_to_its_default() -> None:
    assert without_effect(settings()) == []
    assert (
        without_effect(settings(**{field: Settings.model_fields[field].default for field in NOT_YET})) == []
    )


def test_a_process_says_which_of_the_settings_it_was_given_do_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Today every setting is read; tomorrow's is added before what reads it.
    monkeypatch.setattr("runtime.settings.not_yet.NOT_YET", frozenset({"app_url"}))
    given = settings(app_url="https://toko.example")
    (variable,) = without_effect(given)
    monkeypatch.setattr("runtime.lifecycle.run_process", lambda _main: 0)
    assert processes.start("ingress", given) == 0
    said = capsys.readouterr()
    assert "settings.no_effect" in said.out + said.err
    assert variable in said.out + said.err
    assert "toko.example" not in said.out + said.err
