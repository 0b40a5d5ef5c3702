"""Turns at a provider: one at a time about one thing, whoever asks; and how long to wait before the next when its end is unknown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from providers.outgoing import CallFailed

if TYPE_CHECKING:
    import asyncpg

DUE_MAX = 50  # things asked about in one look
LOOK_SECONDS = 0.1  # between looks for what another process does
LONGEST_PAUSE = timedelta(minutes=5)


class Turns:
    """`take` claims a thing by its id and asks its provider; `row` reads what is known of it, with `calling` while any process asks.

    `patience`, in seconds, is for another process that asks.
    """

    def __init__(
        self,
        take: Callable[[str], Coroutine[Any, Any, None]],
        row: Callable[[str], Awaitable[asyncpg.Record | None]],
        *,
        patience: float,
    ) -> None:
        self._take, self._row, self._patience = take, row, patience
        self._running: dict[str, asyncio.Task[None]] = {}

    async def settled(
        self, thing: str, taken: Coroutine[Any, Any, None] | None = None
    ) -> asyncpg.Record | None:
        """The row once its provider has answered, or nobody is asking any more. A caller who leaves stops nothing.

        `taken`: the turn of a caller who has claimed it already; whoever looks for one meanwhile finds that it is taken.
        """
        task = self._running.get(thing)
        if task is None or taken is not None:
            task = asyncio.create_task(taken or self._take(thing), name=f"turn {thing}")
            self._running[thing] = task
            task.add_done_callback(lambda ended: self._ended(thing, ended))
        await asyncio.shield(task)
        until = time.monotonic() + self._patience
        while True:
            row = await self._row(thing)
            if row is None or not row["calling"] or time.monotonic() > until:
                return row
            await asyncio.sleep(LOOK_SECONDS)

    def _ended(self, thing: str, task: asyncio.Task[None]) -> None:
        if self._running.get(thing) is task:
            del self._running[thing]

    async def close(self) -> None:
        """Turns that are under way are let finish; they end in time by themselves."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)


def pause_after(failed: CallFailed, attempts: int, first_seconds: float) -> timedelta:
    """Until the next turn: a little longer each time, and never shorter than the provider asks for."""
    pause = min(timedelta(seconds=first_seconds * 2 ** min(attempts - 1, 16)), LONGEST_PAUSE)
    return pause if failed.retry_after is None else max(pause, timedelta(seconds=failed.retry_after))
