"""Shells complete commands and options, quickly."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from console import exits, main
from console.commands.completion import SHELLS, VARIABLE


def complete(*words: str) -> list[str]:
    """What bash is offered for the last word."""
    asked = {VARIABLE: "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    code = "import sys; from console.main import run; code = run([])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | asked, capture_output=True, text=True, timeout=60
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
