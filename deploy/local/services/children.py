"""Child processes that cannot outlive us, are stopped in order, and say why they died."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.services.interrupts import whole
from deploy.local.services.users import ServiceUser

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None, use_errno=True)
LOG_TAIL_LINES = 8
# A moved clock (libfaketime) is everybody's: a server with another clock than its clients would be another world.
CLOCK_VARIABLES = ("FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "NO_FAKE_STAT", "LD_PRELOAD", "TZ")
LOG_LIMIT_BYTES = 20_000_000
POLL_SECONDS = 0.05


@dataclass
class Child:
    """One program: how to start it, how to end it. Started from the main thread (see `_die_with_us`)."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    user: ServiceUser
    folder: Path  # working directory
    log: Path | None  # None: our own stdout and stderr
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals | None = signal.SIGKILL  # what the kernel sends it when we are gone
    mark: str = ""  # text that only this program's command line holds
    before: Callable[[], None] = lambda: None  # what has to be in order before each start
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    log_from: int | None = field(
        default=None, repr=False
    )  # where its log began; before that are earlier runs

    def start(self) -> None:
        """Starts it, after an earlier one of a supervisor that was killed has ended."""
        if self.mark:
            end_orphans(self.mark)
        self.before()
        output = _open_log(self.log) if self.log else None
        if output is not None:
            size = os.fstat(output).st_size
            self.log_from = size if self.log_from is None else min(self.log_from, size)
        try:
            with whole():
                self.process = subprocess.Popen(
                    list(self.command),
                    env=dict(self.environment),
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    # A session of its own: a terminal's Ctrl-C reaches us alone, and we stop children in order.
                    start_new_session=True,
                    preexec_fn=_die_with_us(self.death_signal),
                    **self.user.popen_arguments(),  # type: ignore[call-overload]
                )
        finally:
            if output is not None:
                os.close(output)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        if self.alive() and self.process is not None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """Ends it and what is left of its session at once."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self.signal(signal.SIGKILL)
        self.process.wait()

    def last_words(self) -> str:
        """The end of what it logged since we first started it, for a failure message."""
        if self.log is None or not self.log.exists():
            return ""
        lines = (
            self.log.read_bytes()[self.log_from or 0 :][-20_000:]
            .decode("utf-8", "replace")
            .strip()
            .splitlines()
        )
        return "\n".join(f"    {line}" for line in lines[-LOG_TAIL_LINES:])


def stop_all(children: Sequence[Child], budget_seconds: float) -> list[str]:
    """Asks all to stop, waits for them together, kills what is left after the budget; the names of these."""
    for child in children:
        child.signal(child.stop_signal)
    deadline = time.monotonic() + budget_seconds
    while any(child.alive() for child in children) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    late = [child.name for child in children if child.alive()]
    for child in children:
        child.kill()
    return late


def minimal_environment(**more: str) -> dict[str, str]:
    """What a service needs of the environment; nothing of the caller's settings or secrets."""
    path = os.environ.get("PATH", "")
    clock = CLOCK_VARIABLES if "FAKETIME" in os.environ else ()
    return {
        "PATH": f"{path}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        **{name: os.environ[name] for name in clock if name in os.environ},
    } | more


def end_orphans(*marks: str, patience_seconds: float = 5.0) -> None:
    """Waits for processes of a killed supervisor to end, then kills them: data must not be opened twice, ports be free.

    `marks` are texts that their command line or environment holds; process ids alone are reused.
    """
    deadline = time.monotonic() + patience_seconds
    while orphans := _marked(marks):
        if time.monotonic() > deadline:
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            deadline += patience_seconds
        time.sleep(POLL_SECONDS)


def _marked(marks: Sequence[str]) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        # A zombie has no command line; it is as good as ended. Other users' environments cannot be read.
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes()
            if not line or int(entry.name) == os.getpid():
                continue
            text = line + (entry / "environ").read_bytes()
            if all(mark.encode() in text for mark in marks):
                found.append(int(entry.name))
    return found


def _open_log(path: Path) -> int:
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".old.log"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)


def _die_with_us(number: signal.Signals | None) -> Callable[[], None] | None:
    """The kernel signals the child when the thread that started it ends, however it ends (SIGKILL included).

    Set after the switch of user, which would clear it; it survives exec.
    """
    if sys.platform != "linux" or number is None:
        return None
    parent = os.getpid()

    def in_child() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # we died before the line above
            os._exit(1)

    return in_child
