"""Refunds that the log tells of, into the table that knows them all. Exact under the log's lock, and at once otherwise."""

from __future__ import annotations

from eventstore.queries import load
from eventstore.read import StoredEvent, read_page
from runtime.database import Connection
from schemas.facts import RefundFact, RefundFailed, RefundSucceeded

SQL = load("refunds.sql", "api")
TYPES = (RefundSucceeded.TYPE, RefundFailed.TYPE)
AT_ONCE = 500  # events


async def catch_up(connection: Connection) -> int:
    """Within a transaction; up to where in the log refunds are counted now."""
    through: int = await connection.fetchval(SQL["watched"])
    while True:
        page = await read_page(connection, through, TYPES, AT_ONCE)
        for event in page.events:
            await _count(connection, event)
        through = page.through
        if len(page.events) < AT_ONCE:
            break
    await connection.execute(SQL["watch"], through)
    return through


async def _count(connection: Connection, event: StoredEvent) -> None:
    """The same refund told twice is one. What was never known is one that somebody made at the provider."""
    fact = event.decoded()
    if not isinstance(fact, RefundFact):
        raise TypeError(event.type)
    status = "succeeded" if isinstance(fact, RefundSucceeded) else "failed"
    named = (fact.provider, fact.refund_id, fact.own_reference)
    code = fact.failure_code if status == "failed" else None
    if await connection.fetchval(
        SQL["told"], *named, status, code, event.position, event.recorded_at, fact.occurred_at
    ):
        return
    if await connection.fetchval(SQL["known"], *named):
        return
    names = sorted(
        {fact.payment_key, *fact.aliases, *(one for one in (fact.attempt_id, fact.group_id) if one)}
    )
    await connection.execute(
        SQL["foreign"],
        f"{fact.provider}:{fact.refund_id}",
        fact.provider,
        fact.attempt_id or fact.payment_key,
        names,
        fact.amount,
        fact.reason,
        status,
        fact.refund_id,
        code,
        fact.occurred_at,
        event.position,
    )
