"""Shells complete commands and options, quickly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from console import exits, main
from console.commands.completion import SHELLS, VARIABLE


def complete(*words: str) -> list[str]:
    """What bash is offered for the last word."""
    asked = {VARIABLE: "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    code = "import sys; from console.main import run; code = run([])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | asked, capture_output=True, text=True, timeout=120
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_a_script_that_asks_lunas(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["completion", shell]) == exits.FINE
    assert f"{VARIABLE}={shell}_complete" in capsys.readouterr().out


def test_commands_verbs_and_options_are_completed() -> None:
    assert complete("lunas", "") == list(main.COMMANDS)
    assert complete("lunas", "su") == ["suspense"]
    assert complete("lunas", "suspense", "un") == ["unclaim", "undo"]
    assert "--customer" in complete("lunas", "suspense", "claim", "--cu")
    assert complete("lunas", "suspense", "list", "--provider", "x") == ["xendit"]


def test_events_are_completed_for_the_provider_that_was_named() -> None:
    assert complete("lunas", "trigger", "m") == ["mayar"]
    assert complete("lunas", "trigger", "mayar", "payment.rec") == ["payment.received"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("shell", "own"), [("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", None)])
def test_one_command_installs_it_and_one_takes_it_away(shell: str, own: str | None, home: Path) -> None:
    before = "alias l=lunas"
    if own is not None:
        (home / own).write_text(before)
        (home / own).chmod(0o640)
    assert main.run(["completion", shell, "--install"]) == exits.FINE
    script = next(path for path in home.rglob("*lunas*" if own is None else "completion.*") if path.is_file())
    assert f"{VARIABLE}={shell}_complete" in script.read_text()
    if own is not None:
        assert str(script) in (home / own).read_text()
        assert (home / own).stat().st_mode & 0o777 == 0o640
    once = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert main.run(["completion", shell, "--install"]) == exits.FINE
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == once
    assert main.run(["completion", shell, "--remove"]) == exits.FINE
    assert not script.exists()
    assert own is None or (home / own).read_text() == before + "\n"


def test_bash_reads_what_was_installed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/bash")
    assert main.run(["completion", "--install"]) == exits.FINE
    asked = "source ~/.bashrc; complete -p lunas"
    done = subprocess.run(["bash", "--norc", "-c", asked], capture_output=True, text=True, timeout=120, env=os.environ | {"HOME": str(home)})  # fmt: skip
    assert (done.returncode, "_lunas_completion" in done.stdout) == (0, True), done.stderr


def test_an_unknown_shell_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert main.run(["completion", "--install"]) == exits.WRONG_USE
