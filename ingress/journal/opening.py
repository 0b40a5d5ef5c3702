"""Opens the journal of one ingress process with what runs beside it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from ingress.journal.course import Sender
from ingress.journal.doubts import Channel, Doubts
from ingress.journal.journal import Journal, bounds_of
from ingress.journal.keeper import Keeper
from ingress.journal.place import own_place
from ingress.journal.progress import Progress
from ingress.journal.reader import JournalReader
from ingress.journal.relay import relay
from ingress.journal.upkeep import Upkeep
from ingress.metrics import Metrics
from ingress.publisher import GroupingPublisher
from ingress.routing import Routing
from ingress.tracing import TracedJournal
from runtime.health import Health
from runtime.logs import get_logger
from runtime.settings import Settings
from runtime.tracing import tracer

log = get_logger(__name__)


def journal_root(settings: Settings) -> Path:
    """The folder of all journals of this installation."""
    return settings.ingress_journal_dir or settings.home / "journal"


@asynccontextmanager
async def open_journal(
    settings: Settings,
    publisher: GroupingPublisher,
    channel: Channel,
    routing: Routing,
    health: Health,
    metrics: Metrics,
) -> AsyncIterator[tuple[Keeper, Sequence[asyncio.Task[None]]]]:
    """The keeper, and the tasks to watch. `channel` is what the publisher publishes on. Raises ConfigurationError when no folder can be written to."""
    place = await asyncio.to_thread(own_place, journal_root(settings))
    try:
        await asyncio.to_thread(place.cut_torn)
        journal = (Journal if tracer() is None else TracedJournal)(
            place, bounds_of(settings), metrics.journal_group_size.observe
        )
        reach = settings.ingress_journal_doubt_seconds
        progress = Progress(place.sure, reach)
        keeper = Keeper(journal, publisher, progress)
        sender = Sender(
            publisher,
            routing=routing,
            window=settings.ingress_journal_window,
            metrics=metrics,
        )
        doubts = Doubts(progress, channel, JournalReader(place.folder), sender, reach)
        upkeep = Upkeep(journal_root(settings), place, journal, progress, sender, doubts)
        health.add("journal", journal.is_writable)
        metrics.journal_waiting.set_function(lambda: keeper.waiting + doubts.waiting)
        tasks = [
            asyncio.create_task(
                relay(journal, keeper, JournalReader(place.folder), sender), name="ingress relay"
            ),
            asyncio.create_task(upkeep.run(), name="ingress journal upkeep"),
            asyncio.create_task(doubts.watch(), name="ingress broker watch"),
            asyncio.create_task(doubts.run(), name="ingress journal doubts"),
        ]
        log.info(
            "journal open", action="ingress.journal_open", folder=place.folder.name, waiting=keeper.waiting
        )
        try:
            yield keeper, tasks
        finally:
            await _relayed(keeper)
            await journal.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if not keeper.waiting:
                doubts.end()
            await upkeep.save()
    finally:
        place.release()


LAST_RELAY_SECONDS = 2.0
"""How long an ending process waits for the relay: what is left waits for the next one that holds this folder."""


async def _relayed(keeper: Keeper) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LAST_RELAY_SECONDS):
            while keeper.waiting:  # noqa: ASYNC110 - at the end of a process
                await asyncio.sleep(0.02)
