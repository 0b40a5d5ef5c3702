"""One reader of the log for everybody who listens: the newest changes in memory, and word that there are more.

While nobody listens nothing is read. Listeners keep their own place and take what they have not seen: one that does not read holds up nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from api.changes.pages import RecentPages
from api.changes.source import Changes, ChangeSource
from api.gate import UNAVAILABLE
from runtime.courtesy import Courtesy
from runtime.logs import get_logger
from runtime.notifications import Notifications
from runtime.tracing import apart
from schemas.problems import Problem

if TYPE_CHECKING:
    from runtime.settings import Settings

# The projections do not notify: this soon behind an append we look, and again until they show it.
FOLLOW_SECONDS = 0.01
REST_MAX_SECONDS = 1.0

log = get_logger(__name__)


class Quiet(NamedTuple):
    """Up to `through` there was nothing for whoever waited; `broken`: there is something now, or it is over."""

    through: int
    broken: bool


class Feed:
    """The recent end of all changes: everything behind `start` up to `through`."""

    def __init__(self, source: ChangeSource, settings: Settings) -> None:
        self.source = source
        self._settings = settings
        self._recent = RecentPages(settings.changes_recent_max)
        self._courtesy = Courtesy(settings.changes_read_share, REST_MAX_SECONDS)
        self._bells: dict[str | None, _Bell] = {}
        self._begun = self._head = 0
        self._listening = 0
        self._beginning: asyncio.Task[None] | None = None
        self._following = False
        self._followers: set[asyncio.Task[None]] = set()
        self.closing = asyncio.Event()

    @property
    def start(self) -> int:
        return self._recent.start

    @property
    def through(self) -> int:
        return self._recent.through

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """While somebody listens, the log is followed. Raises Problem when too many listen."""
        if self._listening >= self._settings.changes_listeners_max:
            raise Problem("unavailable", headers={"Retry-After": "5"})
        self._listening += 1
        try:
            if not self._following:
                await self._followed()
            yield
        finally:
            self._listening -= 1

    async def _followed(self) -> None:
        """One follower, however many come at once: two would each add what both have read, and everybody heard it twice. Who comes while
        another one begins waits for that, also for its error: a database that hangs is not asked once for each."""
        if self._beginning is None:
            self._beginning = asyncio.create_task(self._begin(), name="changes begin", context=apart())
        beginning = self._beginning
        # Whoever waits may go: the others wait on.
        await asyncio.wait([beginning])
        beginning.result()

    async def _begin(self) -> None:
        try:
            self._recent.begin((await self.source.reached())[0])
            self._begun += 1
            self._ring(list(self._bells), self._recent.start)
            self._following = True
            follower = asyncio.create_task(self._follow(), name="changes", context=apart())
            self._followers.add(follower)
            follower.add_done_callback(self._followers.discard)
        finally:
            self._beginning = None

    def told(self, position: int, customer_id: str | None) -> bytes:
        """What is in memory behind a position, which must not lie before `start`: of a customer, or with None of everybody."""
        return self._recent.told(position, customer_id)

    def page(self, position: int) -> Changes | None:
        """What was read together and lies behind a position; None when nobody listens, or it is not in memory."""
        page = self._recent.page_behind(position) if self._following else None
        if page is None:
            return None
        return Changes([item for item in page.items if item.position > position], page.through, self._head)

    async def silence(self, position: int, customer_id: str | None, seconds: float) -> Quiet:
        """Waits until there is more of a customer (None: of anybody) than up to `position`, which is not before `through`; or for so long."""
        begun = self._begun
        bell = self._bells.setdefault(customer_id, _Bell())
        bell.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await bell.rung.wait()
        except TimeoutError:
            pass
        finally:
            bell.waiting -= 1
            if not bell.waiting and self._bells.get(customer_id) is bell:
                del self._bells[customer_id]
        if self.closing.is_set() or begun != self._begun:
            return Quiet(position, broken=True)
        if bell.rung.is_set():
            return Quiet(max(position, bell.after), broken=True)
        return Quiet(max(position, self.through), broken=False)

    async def close(self) -> None:
        """Ends every stream."""
        self.closing.set()
        self._ring(list(self._bells), self.through)
        for follower in self._followers:
            follower.cancel()
        await asyncio.gather(*self._followers, return_exceptions=True)

    async def _follow(self) -> None:
        async with Notifications(self._settings, "api", "lunas_events") as wakeups:
            try:
                await self._follow_while_listened(wakeups)
            finally:
                # Before the connection is closed, which takes a while: whoever comes meanwhile begins another follower.
                self._following = False

    async def _follow_while_listened(self, wakeups: Notifications) -> None:
        while self._listening:
            try:
                with self._courtesy.working():
                    behind = await self._take()
            except UNAVAILABLE as error:
                log.warning(
                    "changes cannot be read now", action="changes.unavailable", error=type(error).__name__
                )
                behind = False
            if behind:
                await asyncio.sleep(max(FOLLOW_SECONDS, self._courtesy.rest()))
            elif await wakeups.wait():
                await asyncio.sleep(FOLLOW_SECONDS)

    async def _take(self) -> bool:
        """Reads the next page. Whether the log has more than that."""
        read = await self.source.after(self.through)
        self._head = read.head
        if read.through > self.through:
            page = self._recent.add(read.through, read.items)
            if page.items:
                self._ring((None, *page.customers), page.after)
        return read.head > self.through

    def _ring(self, customers: Iterable[str | None], after: int) -> None:
        for customer_id in customers:
            bell = self._bells.pop(customer_id, None)
            if bell is not None:
                bell.after = after
                bell.rung.set()


class _Bell:
    """Rung once for everybody who waits for one customer's changes. `after`: behind this lies what it was rung for."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()
        self.waiting = 0
        self.after = 0
