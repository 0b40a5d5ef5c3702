"""Waiting for what is to happen, never for a while: a busy machine then only takes longer."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 20.0


async def until(look: Callable[[], object | Awaitable[object]], seconds: float = PATIENCE_SECONDS) -> None:
    """Returns when `look` says something true; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            seen = look()
            if inspect.isawaitable(seen):
                seen = await seen
            if seen:
                return
            await asyncio.sleep(0.01)


async def turns(number: int = 50) -> None:
    """Lets everything else of this loop that has something to do get on with it."""
    for _ in range(number):
        await asyncio.sleep(0)
