"""From the provider's 200 to a balance that a service can read over HTTP, at half of what the machine sustains."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Coroutine
from typing import Any

import asyncpg
import orjson
import uvloop

from deploy.local.services.private import ServiceUrls
from eventstore.append import NewEvent, append, log_transaction
from schemas.facts import CustomerRegistered
from tests.benchmarks.figures import Figure, median
from tests.benchmarks.pipeline import API_KEY, Addresses, pipeline
from tests.benchmarks.poster import Poster
from tests.benchmarks.wrk import BODY, TOKEN

CUSTOMERS = 4000
FLOOD = 60_000  # half a minute: long enough for what the server does besides, such as vacuum
FLOOD_CONNECTIONS = 64
ROUNDS = 5
PACED_SECONDS = 10.0
PROBES_PER_SECOND = 20.0  # 200 in a round
FIRST_LOOK_SECONDS = (
    0.005  # asking sooner takes CPU from the pipeline; what was visible sooner counts as this
)
POLL_SECONDS = 0.001
POLL_SHARE = 0.05  # of the wait so far: asking all the time would prolong a long one
WARM_UP = 200
LIGHT_RATE = 50.0
"""Webhooks per second of an ordinary busy hour: about four million a day."""


class _Posted:
    """How many webhooks were posted so far; the count also makes their ids unique."""

    count = 0


_posted = _Posted()
_probes = itertools.count()
"""Each probe watches a customer of its own, whose first balance it is."""


def figures(urls: ServiceUrls) -> list[Figure]:
    """Target 10, and the sustained rate behind it."""
    with pipeline(urls, ("ingress", "processor", "projections", "api")) as addresses:
        return uvloop.run(_figures(urls, addresses))


async def _figures(urls: ServiceUrls, addresses: Addresses) -> list[Figure]:
    await register(urls.database_url)
    await drained(urls.database_url)
    doors = Doors(addresses)
    await flood(doors, WARM_UP)
    await drained(urls.database_url)
    sustained = await _sustained(urls.database_url, doors)
    await _aged(urls.database_url)
    half = [await _waits(urls.database_url, doors, sustained / 2) for _ in range(ROUNDS + 1)][1:]
    light = [await _waits(urls.database_url, doors, LIGHT_RATE)]
    return [
        Figure(
            "12 webhooks to visible balances, sustained", sustained, None, "webhooks/s", "–", "recorded", None
        ),
        *_lines(f"10 HTTP 200 to visible balance at {sustained / 2:.0f}/s", half, goals=(15, 50)),
        *_lines(f"HTTP 200 to visible balance at {LIGHT_RATE:.0f}/s", light, goals=None),
    ]


async def _sustained(dsn: str, doors: Doors) -> float:
    """Webhooks per second from the first request to the last balance, as fast as ingress takes them."""
    started = time.perf_counter()
    await flood(doors, FLOOD)
    await drained(dsn)
    return FLOOD / (time.perf_counter() - started)


async def _aged(dsn: str) -> None:
    """From here on the server writes its log into files it has used before, like any that has been up for an hour.

    A new one makes them as it goes, 16 MB at a time, and every commit waits 60 ms for that, once a second at this rate.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def _waits(dsn: str, doors: Doors, rate: float) -> list[float]:
    """Milliseconds from the 200 to the balance, ordered, of one round."""
    waits = sorted(await paced(doors, rate))
    await drained(dsn)
    return [wait * 1000 for wait in waits]


def _lines(name: str, rounds: list[list[float]], *, goals: tuple[float, float] | None) -> list[Figure]:
    """Medians over the rounds of the median and of the 99th percentile."""
    figures = []
    for number, share in enumerate((0.50, 0.99)):
        value = median([percentile(waits, share) for waits in rounds])
        goal = "recorded" if goals is None else f"≤ {goals[number]:.0f} ms"
        reached = None if goals is None else value <= goals[number]
        figures.append(Figure(f"{name}, p{share:.0%}".rstrip("%"), value, None, "ms", "–", goal, reached))
    return figures


