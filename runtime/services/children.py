"""Child processes that cannot outlive us, are stopped in order, and say why they died."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runtime.services.users import ServiceUser

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None, use_errno=True)
LOG_TAIL_LINES = 8
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
    mark: str = ""  # text of its command line that tells it from a stranger with a reused process id
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Starts it, after an earlier one of a supervisor that was killed has ended."""
        self._end_predecessor()
        output = _open_log(self.log) if self.log else None
        try:
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
        if self._pid_file is not None:
            self._pid_file.write_text(str(self.process.pid), encoding="utf-8")

    @property
    def _pid_file(self) -> Path | None:
        return self.log.with_suffix(".pid") if self.log else None

    def _end_predecessor(self) -> None:
        if self._pid_file is not None and self._pid_file.exists() and self.mark:
            text = self._pid_file.read_text(encoding="utf-8").strip()
            if text.isdigit():
                end_orphan(int(text), self.mark)

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
        """The end of its log, for a failure message."""
        if self.log is None or not self.log.exists():
            return ""
        lines = self.log.read_bytes()[-20_000:].decode("utf-8", "replace").strip().splitlines()
        return "\n".join(f"    {line}" for line in lines[-LOG_TAIL_LINES:])


def stop_all(children: Sequence[Child], budget_seconds: float) -> None:
    """Asks all to stop, waits for them together, kills what is left after the budget."""
    for child in children:
        child.signal(child.stop_signal)
    deadline = time.monotonic() + budget_seconds
    while any(child.alive() for child in children) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    for child in children:
        child.kill()


def minimal_environment(**more: str) -> dict[str, str]:
    """What a service needs of the environment; nothing of the caller's settings or secrets."""
    path = os.environ.get("PATH", "")
    return {
        "PATH": f"{path}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
    } | more


def end_orphan(pid: int, mark: str, *, patience_seconds: float = 5.0) -> None:
    """Waits for a process of an earlier supervisor to end, then kills it; other processes are left alone.

    `mark` is text its command line must hold (its data folder): process ids are reused.
    """
    deadline = time.monotonic() + patience_seconds
    while _is_marked(pid, mark):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += patience_seconds
        time.sleep(POLL_SECONDS)


def _is_marked(pid: int, mark: str) -> bool:
    try:
        return mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


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
