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


async def keep_time(
    settings: Settings, process: str, jobs: Sequence[Callable[[], Awaitable[int]]], stop: asyncio.Event
) -> None:
    """Until `stop`."""
    async with Leadership(settings, process, JOB) as leadership:
        while await leadership.wait(stop):
            for job in jobs:
                await _once(job)
            await sleep_until(stop, settings.checkout_resolve_seconds)


async def _once(job: Callable[[], Awaitable[int]]) -> None:
    try:
        await job()
    except UNAVAILABLE as error:
        if not DATABASE.explains(error):
            log.warning("timers wait", action="timers.wait", error=type(error).__name__)
