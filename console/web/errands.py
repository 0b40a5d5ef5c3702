"""What an act sets going that may last longer than its page: whoever waits is told when it ends soon, and led to where it can be watched when not."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from runtime.logs import get_logger

Outcome = TypeVar("Outcome")

PATIENCE_SECONDS = 5.0
"""How long a page waits for the end; most errands need less than one second."""

log = get_logger(__name__)
_running: set[asyncio.Task[Any]] = set()
"""Errands of this process. What ends with it can be begun again: everything that counts is in the database."""


async def errand(
    name: str, work: Coroutine[Any, Any, Outcome], seconds: float | None = None
) -> Outcome | None:
    """What came of it, or its error; None while it goes on without the page."""
    task = asyncio.create_task(work, name=name)
    _running.add(task)
    task.add_done_callback(_running.discard)
    try:
        await asyncio.wait({task}, timeout=PATIENCE_SECONDS if seconds is None else seconds)
    finally:
        if not task.done():
            task.add_done_callback(_ended)
    return task.result() if task.done() else None


def _ended(task: asyncio.Task[Any]) -> None:
    """Nobody waits for it any more: its page reads from the database how far it came."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning(
            "something that was begun in the console stopped",
            action="console.errand_stopped",
            errand=task.get_name(),
            error=type(error).__name__,
        )
