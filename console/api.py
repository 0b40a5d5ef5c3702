"""Composition root of the API process: the read calls and the calls of our applications behind one door.

It is here because neither of the two rooms may know the other.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from checkout.app import routes
from projections.api.app import run_api

if TYPE_CHECKING:
    from runtime.settings import Settings


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serves until `stop`, then drains."""
    await run_api(settings, stop, mount=routes)
