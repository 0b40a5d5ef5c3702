"""Time that passes at once: a loop whose clock jumps over every wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop whose clock stands still while there is work, and jumps to the next timer when there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.now = max(self.now, self._scheduled[0].when())  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def play(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs a scene in jumping time."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(scene())


def now() -> float:
    return asyncio.get_running_loop().time()


async def at(moment: float) -> None:
    """Goes on at a moment of the scene, which begins at 0."""
    await asyncio.sleep(moment - now())
