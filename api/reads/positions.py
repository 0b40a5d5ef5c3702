"""Waiting until read models have reached a position: one poll for everybody who waits, and none while nobody does."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from eventstore.queries import load
from runtime.database import Pool
from runtime.tracing import apart

# The leader does not notify (a notification takes a lock of the whole cluster at commit), so we look. A batch takes about 5 ms.
POLL_SECONDS = 0.005


class PositionWatch:
    """Positions of the live generations, as of the last look."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting = 0
        self._task: asyncio.Task[None] | None = None
        self._seen: dict[str, int] = {}
        self._looked = asyncio.Condition()

    async def reached(self, names: Collection[str], position: int, seconds: float) -> bool:
        """Waits until all of `names` stand at `position`, at most `seconds`."""
        self._waiting += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look(), name="position watch", context=apart())
        try:
            async with asyncio.timeout(seconds), self._looked:
                await self._looked.wait_for(
                    lambda: all(self._seen.get(name, -1) >= position for name in names)
                )
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return True

    async def close(self) -> None:
        """Ends the poll."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        sql = load("reads.sql", "api")["positions"]
        while self._waiting:
            rows = await self._pool.fetch(sql)
            async with self._looked:
                self._seen = {row["name"]: row["position"] for row in rows}
                self._looked.notify_all()
            await asyncio.sleep(POLL_SECONDS)
