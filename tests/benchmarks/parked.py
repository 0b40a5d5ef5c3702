"""What one poisoned stream costs all others: a thousand streams through the processor, poisoned and not, in turn."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator

import asyncpg

from deploy.local.services.private import ServiceUrls
from eventstore.append import NewEvent, append, log_transaction
from schemas.envelope import pack
from schemas.facts import CustomerRegistered
from schemas.topology import routing_key
from tests.benchmarks.figures import Figure, median
from tests.benchmarks.pipeline import pipeline
from tests.benchmarks.queue_to_log import envelope_of, publish_all
from tests.benchmarks.wrk import BODY

STREAMS = 1_000
EACH = 10  # deliveries of a stream: a payment, and what goes back of it
GROUP = 20  # deliveries in a message, as ingress packs them
ROUNDS = 5
LEAST = 0.95  # of the speed without poison
PARKED_SECONDS = 60.0
FULFILMENT = "SELECT position FROM checkpoints WHERE consumer = 'fulfilment'"

_numbers = itertools.count()


def figures(urls: ServiceUrls) -> list[Figure]:
    """Deliveries of the streams that are not poisoned, per second, from the first publish until the last is decided on."""
    with pipeline(urls, ("processor",)):
        return asyncio.run(_measured(urls))


async def _measured(urls: ServiceUrls) -> list[Figure]:
    connection = await asyncpg.connect(urls.database_url, server_settings={"search_path": "lunas"})
    try:
        async with log_transaction(connection):
            customer = CustomerRegistered(customer_id="ratna", email="ratna@contoh.id")
            await append(connection, [NewEvent("customer-ratna", customer)])
        await _round(connection, urls, poisoned=False, hot=False)  # to warm up
        return [await _compared(connection, urls, hot=hot) for hot in (False, True)]
    finally:
        await connection.close()


async def _compared(connection: asyncpg.Connection, urls: ServiceUrls, *, hot: bool) -> Figure:
    rates: dict[bool, list[float]] = {True: [], False: []}
    for number in range(ROUNDS):
        for poisoned in (True, False) if number % 2 else (False, True):
            rates[poisoned].append(await _round(connection, urls, poisoned=poisoned, hot=hot))
            await _unparked(connection)
    baseline = median(rates[False])
    # Of rounds that were neighbours: a machine that slows down slows both.
    share = median([one / other for one, other in zip(rates[True], rates[False], strict=True)])
    ours = share * baseline
    often = "one poisoned, of which every message holds something" if hot else "one of them poisoned"
    return Figure(
        f"{'–' if hot else '16'} {STREAMS:,} streams, {often}: the others",
        ours,
        baseline,
        "deliveries/s",
        "nothing poisoned",
        "recorded" if hot else f"≥ {LEAST}",
        None if hot else share >= LEAST,
    )


async def _round(connection: asyncpg.Connection, urls: ServiceUrls, *, poisoned: bool, hot: bool) -> float:
    prefix = f"{next(_numbers):03d}"
    bodies = list(_bodies(prefix, poisoned=poisoned, hot=hot))
    envelopes = [envelope_of(body) for body in bodies]
    messages = [pack(envelopes[first : first + GROUP]) for first in range(0, len(envelopes), GROUP)]
    mine = sum(f'"pr-{prefix}-0"'.encode() in body for body in bodies)
    started = time.perf_counter()
    await publish_all(urls.broker_url, "lunas.webhooks", routing_key(0), messages)
    # One queue, in order: the last one is of a sound stream, and when it is in, all are.
    await _decided(connection, envelopes[-1].delivery_id)
    seconds = time.perf_counter() - started
    await _checked(connection, prefix, poisoned=poisoned, mine=mine)
    return (len(bodies) - mine) / seconds


async def _decided(connection: asyncpg.Connection, delivery_id: str) -> None:
    while (place := await _position(connection, delivery_id)) is None:
        await asyncio.sleep(0.02)
    while await connection.fetchval(FULFILMENT) < place:
        await asyncio.sleep(0.005)


async def _position(connection: asyncpg.Connection, delivery_id: str) -> int | None:
    found: int | None = await connection.fetchval(
        "SELECT position FROM deliveries WHERE delivery_id = $1", delivery_id
    )
    return found


async def _checked(connection: asyncpg.Connection, prefix: str, *, poisoned: bool, mine: int) -> None:
    """A round in which the poison did not work, or held up others, measures nothing."""
    waiting = await connection.fetch("SELECT stream, waiting FROM parked_streams")
    expected = [(f"xendit:pr-{prefix}-0", mine - 1)] if poisoned else []
    if [(row["stream"], row["waiting"]) for row in waiting] != expected:
        raise RuntimeError(f"parked: {waiting}, expected {expected}")


async def _unparked(connection: asyncpg.Connection) -> None:
    """The letter is dealt with, and what waited has been taken in: the next round begins as this one did."""
    await connection.execute("UPDATE dead_letters SET status = 'discarded' WHERE status = 'open'")
    async with asyncio.timeout(PARKED_SECONDS):
        while await connection.fetchval("SELECT EXISTS (SELECT FROM parked_streams)"):
            await asyncio.sleep(0.05)


def _bodies(prefix: str, *, poisoned: bool, hot: bool) -> Iterator[bytes]:
    """Turn by turn over all streams. `hot`: something of the first stream in every message."""
    number = 0
    for turn in range(EACH):
        for stream in range(STREAMS):
            if hot and number and number % GROUP == 0:
                yield _refund(f"{prefix}-0", f"hot{number}", 1)
                number += 1
            name = f"{prefix}-{stream}"
            yield _payment(name, poisoned and stream == 0) if turn == 0 else _refund(name, str(turn), 1_000)
            number += 1


def _payment(name: str, poison: bool) -> bytes:
    body = BODY.replace("UNIQUE", name)
    # An amount that nobody can read.
    return (body.replace(":50000", ':"fifty"') if poison else body).encode()


def _refund(payment: str, number: str, amount: int) -> bytes:
    data = {
        "id": f"rfd-{payment}-{number}",
        "payment_id": f"py-{payment}",
        "payment_request_id": f"pr-{payment}",
        "amount": amount,
        "currency": "IDR",
        "status": "SUCCEEDED",
        "created": "2026-07-02T03:04:05Z",
        "updated": "2026-07-02T03:04:05Z",
    }
    return json.dumps(
        {"event": "refund.succeeded", "business_id": "080846c51a9496ab77c2cae0", "data": data}
    ).encode()
