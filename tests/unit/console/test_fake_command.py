"""`lunas fake`: one command serves providers that need no account; another moves their clock."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console import exits, main
from providers.fakes.registry import FAKES

ROOT = Path(__file__).resolve().parents[3]
NOWHERE = {"LUNAS_DOTENV": "none", "LUNAS_LANG": "en"}


@contextmanager
def served(tmp_path: Path, *arguments: str) -> Iterator[list[str]]:
    """The addresses that `lunas fake …` prints, while it runs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LUNAS_")}
    command = [sys.executable, "-m", "console.main", "fake", *arguments, "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment | NOWHERE | {"LUNAS_HOME": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        count = len(FAKES) if arguments[0] == "all" else 1
        try:
            yield [process.stdout.readline().split()[-1] for _ in range(count)]
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main.run([*arguments, "--json"]) == exits.FINE
    return json.loads(capsys.readouterr().out)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("LUNAS_")]:
        monkeypatch.delenv(name)
    for name, value in (NOWHERE | {"LUNAS_HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)


def test_one_provider_is_served_at_the_root_and_its_clock_leaps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(tmp_path, "xendit") as (address,):
        assert address.count("/") == 2
        before = run_json(capsys, "fake", "clock", "show", "--url", address)["now"]
        after = run_json(capsys, "fake", "clock", "advance", "31d", "--url", address)["now"]
        assert after > before
        soon = datetime.fromisoformat(after) + timedelta(days=400)
        reached = run_json(capsys, "fake", "clock", "set", soon.isoformat(), "--url", address)["now"]
        assert datetime.fromisoformat(reached) >= soon
        assert main.run(["fake", "clock", "set", after, "--url", address]) == exits.PROBLEMS
        assert "forward" in capsys.readouterr().err


def test_all_are_served_beneath_their_names(tmp_path: Path) -> None:
    with served(tmp_path, "all") as addresses:
        assert [address.rpartition("/")[2] for address in addresses] == list(FAKES)


def test_production_has_no_fakes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LUNAS_ENV", "production")
    assert main.run(["fake", "all"]) == exits.REFUSED
    assert "invented" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        # Refused before any door is opened: what else listens where has no say.
        monkeypatch.setenv("LUNAS_FAKES_METRICS_PORT", str(taken.getsockname()[1]))
        assert main.run(["run", "fakes"]) == exits.WRONG_USE
    assert "LUNAS_ENV" in capsys.readouterr().err


def test_a_clock_that_nobody_keeps_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["fake", "clock", "show", "--url", "http://127.0.0.1:9"]) == exits.PROBLEMS
    assert "lunas fake all" in capsys.readouterr().err
