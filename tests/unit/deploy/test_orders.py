"""An order to a service that fails or does not answer is repeated, and nothing waits for it."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from deploy.local.services import orders
from deploy.local.services.orders import Order


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "FIRST_PAUSE_SECONDS", 0.01)


def order(program: str, said: list[str], *arguments: str) -> Order:
    return Order("RabbitMQ", [sys.executable, "-c", program, *arguments], said.append)


def test_nothing_is_ordered_before_it_is_given() -> None:
    assert order("raise SystemExit(1)", []).look()


def test_a_failing_order_is_repeated_until_it_is_taken_and_told_once(tmp_path: Path) -> None:
    said: list[str] = []
    tries = tmp_path / "tries"
    failing_twice = (
        "import sys; from pathlib import Path; p = Path(sys.argv[1]); n = len(p.read_text()) if p.exists() else 0;"
        "p.write_text('x' * (n + 1)); print('node is down'); sys.exit(n < 2)"
    )
    wanted = order(failing_twice, said, str(tries))
    wanted.give()
    assert wanted.wait(30.0)
    assert tries.read_text() == "xxx"
    assert ["does not take orders yet (node is down)" in line for line in said] == [True, False]
    assert "takes orders again" in said[1]


def test_a_service_that_does_not_answer_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "ANSWER_SECONDS", 0.0)
    said: list[str] = []
    frozen = order("import time; time.sleep(600)", said)
    frozen.give()
    began = time.monotonic()
    while not said:
        assert not frozen.look()
    assert time.monotonic() - began < 60
    assert "no answer" in said[0]
    frozen.cancel()
    assert not frozen.taken


def test_it_can_be_given_again_after_a_restart(tmp_path: Path) -> None:
    count = tmp_path / "count"
    again = order("import sys; open(sys.argv[1], 'a').write('x')", [], str(count))
    for _ in range(2):
        again.give()
        assert again.wait(30.0)
    assert count.read_text() == "xx"


def test_what_an_order_did_is_told_once_it_is_taken() -> None:
    said: list[str] = []
    told = Order(
        "RabbitMQ", [sys.executable, "-c", "print('two queues')"], said.append, lambda heard: heard.strip()
    )
    told.give()
    assert told.wait(30.0)
    assert said == ["two queues"]


@pytest.mark.parametrize(("code", "words"), [(0, "done"), (1, "not done")])
def test_what_a_command_leaves_running_keeps_nobody_waiting(code: int, words: str) -> None:
    """Its child has the pipe still: who reads to its end waits for that child."""
    said: list[str] = []
    leaving = "import subprocess, sys; subprocess.Popen(['sleep', '3600']); print(sys.argv[2], flush=True); sys.exit(int(sys.argv[1]))"
    left = Order(
        "RabbitMQ",
        [sys.executable, "-c", leaving, str(code), words],
        said.append,
        lambda heard: heard.strip(),
    )
    left.give()
    left.look()
    assert left._process is not None
    group = left._process.pid  # of a session of its own
    try:
        while not said:
            left.look()
            time.sleep(0.01)
        assert words in said[0]
    finally:
        os.killpg(group, signal.SIGKILL)
        left.cancel()
