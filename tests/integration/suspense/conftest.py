"""A street for each test: the shop with the fake Xendit behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from runtime.settings import Settings
from tests.integration.checkout.conftest import shop_settings, xendit
from tests.integration.checkout.street import Street, street_of

__all__ = ["shop_settings", "xendit"]


@pytest.fixture
async def street(shop_settings: Callable[..., Settings]) -> AsyncIterator[Street]:
    """Tests settle by hand, never while a call waits: who waits here for an earlier word to be heard always does it in vain."""
    async with street_of(shop_settings, min_position_wait_seconds=0.05) as one:
        yield one
