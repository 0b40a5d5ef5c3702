"""CPU seconds of everything that takes part in the pipeline, from /proc: on a busy machine they stay what they are, where rates do not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

_TICK = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
_LISTENS = "0A"
_SESSIONS = "SELECT pid, coalesce(nullif(application_name, ''), backend_type) AS name FROM pg_stat_activity"


class Accounts:
    """Processes of `lunas run NAME` below this one, the database's server with all its backends, and the broker."""

    def __init__(self, postmaster: int, broker: int, names: dict[int, str], sessions: dict[int, str]) -> None:
        self._postmaster, self._broker, self._names, self._sessions = postmaster, broker, names, sessions

    @classmethod
    async def of(cls, dsn: str, broker_url: str) -> Accounts:
        connection = await asyncpg.connect(dsn)
        try:
            postmaster = _parent(await connection.fetchval("SELECT pg_backend_pid()"))
            sessions = {row["pid"]: row["name"] for row in await connection.fetch(_SESSIONS)}
        finally:
            await connection.close()
        broker = listener(urlsplit(broker_url).port or 5672)
        return cls(postmaster, broker, dict(_ours(os.getpid())), sessions)

    def read(self) -> dict[str, float]:
        """Seconds so far by name; `of it …` are parts of the database's, by session."""
        found = {name: _seconds(pid) for pid, name in self._names.items()}
        found["postgres"] = _seconds(self._postmaster, ended=True)
        found["postgres"] += sum(_seconds(pid) for pid in _children(self._postmaster))
        for pid, name in self._sessions.items():
            found[f"of it {name}"] = found.get(f"of it {name}", 0.0) + _seconds(pid)
        found["rabbitmq"] = _seconds(self._broker)
        return found


def listener(port: int) -> int:
    """The process that listens on a port. Raises LookupError."""
    wanted = {
        f"socket:[{fields[9]}]"
        for name in ("tcp", "tcp6")
        for line in (_PROC / "net" / name).read_text().splitlines()[1:]
        if (fields := line.split())[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port
    }
    for pid in _pids():
        try:
            held = {os.readlink(one) for one in (_PROC / str(pid) / "fd").iterdir()}
        except OSError:  # it ended, or is somebody else's
            continue
        if held & wanted:
            return pid
    raise LookupError(f"nobody listens on {port}")


def _pids() -> Iterator[int]:
    return (int(one.name) for one in _PROC.iterdir() if one.name.isdigit())


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on; none when it ended."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _children(pid: int) -> list[int]:
    return [one for one in _pids() if (stat := _stat(one)) and int(stat[1]) == pid]


def _seconds(pid: int, *, ended: bool = False) -> float:
    """User and system time; `ended`: of children that are no more, too."""
    stat = _stat(pid)
    return sum(int(value) for value in stat[11 : 15 if ended else 13]) / _TICK if stat else 0.0


def _ours(pid: int) -> Iterator[tuple[int, str]]:
    for child in _children(pid):
        try:
            words = (_PROC / str(child) / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"run" in words[:-1]:
            yield child, words[words.index(b"run") + 1].decode()
