"""Progress on stderr: a moving bar for a person, one line at the end for a log."""

from __future__ import annotations

import sys
import time

from console.output import coloured, number, talk

BAR_WIDTH = 30


class Bar:
    """Call `show(done, of)` as often as you like."""

    def __init__(self) -> None:
        self._moving = coloured(sys.stderr)
        self._started = time.monotonic()

    def show(self, done: int, of: int) -> None:
        """Draws; at a terminal over the last drawing, elsewhere only when all is done."""
        if not self._moving and done < of:
            return
        seconds = max(time.monotonic() - self._started, 0.001)
        filled = BAR_WIDTH * done // of
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        line = f"  {bar} {number(done)}/{number(of)}  {seconds:.1f} s  {done / seconds:.0f}/s"
        if self._moving:
            sys.stderr.write(f"\r{line}" + ("\n" if done == of else ""))
            sys.stderr.flush()
        else:
            talk(line)
