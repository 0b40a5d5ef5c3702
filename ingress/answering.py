"""Telling many requests at once how they ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


def answer_failed(loop: asyncio.AbstractEventLoop, tell: Callable[..., object], error: Exception) -> None:
    """What goes wrong in one answer is not the others' trouble, and is told as what goes wrong in a turn of the loop of its own.

    A turn of the loop for each of a group costs more than what the group saves.
    """
    loop.call_exception_handler({"message": f"an answer failed: {tell!r}", "exception": error})
