"""Customers of the test, registered as the API does it."""

from __future__ import annotations

from collections.abc import Iterable

from eventstore.append import NewEvent, append, lock_log
from runtime.database import Pool
from schemas import streams
from schemas.facts import CustomerRegistered


async def registered(pool: Pool, customers: Iterable[str]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await lock_log(connection)
        about = {"correlation_id": "people"}
        events = [
            NewEvent(
                streams.customer(one), CustomerRegistered(customer_id=one, email=f"{one}@example.com"), about
            )
            for one in customers
        ]
        await append(connection, events)
