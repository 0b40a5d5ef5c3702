"""One look at everything for all who watch: it is repeated while somebody does, and a page takes the newest instead of looking itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from console.language import current, speaking
from console.overview import Overview, look
from schemas.languages import Language

if TYPE_CHECKING:
    from runtime.settings import Settings

FRESH_SHARE = 0.5
"""Of the pause between two looks: what is younger is shown to whoever comes."""
PATIENCE_SECONDS = 0.2
"""How long a page waits for a new look when there is an older one; a service that hangs must not hold up every page."""
OLDEST_SECONDS = 60.0
"""What is older is not shown any more, however long a new look takes."""


class Lookout:
    """By language, because a look says in words what is wrong."""

    def __init__(
        self,
        settings: Settings,
        looking: Callable[[Settings], Awaitable[Overview]] = look,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._looking, self._clock = settings, looking, clock
        self._seconds = settings.console_look_seconds
        self._newest: dict[Language, tuple[float, Overview]] = {}
        self._running: dict[Language, asyncio.Task[Overview]] = {}
        self._closing = asyncio.Event()
        self.watching = 0

    async def now(self) -> Overview:
        """The newest look, or a new one; in the language that is spoken."""
        language = current()
        at, seen = self._newest.get(language, (float("-inf"), None))
        age = self._clock() - at
        if seen is not None and age < self._seconds * FRESH_SHARE:
            return seen
        running = self._begun(language)
        if seen is None or age > OLDEST_SECONDS:
            return await asyncio.shield(running)
        done, _ = await asyncio.wait({running}, timeout=PATIENCE_SECONDS)
        return running.result() if done else seen

    async def each(self) -> AsyncIterator[Overview]:
        """A look after every pause, until the console stops."""
        self.watching += 1
        try:
            while not await self._closed_within(self._seconds):
                yield await self.now()
        finally:
            self.watching -= 1

    async def close(self) -> None:
        """Ends what is kept up to date, so that a drain need not wait for open pages."""
        self._closing.set()
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _begun(self, language: Language) -> asyncio.Task[Overview]:
        if language not in self._running:
            task = asyncio.create_task(self._look(language))
            self._running[language] = task
            task.add_done_callback(lambda _: self._running.pop(language, None))
        return self._running[language]

    async def _look(self, language: Language) -> Overview:
        with speaking(language):
            seen = await self._looking(self._settings)
        self._newest[language] = self._clock(), seen
        return seen

    async def _closed_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return False
        return True
