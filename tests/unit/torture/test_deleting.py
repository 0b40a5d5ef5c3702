"""The fault that deletes the work queue: it is one only when the queue is gone, and nothing may be lost by it."""

from __future__ import annotations

import contextlib
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.torture import deleting
from tests.torture.deleting import LOOK, QUIET_LOOKS, WORK, work_queue_deleted
from tests.torture.kind import NotInjected, answered, kept
from tests.torture.stage import REPUBLISH, Stage
from tests.waiting import until

NOT_IMPLEMENTED = (
    "Deleting queue 'lunas.webhooks.p0' on vhost '/' if queue is empty ...\n"
    "{:protocol_error, :not_implemented, 'cannot delete ~s. queue.delete operations with if-empty flag set are not supported', []}\n"
)
BUSY = '{busy,[{<<"lunas.webhooks.p0">>,3}]}\n'
DELETED = "{deleted,{ok,0}}\n"


class _Stage:
    """In the place of a stage: a broker that says what it is told to say, and two processes that really stand still."""

    def __init__(self, running: dict[str, subprocess.Popen[bytes]], *answers: str) -> None:
        self.pipeline = SimpleNamespace(running=running)
        self.wires = {"broker": SimpleNamespace(quiet=True)}
        self.resting: set[str] = set()
        self.standing: set[str] = set()
        self.killed: set[int] = set()
        self.kills = 0
        self.asked: list[tuple[str, ...]] = []
        self.seen: list[dict[str, str]] = []
        self._answers = iter(answers)

    def republishing(self) -> bool:
        return False

    async def control_broker(self, *words: str) -> str:
        self.asked.append(words)
        self.seen.append({name: _state(each.pid) for name, each in self.pipeline.running.items()})
        return next(self._answers)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


@pytest.fixture
def running() -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    with contextlib.ExitStack() as stack:
        found = {}
        for name in ("ingress", "processor"):
            process = subprocess.Popen(
                [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            found[name] = process
        yield found


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deleting, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(deleting, "SHORT", 0.0)


async def _injected(stage: Any, seed: int = 1) -> None:
    await work_queue_deleted(stage, random.Random(seed))


async def _runs_again(stage: _Stage) -> None:
    """Nothing is kept, and no process stands still."""
    assert not stage.resting
    assert not stage.standing
    for process in stage.pipeline.running.values():
        await until(lambda process=process: _state(process.pid) != "T")  # type: ignore[misc]


async def test_the_queue_is_deleted_once_it_was_seen_empty_by_who_stands_still_meanwhile(
    running: dict[str, subprocess.Popen[bytes]],
) -> None:
    stage = _Stage(running, BUSY, "quiet\n", BUSY, *["quiet\n"] * QUIET_LOOKS, DELETED)
    await _injected(stage)
    assert [words == ("eval", LOOK) for words in stage.asked] == [True] * 3 + [True] * QUIET_LOOKS + [False]
    assert "rabbit_amqqueue:delete" in stage.asked[-1][1]
    assert {each["ingress"] for each in stage.seen[1:]} == {"T"}
    await _runs_again(stage)


async def test_in_some_the_processor_stands_still_too_so_that_ingress_finds_no_queue(
    running: dict[str, subprocess.Popen[bytes]],
) -> None:
    stood = set()
    for seed in range(8):
        stage = _Stage(running, *["quiet\n"] * QUIET_LOOKS, DELETED)
        await _injected(stage, seed)
        stood.add(stage.seen[-1]["processor"] == "T")
        await _runs_again(stage)
    assert stood == {True, False}


async def test_each_work_queue_has_its_turn_and_all_of_them_are_looked_at(
    running: dict[str, subprocess.Popen[bytes]],
) -> None:
    assert all(f'<<"{name}">>' in LOOK for name in WORK)
    deleted = set()
    for seed in range(60):
        stage = _Stage(running, *["quiet\n"] * QUIET_LOOKS, DELETED)
        await _injected(stage, seed)
        (name,) = re.findall(r'Find\(<<"([^"]+)">>\)', stage.asked[-1][1])
        deleted.add(name)
        if deleted == set(WORK):
            return
    raise AssertionError(f"only {sorted(deleted)}")


@pytest.mark.parametrize("said", ["", NOT_IMPLEMENTED, BUSY, "late\n", "{deleted,{error,timeout}}\n"])
async def test_a_broker_that_says_no_or_nothing_has_deleted_nothing(
    running: dict[str, subprocess.Popen[bytes]], said: str
) -> None:
    stage = _Stage(running, *["quiet\n"] * QUIET_LOOKS, said)
    with pytest.raises(NotInjected, match="not deleted"):
        await _injected(stage)
    await _runs_again(stage)


async def test_what_was_deleted_with_messages_in_it_is_told_and_not_called_done(
    running: dict[str, subprocess.Popen[bytes]],
) -> None:
    stage = _Stage(running, *["quiet\n"] * QUIET_LOOKS, "{deleted,{ok,2}}\n")
    with pytest.raises(NotInjected, match=r"\{ok,2\}"):
        await _injected(stage)
    await _runs_again(stage)


@pytest.mark.parametrize("said", [BUSY, "", NOT_IMPLEMENTED, "Error: unable to perform an operation on node"])
async def test_a_queue_that_does_not_get_empty_in_time_stays(
    running: dict[str, subprocess.Popen[bytes]], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "EMPTY_SECONDS", 0.0)
    stage = _Stage(running, said, said)
    with pytest.raises(NotInjected, match="not empty within 0 s"):
        await _injected(stage)
    await _runs_again(stage)


async def test_what_is_in_the_wire_is_waited_for(
    running: dict[str, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "EMPTY_SECONDS", 0.0)
    stage = _Stage(running)
    stage.wires["broker"].quiet = False
    with pytest.raises(NotInjected, match="in the wire"):
        await _injected(stage)
    assert not stage.asked
    await _runs_again(stage)


async def test_nobody_wakes_what_stands_still(running: dict[str, subprocess.Popen[bytes]]) -> None:
    stage: Any = _Stage(running)
    with deleting.standing_still(stage, "ingress"):
        await until(lambda: _state(running["ingress"].pid) == "T")
        assert not Stage.kill(stage, "ingress", signal.SIGCONT)
        assert Stage.kill(stage, "processor", signal.SIGCONT)
        assert _state(running["ingress"].pid) == "T"
    await _runs_again(stage)


async def test_what_another_fault_keeps_for_itself_is_left_to_it(
    running: dict[str, subprocess.Popen[bytes]],
) -> None:
    for name in ("ingress", REPUBLISH):
        stage: Any = _Stage(running)
        stage.resting.add(name)
        with pytest.raises(NotInjected, match=f"keeps {name} for itself"):
            await _injected(stage)
        assert stage.resting == {name}
        assert not stage.asked
        with pytest.raises(NotInjected), kept(stage, name):
            raise AssertionError("two faults keep one process")


def test_an_order_is_taken_only_where_the_answer_says_no_error() -> None:
    taken = "Setting disk free limit on rabbit@here to 900GB bytes ..."
    assert answered("set_disk_free_limit", taken) == taken
    for said in ("", NOT_IMPLEMENTED, "Error:\nno", "{:badrpc, :nodedown}", "{:error, :timeout}"):
        with pytest.raises(NotInjected, match="delete_queue"):
            answered("delete_queue", said)
