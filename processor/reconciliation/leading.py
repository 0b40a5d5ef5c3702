"""For as long as we are the one runner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from eventstore.leadership import Leadership


@asynccontextmanager
async def until_lost(leadership: Leadership, stop: asyncio.Event) -> AsyncIterator[asyncio.Event]:
    """An event that is set when we are stopped, or are not the runner any more."""
    ends = asyncio.Event()

    async def watch() -> None:
        waits = [asyncio.create_task(one.wait()) for one in (stop, leadership.lost)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            ends.set()
        finally:
            for one in waits:
                one.cancel()

    watching = asyncio.create_task(watch(), name="reconciliation ends")
    try:
        yield ends
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
