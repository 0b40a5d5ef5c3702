"""Ctrl-C, SIGTERM and a dying `make`, turned into one orderly stop."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# make passes SIGTERM on to us while the sender may have reached our whole group: two signals, one wish.
SAME_WISH_SECONDS = 1.0


class _Whole:
    """How many steps are under way that must not be cut in their middle, and whether somebody wished an end meanwhile."""

    depth = 0
    wished = False


@contextlib.contextmanager
def whole() -> Iterator[None]:
    """A first signal raises only at the end of the block: a child that was started, and that nobody knows yet, would be left behind. Main thread."""
    _Whole.depth += 1
    try:
        yield
    finally:
        _Whole.depth -= 1
        if _Whole.wished and not _Whole.depth:
            _Whole.wished = False
            raise KeyboardInterrupt


class Interrupts:
    """While active, the first signal raises KeyboardInterrupt in the main thread; the next, a second later, ends us at once.

    Ending at once is safe: the kernel then ends our children (`deploy.local.services.children`).
    """

    def __init__(self) -> None:
        self._asked_at: float | None = None
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            before = signal.getsignal(number)
            if number is signal.SIGHUP and before is signal.SIG_IGN:
                continue  # nohup
            self._before[number] = before
            signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]

    def stopping(self) -> None:
        """The orderly stop has begun: the next signal no longer interrupts it but ends us."""
        if self._asked_at is None:
            self._asked_at = time.monotonic()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._asked_at is None:
            self._asked_at = now
            if _Whole.depth:
                _Whole.wished = True
                return
            raise KeyboardInterrupt
        if now - self._asked_at > SAME_WISH_SECONDS:
            os._exit(128 + number)


class MakeParent:
    """Watches the `make` that started us, if one did.

    A SIGINT sent to make alone never reaches us, and a SIGKILL of make would leave us running unseen.
    """

    def __init__(self) -> None:
        self._pid = os.getppid()
        self._present = _read(self._pid, "comm").strip() in ("make", "gmake")
        self._handled_interrupt = self._handles_interrupt()

    def gone(self) -> bool:
        """make was killed."""
        return self._present and os.getppid() != self._pid

    def interrupted(self) -> bool:
        """make got SIGINT: it then resets its handler and waits for us."""
        return self._present and self._handled_interrupt and not self._handles_interrupt() and not self.gone()

    def _handles_interrupt(self) -> bool:
        for line in _read(self._pid, "status").splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) & (1 << (signal.SIGINT - 1)))
        return False


def _read(pid: int, name: str) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8", errors="replace")
    return ""
