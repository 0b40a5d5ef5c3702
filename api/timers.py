"""What is done at its time whoever asks: providers are asked about refunds and requests that they never told the end of.

One process does it, of however many there are. Each job claims what it does, so a leader that does not know that it was replaced does nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from api.gate import UNAVAILABLE
from eventstore.leadership import Leadership
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.outage import DATABASE

if TYPE_CHECKING:
    from runtime.settings import Settings

JOB = "api.timers"

log = get_logger(__name__)


Job = Callable[[], Awaitable[int]]


async def keep_time(settings: Settings, process: str, jobs: Sequence[Job], stop: asyncio.Event) -> None:
    """Until `stop`. One slow provider holds up no other job; what is no outage is raised, and ends the process that would do no more."""
    running: dict[Job, asyncio.Task[None]] = {}
    async with Leadership(settings, process, JOB) as leadership:
        try:
            while await leadership.wait(stop):
                for job in jobs:
                    before = running.get(job)
                    if before is None or before.done():
                        if before is not None:
                            before.result()
                        running[job] = asyncio.create_task(_once(job), name=JOB)
                await sleep_until(stop, settings.checkout_resolve_seconds)
        finally:
            for task in running.values():
                task.cancel()
            await asyncio.gather(*running.values(), return_exceptions=True)


async def _once(job: Job) -> None:
    try:
        await job()
    except UNAVAILABLE as error:
        if not DATABASE.explains(error):
            log.warning("timers wait", action="timers.wait", error=type(error).__name__)
