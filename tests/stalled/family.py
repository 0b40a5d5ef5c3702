"""The processes of one run: those that descend from us, as /proc shows them at this moment, and what each of them is.

Nobody else's process is ever among them. We are their subreaper, so that one whose parent has died stays below us too.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_LIBC = ctypes.CDLL(None, use_errno=True)
PROC = Path("/proc")
WORKER = "exec(eval(sys.stdin.readline()))"
"""What execnet starts a worker of xdist with."""
SERVERS = {"postgres": "postgres", "beam.smp": "rabbitmq", "erl_child_setup": "rabbitmq"}
"""Programs of the private servers, and whose they are."""


@dataclass(frozen=True)
class Process:
    """One line of the process table. `frozen`: somebody has stopped it already."""

    pid: int
    parent: int
    program: str
    frozen: bool = False


Table = Mapping[int, Process]


def adopt() -> None:
    """From now on the orphans among our descendants are ours. Raises OSError."""
    if _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def descendants(root: int) -> dict[int, Process]:
    """Everything that runs below `root`, without it."""
    everything = {one.pid: one for one in _everything()}
    return {one.pid: one for one in below(everything, root)}


def below(table: Table, root: int) -> Iterator[Process]:
    """Children, their children and so on; `root` itself is none of them."""
    children: dict[int, list[Process]] = {}
    for one in table.values():
        children.setdefault(one.parent, []).append(one)
    waiting = [*children.get(root, ())]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += children.get(one.pid, ())


def words_of(pid: int) -> str:
    """The command line; nothing of a process that has ended."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def workers(table: Table, pytest: int, words: Callable[[int], str] = words_of) -> list[int]:
    """Who runs tests: pytest's own workers, or pytest."""
    found = sorted(pid for pid, one in table.items() if one.parent == pytest and WORKER in words(pid))
    return found or [pid for pid in table if pid == pytest]


def servers(table: Table, kind: str) -> list[int]:
    """The first process of each private server of this kind; its others are below it."""
    own = {pid: one for pid, one in table.items() if SERVERS.get(one.program) == kind}
    return sorted(pid for pid, one in own.items() if one.parent not in own)


def others(table: Table, testing: Iterable[int]) -> list[int]:
    """Processes that tests have started, but for servers."""
    testing = {*testing}
    serving = {*testing}
    for kind in {*SERVERS.values()}:
        for first in servers(table, kind):
            serving |= {first, *(one.pid for one in below(table, first))}
    started = {one.pid for worker in testing for one in below(table, worker)}
    return sorted(started - serving)


def _everything() -> Iterator[Process]:
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):  # it has just ended
                # proc(5): the name is in brackets and may hold brackets itself; behind it are the state and the parent.
                head, _, tail = (entry / "stat").read_text(errors="replace").rpartition(")")
                state, parent = tail.split()[:2]
                yield Process(int(entry.name), int(parent), head.partition("(")[2], state in "Tt")