def percentile(ordered: list[float], share: float) -> float:
    """Nearest rank: the smallest value that `share` of them do not exceed."""
    return ordered[math.ceil(len(ordered) * share) - 1]


async def register(dsn: str) -> None:
    """Customers that webhooks are for, and probes."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "lunas"})
    names = [f"c{n}" for n in range(CUSTOMERS)] + [f"probe{n}" for n in range(2000)]
    try:
        async with log_transaction(connection):
            customers = [CustomerRegistered(customer_id=name, email=f"{name}@contoh.id") for name in names]
            await append(connection, [NewEvent(f"customer-{c.customer_id}", c) for c in customers])
    finally:
        await connection.close()


def _body(customer: str) -> bytes:
    _posted.count += 1
    text = BODY.replace("UNIQUE", f"{_posted.count:012d}")
    return text.replace('"payer_email":"ratna@contoh.id"', f'"customer_id":"{customer}"').encode()


class Doors:
    """Where webhooks go in and balances come out."""

    def __init__(self, addresses: Addresses) -> None:
        self._webhooks = Poster(
            addresses.webhooks, {"x-callback-token": TOKEN, "Content-Type": "application/json"}
        )
        self._api = Poster(addresses.api, {"Authorization": f"Bearer {API_KEY}"})

    async def post(self, customer: str) -> None:
        status, _ = await self._webhooks.post("/webhooks/xendit", _body(customer))
        if status != 200:
            raise RuntimeError(f"ingress answered {status}")

    async def credit(self, customer: str) -> int:
        status, body = await self._api.get(f"/v1/customers/{customer}/balance")
        # What a busy machine cannot answer now is not there yet.
        tokens: int = orjson.loads(body)["credit_tokens"] if status == 200 else 0
        return tokens


async def flood(doors: Doors, count: int) -> None:
    """As fast as they are taken."""
    numbers = iter(range(count))

    async def one_connection() -> None:
        for number in numbers:
            await doors.post(f"c{number % CUSTOMERS}")

    await asyncio.gather(*(one_connection() for _ in range(FLOOD_CONNECTIONS)))


async def drained(dsn: str) -> None:
    """Until every accepted webhook is in the balances' projection. Who tells others of it comes later, and is not waited for."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "lunas"})
    try:
        while True:
            row = await connection.fetchrow(
                """SELECT (SELECT count(*) FROM deliveries) AS stored,
                          (SELECT min(position) FROM checkpoints WHERE consumer <> 'notify') AS behind,
                          (SELECT max(position) FROM events) AS head"""
            )
            if row["stored"] >= _posted.count and row["behind"] == row["head"]:
                return
            await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def paced(doors: Doors, rate: float) -> list[float]:
    """Post at a fixed rate whatever the answers do; every so often watch one payment become a balance."""
    waits: list[float] = []
    tasks: set[asyncio.Task[Any]] = set()

    def spawn(work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    started, every = time.perf_counter(), max(1, int(rate / PROBES_PER_SECOND))
    for number in range(int(rate * PACED_SECONDS)):
        delay = started + number / rate - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        if number % every == 0:
            spawn(_probe(doors, f"probe{next(_probes)}", waits))
        else:
            spawn(doors.post(f"c{number % CUSTOMERS}"))
    await asyncio.gather(*tasks)
    return waits


async def _probe(doors: Doors, customer: str, waits: list[float]) -> None:
    await doors.post(customer)
    answered = time.perf_counter()
    await asyncio.sleep(FIRST_LOOK_SECONDS)
    while await doors.credit(customer) == 0:
        await asyncio.sleep(max(POLL_SECONDS, POLL_SHARE * (time.perf_counter() - answered)))
    waits.append(time.perf_counter() - answered)
