"""One reader of the log for everybody who listens: the newest changes in memory, and word that there are more.

While nobody listens nothing is read. Listeners keep their own place and take what they have not seen: one that does not read holds up nobody.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from operator import attrgetter
from typing import TYPE_CHECKING

from api.changes.source import ChangeSource, RowChange
from api.gate import UNAVAILABLE
from runtime.logs import get_logger
from runtime.notifications import Notifications
from schemas.problems import Problem

if TYPE_CHECKING:
    from runtime.settings import Settings

# The projections do not notify: behind an append we look again this soon until they show it.
FOLLOW_SECONDS = 0.01
RESTS = 4.0  # times as long as it looked: a fifth of the time at most, however much there is
REST_MAX_SECONDS = 0.5

log = get_logger(__name__)


class Feed:
    """The recent end of all changes: everything behind `start` up to `through`."""

    def __init__(self, source: ChangeSource, settings: Settings) -> None:
        self.source = source
        self._settings = settings
        self._recent: list[RowChange] = []
        self.start = self.through = 0
        self._listening = 0
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self.closing = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """While somebody listens, the log is followed. Raises Problem when too many listen."""
        if self._listening >= self._settings.changes_listeners_max:
            raise Problem("unavailable", headers={"Retry-After": "5"})
        self._listening += 1
        try:
            if self._task is None or self._task.done():
                self.through = self.start = (await self.source.reached())[0]
                self._recent.clear()
                self._task = asyncio.create_task(self._follow(), name="changes")
            yield
        finally:
            self._listening -= 1

    def since(self, position: int) -> list[RowChange]:
        """What is in memory behind a position, which must not lie before `start`."""
        return self._recent[bisect_right(self._recent, position, key=attrgetter("position")) :]

    async def beyond(self, position: int, seconds: float) -> bool:
        """Waits until there is more than up to `position`; False when there was nothing for so long, or we are closing."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: self.through > position or self.closing.is_set())
        except TimeoutError:
            return False
        return not self.closing.is_set()

    async def close(self) -> None:
        """Ends every stream."""
        self.closing.set()
        async with self._news:
            self._news.notify_all()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        async with Notifications(self._settings, "api", "lunas_events") as wakeups:
            while self._listening:
                began = time.monotonic()
                try:
                    behind = await self._take()
                except UNAVAILABLE as error:
                    log.warning(
                        "changes cannot be read now", action="changes.unavailable", error=type(error).__name__
                    )
                    behind = False
                if behind:
                    # On a busy machine a look takes longer, and then the next one can wait.
                    looked = time.monotonic() - began
                    await asyncio.sleep(min(max(FOLLOW_SECONDS, RESTS * looked), REST_MAX_SECONDS))
                else:
                    await wakeups.wait()

    async def _take(self) -> bool:
        """Reads the next page. Whether the log has more than that."""
        page = await self.source.after(self.through)
        if page.through > self.through:
            self._recent += page.items
            surplus = len(self._recent) - self._settings.changes_recent_max
            if surplus > 0:
                self.start = self._recent[surplus - 1].position
                del self._recent[: bisect_right(self._recent, self.start, key=attrgetter("position"))]
            async with self._news:
                self.through = page.through
                self._news.notify_all()
        return page.head > self.through
