"""Composition root of checkout: its calls, mounted by the API process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from api.checkout.customers import PUT_CUSTOMER, Customers
from runtime.database import Pool
from schemas.calls import Call

if TYPE_CHECKING:
    from runtime.settings import Settings

Route = tuple[Call, Callable[[web.Request], Awaitable[web.StreamResponse]]]


def routes(settings: Settings, pool: Pool) -> list[Route]:
    """Every write call with its handler. They stand behind the API's key and answer problems through it."""
    customers = Customers(pool, acquire_seconds=settings.database_acquire_timeout_seconds)
    return [(PUT_CUSTOMER, customers.put)]
