"""Waiting for what is to happen, never for a while: a busy machine then only takes longer."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 0.1

Look = Callable[[], object | Awaitable[object]]


async def until(look: Look, seconds: float = PATIENCE_SECONDS) -> None:
    """Returns when `look` says something true; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while not await _seen(look):
            await asyncio.sleep(0.01)


async def while_it_moves(look: Look, moves: Look, still: float, longest: float = float("inf")) -> bool:
    """True when `look` says something true; False once `moves` has said the same for `still` seconds, or after `longest`.

    For what takes as long as a machine takes: only that nothing happens any more is against it.
    """
    begun = time.monotonic()
    last, since = await _seen(moves), begun
    while not await _seen(look):
        await asyncio.sleep(LOOK_SECONDS)
        now = time.monotonic()
        if (place := await _seen(moves)) != last:
            last, since = place, now
        if now - since > still or now - begun > longest:
            return bool(await _seen(look))
    return True


async def _seen(look: Look) -> object:
    seen = look()
    return await seen if inspect.isawaitable(seen) else seen


async def turns(number: int = 50) -> None:
    """Lets everything else of this loop that has something to do get on with it."""
    for _ in range(number):
        await asyncio.sleep(0)
