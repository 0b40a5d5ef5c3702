"""The stalls of `make test-stalled`: whom they hit, that everybody goes on after them, and that nobody else ever stands still."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stalled.family import WORKER, Process, Table, below, descendants, others, servers, workers
from tests.stalled.stalls import KINDS, Hand, standing_still, victims
from tests.stalled.told import during
from tests.waiting import until

US, PYTEST, FIRST, SECOND = 1, 10, 11, 12
TABLE: Table = {
    one.pid: one
    for one in (
        Process(PYTEST, US, "python"),
        Process(FIRST, PYTEST, "python"),
        Process(SECOND, PYTEST, "python"),
        Process(20, FIRST, "postgres"),
        Process(21, 20, "postgres"),
        Process(22, FIRST, "sh"),
        Process(23, 22, "beam.smp"),
        Process(24, 23, "erl_child_setup"),
        Process(25, 24, "inet_gethost"),
        Process(30, SECOND, "lunas"),
        Process(31, 30, "lunas"),
        Process(99, 98, "stranger"),
    )
}
OURS = {pid: one for pid, one in TABLE.items() if pid != 99}


def words(pid: int) -> str:
    return f"python -c {WORKER}" if pid in (FIRST, SECOND) else "python -m pytest"


def test_a_run_is_what_descends_from_us() -> None:
    assert {one.pid for one in below(TABLE, US)} == set(OURS)


def test_workers_servers_and_what_tests_started_are_told_apart() -> None:
    testing = workers(OURS, PYTEST, words)
    assert testing == [FIRST, SECOND]
    assert workers(OURS, PYTEST, lambda _: "") == [PYTEST], "without xdist pytest itself runs the tests"
    assert (servers(OURS, "postgres"), servers(OURS, "rabbitmq")) == ([20], [23])
    assert others(OURS, testing) == [22, 30, 31]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_victims_and_none_where_there_is_nobody(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.stalled.stalls.workers", lambda table, pytest: workers(table, pytest, words))
    expected: dict[str, list[set[int]]] = {
        "worker": [{FIRST}, {SECOND}],
        "family": [{FIRST, 20, 21, 22, 23, 24, 25}, {SECOND, 30, 31}],
        "crawl": [{FIRST, 20, 21, 22, 23, 24, 25}, {SECOND, 30, 31}],
        "child": [{22}, {30}, {31}],
        "backend": [{21}],
        "postgres": [{20, 21}],
        "rabbitmq": [{23, 24, 25}],
        "all": [set(OURS)],
    }
    dice = random.Random(7)
    seen = [set(victims(kind, OURS, PYTEST, dice)) for _ in range(40)]
    assert all(one in seen for one in expected[kind])
    assert all(one in expected[kind] for one in seen)
    assert victims(kind, {}, PYTEST, dice) == []


@pytest.fixture
def sleeper() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process.pid
    process.kill()
    process.wait()


def state(pid: int) -> bool:
    """Whether it stands still."""
    return descendants(os.getpid())[pid].frozen


async def test_who_was_stopped_goes_on_also_after_an_error(sleeper: int) -> None:
    table = descendants(os.getpid())
    with contextlib.suppress(KeyError), standing_still([sleeper], table) as stopped:
        assert stopped == [sleeper]
        await until(lambda: state(sleeper))
        raise KeyError
    await until(lambda: not state(sleeper))


async def test_who_stands_still_already_is_left_so(sleeper: int) -> None:
    with standing_still([sleeper], descendants(os.getpid())):
        await until(lambda: state(sleeper))
        with standing_still([sleeper], descendants(os.getpid())) as again:
            assert again == []
        assert state(sleeper)


async def test_a_hand_stalls_only_its_own_and_writes_down_what_it_did(sleeper: int, tmp_path: Path) -> None:
    log, over = tmp_path / "stalls", threading.Event()
    log.touch()
    own = {sleeper: Process(sleeper, os.getpid(), "python")}
    hand = Hand(random.Random(3), sleeper, 0.01, 0.31, log, over, look=lambda _: own)
    thread = threading.Thread(target=hand.run)
    thread.start()
    try:
        await until(lambda: hand.counted.total() >= 2)
    finally:
        over.set()
        thread.join()
    await until(lambda: not state(sleeper))
    lines = [line.split() for line in log.read_text(encoding="utf-8").splitlines()]
    assert {pid for _, _, _, *pids in lines for pid in pids} == {str(sleeper)}
    assert {kind for _, _, kind, *_ in lines} <= set(KINDS)


def test_a_failure_names_the_stalls_of_its_time(tmp_path: Path) -> None:
    log = tmp_path / "stalls"
    log.write_text("100.0 101.0 worker 5\n102.0 103.5 all 5 6\n110.0 111.0 worker 5\n", encoding="utf-8")
    assert during(log, 101.5, 109.0) == "+0.50 to +2.00 s: all (2)"


def test_a_run_without_pytests_cache_ends_as_its_tests_do() -> None:
    """So these runs are started: theirs is no home of ours to keep anything in."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only", __file__]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
