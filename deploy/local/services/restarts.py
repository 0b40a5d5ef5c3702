"""When to start a dead child again: at once the first time, then with growing pauses."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.local.services.children import Child

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
HEALTHY_AFTER_SECONDS = 30.0  # a child that lived this long starts again with the first pause


@dataclass
class _History:
    started_at: float
    pause: float = FIRST_PAUSE_SECONDS
    due_at: float | None = None
    count: int = 0


class Restarts:
    """Looks at children and starts the dead ones again when their pause is over."""

    def __init__(self, report: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._report = report
        self._clock = clock
        self._histories: dict[str, _History] = {}

    def count(self, name: str) -> int:
        """How often a child has been started again."""
        return self._histories[name].count if name in self._histories else 0

    def look(self, child: Child) -> None:
        now = self._clock()
        history = self._histories.setdefault(child.name, _History(now))
        if child.alive():
            return
        if history.due_at is None:
            if now - history.started_at > HEALTHY_AFTER_SECONDS:
                history.pause = FIRST_PAUSE_SECONDS
            history.due_at = now + history.pause
            code = child.process.returncode if child.process is not None else None
            self._report(f"{child.name} ended (exit {code}), starting it again in {history.pause:g} s")
        if now >= history.due_at:
            child.start()
            history.count += 1
            history.started_at, history.due_at = now, None
            history.pause = min(history.pause * 2, LONGEST_PAUSE_SECONDS)
