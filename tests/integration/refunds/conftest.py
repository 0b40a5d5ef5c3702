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
    async with street_of(shop_settings) as one:
        yield one
