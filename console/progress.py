"""Progress on stderr: a moving bar for a person, one line at the end for a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from console.output import coloured, decimal, number, talk

BAR_WIDTH = 30


class Bar:
    """Call `show(done, of)` as often as you like, in a `with` block: what follows an interrupted bar begins on its own line."""

    def __init__(self) -> None:
        self._moving = coloured(sys.stderr)
        self._started = time.monotonic()
        self._open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open:
            sys.stderr.write("\n")
            sys.stderr.flush()

    def show(self, done: int, of: int) -> None:
        """Draws; at a terminal over the last drawing, elsewhere only when all is done."""
        if not self._moving and done < of:
            return
        seconds = max(time.monotonic() - self._started, 0.001)
        filled = BAR_WIDTH * done // of
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        line = f"  {bar} {number(done)}/{number(of)}  {decimal(seconds)} s  {done / seconds:.0f}/s"
        if self._moving:
            sys.stderr.write(f"\r{line}" + ("\n" if done == of else ""))
            sys.stderr.flush()
            self._open = done < of
        else:
            talk(line)
