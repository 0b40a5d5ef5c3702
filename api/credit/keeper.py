"""Looks after accounts that nobody touches: expired reservations go back, and money that went back is told where that matters.

Several processes may do so at once: whatever is done is done under the log's lock, once.
"""

from __future__ import annotations

import asyncio

import orjson

from api.credit.loading import SQL
from api.credit.orders import CreditOrder
from api.credit.teller import Teller
from api.gate import UNAVAILABLE
from eventstore.read import read_page
from runtime.database import Pool
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.outage import DATABASE
from schemas.corrections import CreditWithdrawn
from schemas.decisions import CreditClawedBack
from schemas.problems import Problem

LOOKED_AT = 500  # accounts or events at a time

WENT_BACK = (CreditClawedBack.TYPE, CreditWithdrawn.TYPE)
"""What lowers a balance without an act on the account."""

log = get_logger(__name__)


async def keep(pool: Pool, teller: Teller, stop: asyncio.Event, *, every_seconds: float) -> None:
    """Until `stop`."""
    while not await sleep_until(stop, every_seconds):
        try:
            await look_after(pool, teller)
        except UNAVAILABLE as error:
            if not DATABASE.explains(error):
                log.warning("accounts wait", action="credit.keeper_waits", error=type(error).__name__)


async def look_after(pool: Pool, teller: Teller) -> int:
    """One look; how many accounts were touched."""
    due = [row["customer_id"] for row in await pool.fetch(SQL["due"], LOOKED_AT)]
    position: int = await pool.fetchval(SQL["watched"])
    async with pool.acquire() as connection:
        page = await read_page(connection, position, WENT_BACK, LOOKED_AT)
    lower = [orjson.loads(event.data)["customer_id"] for event in page.events]
    customers = dict.fromkeys([*due, *lower])
    await asyncio.gather(*(_touch(teller, one) for one in customers))
    if page.events:
        await pool.execute(SQL["watch"], page.through)
    return len(customers)


async def _touch(teller: Teller, customer_id: str) -> None:
    try:
        await teller.serve(CreditOrder(customer_id, None))
    except Problem as problem:
        log.warning("account cannot be looked after", action="credit.untouched", code=problem.kind.code)
