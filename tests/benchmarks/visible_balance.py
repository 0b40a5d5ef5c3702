"""From the provider's 200 to a balance that a service can read over HTTP, at half of what the machine sustains."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Coroutine
from typing import Any

import aiohttp
import asyncpg
import uvloop

from eventstore.append import NewEvent, append, log_transaction
from runtime.services.private import ServiceUrls
from schemas.facts import CustomerRegistered
from tests.benchmarks.figures import Figure
from tests.benchmarks.pipeline import API_KEY, Addresses, pipeline
from tests.benchmarks.wrk import BODY, TOKEN

CUSTOMERS = 4000
FLOOD = 12_000
FLOOD_CONNECTIONS = 64
PACED_SECONDS = 30.0
PROBES_PER_SECOND = 6.0
POLL_SECONDS = 0.004
WARM_UP = 200
LIGHT_RATE = 50.0
"""Webhooks per second of an ordinary busy hour: about four million a day."""


class _Posted:
    """How many webhooks were posted so far; the count also makes their ids unique."""

    count = 0


_posted = _Posted()


def figures(urls: ServiceUrls) -> list[Figure]:
    """Target 10, and the sustained rate behind it."""
    with pipeline(urls, ("ingress", "processor", "projections", "api")) as addresses:
        return uvloop.run(_figures(urls, addresses))


async def _figures(urls: ServiceUrls, addresses: Addresses) -> list[Figure]:
    await _register(urls.database_url)
    await _drained(urls.database_url)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        await _flood(session, addresses, WARM_UP)
        await _drained(urls.database_url)
        started = time.perf_counter()
        await _flood(session, addresses, FLOOD)
        await _drained(urls.database_url)
        sustained = FLOOD / (time.perf_counter() - started)
        waits = sorted(await _paced(session, addresses, sustained / 2))
        light = sorted(await _paced(session, addresses, LIGHT_RATE))
    p50, p99 = (_percentile(waits, share) * 1000 for share in (0.50, 0.99))
    light_p50, light_p99 = (_percentile(light, share) * 1000 for share in (0.50, 0.99))
    return [
        Figure("12 webhooks to visible balances, sustained", sustained, None, "webhooks/s", "–", "recorded", None),
        Figure(f"10 HTTP 200 to visible balance at {sustained / 2:.0f}/s, p50", p50, None, "ms", "–", "≤ 15 ms", p50 <= 15),
        Figure(f"10 HTTP 200 to visible balance at {sustained / 2:.0f}/s, p99", p99, None, "ms", "–", "≤ 50 ms", p99 <= 50),
        Figure(f"HTTP 200 to visible balance at {LIGHT_RATE:.0f}/s, p50", light_p50, None, "ms", "–", "recorded", None),
        Figure(f"HTTP 200 to visible balance at {LIGHT_RATE:.0f}/s, p99", light_p99, None, "ms", "–", "recorded", None),
    ]  # fmt: skip


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def _register(dsn: str) -> None:
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


async def _post(session: aiohttp.ClientSession, addresses: Addresses, customer: str) -> None:
    headers = {"x-callback-token": TOKEN, "Content-Type": "application/json"}
    async with session.post(addresses.webhooks, data=_body(customer), headers=headers) as answer:
        if answer.status != 200:
            raise RuntimeError(f"ingress answered {answer.status}")


async def _flood(session: aiohttp.ClientSession, addresses: Addresses, count: int) -> None:
    numbers = iter(range(count))

    async def one_connection() -> None:
        for number in numbers:
            await _post(session, addresses, f"c{number % CUSTOMERS}")

    await asyncio.gather(*(one_connection() for _ in range(FLOOD_CONNECTIONS)))


async def _drained(dsn: str) -> None:
    """Until every accepted webhook is in the balances' projection."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "lunas"})
    try:
        while True:
            row = await connection.fetchrow(
                """SELECT (SELECT count(*) FROM deliveries) AS stored,
                          (SELECT min(position) FROM checkpoints) AS behind,
                          (SELECT max(position) FROM events) AS head"""
            )
            if row["stored"] >= _posted.count and row["behind"] == row["head"]:
                return
            await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def _paced(session: aiohttp.ClientSession, addresses: Addresses, rate: float) -> list[float]:
    """Post at a fixed rate whatever the answers do; every so often watch one payment become a balance."""
    waits: list[float] = []
    tasks: set[asyncio.Task[Any]] = set()

    def spawn(work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    started, every, probes = (
        time.perf_counter(),
        max(1, int(rate / PROBES_PER_SECOND)),
        itertools.count(1000 if rate == LIGHT_RATE else 0),
    )
    for number in range(int(rate * PACED_SECONDS)):
        delay = started + number / rate - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        if number % every == 0:
            spawn(_probe(session, addresses, f"probe{next(probes)}", waits))
        else:
            spawn(_post(session, addresses, f"c{number % CUSTOMERS}"))
    await asyncio.gather(*tasks)
    return waits


async def _probe(
    session: aiohttp.ClientSession, addresses: Addresses, customer: str, waits: list[float]
) -> None:
    await _post(session, addresses, customer)
    answered = time.perf_counter()
    headers = {"Authorization": f"Bearer {API_KEY}"}
    while True:
        async with session.get(f"{addresses.api}/v1/customers/{customer}/balance", headers=headers) as answer:
            balance = await answer.json()
        if balance["credit_tokens"] > 0:
            waits.append(time.perf_counter() - answered)
            return
        await asyncio.sleep(POLL_SECONDS)
