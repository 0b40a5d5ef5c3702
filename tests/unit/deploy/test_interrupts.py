"""A wish to end that comes while a child is being started loses nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.local.services import children
from deploy.local.services.children import Child, stop_all
from deploy.local.services.interrupts import Interrupts, whole
from deploy.local.services.users import ServiceUser


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_between_the_start_of_a_child_and_its_name_is_heard_once_it_has_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    started = subprocess.Popen

    def interrupted(*given: Any, **more: Any) -> subprocess.Popen[bytes]:
        process: subprocess.Popen[bytes] = started(*given, **more)
        os.kill(os.getpid(), number)
        return process

    child = Child(
        name="waiting",
        command=[sys.executable, "-c", "import time; time.sleep(3600)"],
        environment={},
        user=ServiceUser(None, os.geteuid(), os.getegid()),
        folder=tmp_path,
        log=tmp_path / "waiting.log",
    )
    monkeypatch.setattr(children.subprocess, "Popen", interrupted)
    with Interrupts(), pytest.raises(KeyboardInterrupt):
        child.start()
    assert child.alive()
    stop_all([child], 60.0)
    assert not child.alive()


def _interrupted_within(passed: list[str]) -> None:
    with whole():
        with whole():
            os.kill(os.getpid(), signal.SIGINT)
        passed.append("inner")


def test_outside_of_such_a_step_it_is_heard_at_once_and_within_two_of_them_at_the_end_of_the_outer() -> None:
    with Interrupts(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    passed: list[str] = []
    with Interrupts(), pytest.raises(KeyboardInterrupt):
        _interrupted_within(passed)
    assert passed == ["inner"]
