"""Telling many requests at once how they ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVarTuple

Said = TypeVarTuple("Said")


def apart(loop: asyncio.AbstractEventLoop, tell: Callable[[*Said], object], *said: *Said) -> None:
    """Calls `tell`; what goes wrong in one answer is not the others' trouble, and is told as what goes wrong in a turn of the loop of its own.

    A turn of the loop for each of a group costs more than what the group saves.
    """
    try:
        tell(*said)
    except Exception as error:  # noqa: BLE001 - handed to the loop, which logs it as it does for its own callbacks
        loop.call_exception_handler({"message": f"an answer failed: {tell!r}", "exception": error})
