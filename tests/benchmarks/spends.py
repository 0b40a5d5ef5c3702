"""Spending credit: exact, with its event in the log, beside one plain UPDATE per spend; and how long a spend takes beside live webhooks."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import asyncpg
import uvloop

from api.checkout.idempotency import FirstAnswer
from api.credit.acts import Act, Spend, Use
from api.credit.instruments import CreditInstruments
from api.credit.orders import CreditOrder, Settled
from api.credit.teller import Teller
from deploy.local.services.private import ServiceUrls
from eventstore.append import NewEvent, append, log_transaction
from eventstore.migrations import migrate
from runtime.database import BY_INDEX
from runtime.metrics import new_registry
from schemas.catalog import Catalog, Tier
from schemas.decision_model import Posting
from schemas.decisions import CreditGranted
from schemas.facts import CustomerRegistered
from tests.benchmarks.figures import Figure, median
from tests.benchmarks.pipeline import API_KEY, pipeline
from tests.benchmarks.poster import Poster
from tests.benchmarks.wrk import BODY, TOKEN

CLIENTS = 200
CONNECTIONS = 8  # LUNAS_DATABASE_POOL_MAX of a process, for both
SPENDS = 4_000  # in a round
ROUNDS = 5
TOKENS = 10**12
PACED_SECONDS = 10.0
SPENDS_PER_SECOND = 200.0
WEBHOOKS_PER_SECOND = 50.0
WARM_UP_SECONDS = 3.0

_numbers = itertools.count()

_PLAIN = "UPDATE plain_accounts SET balance = balance - $2 WHERE customer_id = $1 AND balance >= $2"
_CREDITED = "SELECT count(*) FROM balances WHERE credit_tokens >= 100000"
_PLAIN_TABLE = """
CREATE TABLE plain_accounts (customer_id text PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0)) WITH (fillfactor = 50)
"""


class _Terms:
    """The catalogue, without asking anybody."""

    async def get(self) -> Catalog:
        return Catalog(tiers=(Tier(id="gratis"), Tier(id="bpp", credit_based=True)))


def figures(urls: ServiceUrls) -> list[Figure]:
    """Spends and reports of use per second beside the plain statement, then the time a spend takes over HTTP."""
    found = uvloop.run(_rates(urls.database_url))
    # A database of its own: the other one holds grants that no payment is behind.
    uvloop.run(_new_database(urls.database_url))
    fresh = replace(urls, database_url=_beside(urls.database_url))
    with pipeline(fresh, ("ingress", "processor", "projections", "api")) as addresses:
        return found + uvloop.run(_waits(fresh.database_url, addresses.webhooks, addresses.api))


def _beside(dsn: str) -> str:
    return urlsplit(dsn)._replace(path="/lunas_spends").geturl()


async def _new_database(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("CREATE DATABASE lunas_spends")
    finally:
        await connection.close()


async def _rates(dsn: str) -> list[Figure]:
    await migrate(dsn)
    pool = await asyncpg.create_pool(
        dsn,
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        server_settings={"search_path": "lunas", "jit": "off"} | BY_INDEX,
    )
    try:
        names = [f"c{number}" for number in range(CLIENTS)]
        await _fill(pool, [*names, "one"])
        teller = Teller(
            pool, _Terms(), CreditInstruments(new_registry()), acquire_seconds=30, batch_max=CLIENTS
        )
        spread, one = names, ["one"]
        subjects: dict[str, Callable[[], Awaitable[float]]] = {
            "plain": lambda: _per_second(spread, lambda who: pool.execute(_PLAIN, who, 1)),
            "plain one": lambda: _per_second(one, lambda who: pool.execute(_PLAIN, who, 1)),
            "ours": lambda: _per_second(spread, lambda who: _serve(teller, who, _spend())),
            "ours one": lambda: _per_second(one, lambda who: _serve(teller, who, _spend())),
            "usage": lambda: _per_second(spread, lambda who: _serve(teller, who, _use())),
        }
        measured: dict[str, list[float]] = {name: [] for name in subjects}
        for _ in range(ROUNDS + 1):
            for name, subject in subjects.items():
                measured[name].append(await subject())
        rate = {name: median(values[1:]) for name, values in measured.items()}
        await _exact(pool)
    finally:
        await pool.close()
    plain, plain_one = rate["plain"], rate["plain one"]
    return [
        _figure("13 spends of 200 customers, 200 clients", rate["ours"], plain),
        _figure("13 spends of one customer, 200 clients", rate["ours one"], plain_one),
        _figure("13 reports of use of 200 customers, 200 clients", rate["usage"], plain),
    ]


def _figure(name: str, ours: float, plain: float) -> Figure:
    return Figure(name, ours, plain, "/s", "plain UPDATE … WHERE balance >= cost", "≥ 0.5", ours >= plain / 2)


async def _fill(pool: asyncpg.Pool, names: list[str]) -> None:
    """Everybody has more than is ever spent."""
    async with pool.acquire() as connection:
        async with log_transaction(connection):
            for name in names:
                await append(
                    connection,
                    [
                        NewEvent(
                            f"customer-{name}",
                            CustomerRegistered(customer_id=name, email=f"{name}@contoh.id"),
                        ),
                        NewEvent(f"customer-{name}", _granted(name)),
                    ],
                )
        await connection.execute(_PLAIN_TABLE)
        await connection.executemany(
            "INSERT INTO plain_accounts VALUES ($1, $2)", [(name, TOKENS) for name in names]
        )


def _granted(name: str) -> CreditGranted:
    amount = TOKENS // 10
    return CreditGranted(
        case=f"k-{name}", customer_id=name, provider="xendit", payment_id=f"py-{name}", amount_idr=amount, tokens=TOKENS,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        postings=(
            Posting(account="clearing:xendit", unit="IDR", amount=amount),
            Posting(account=f"credit:{name}", unit="IDR", amount=-amount),
        ),
    )  # fmt: skip


async def _per_second(names: list[str], spend: Callable[[str], Awaitable[object]]) -> float:
    """All clients at once, each one after the other."""

    async def client(number: int) -> None:
        for _ in range(SPENDS // CLIENTS):
            await spend(names[number % len(names)])

    started = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return SPENDS / (time.perf_counter() - started)


def _spend() -> Spend:
    number = next(_numbers)
    return Spend(f"s-{number}", 1, "chat", f"r-{number}")


def _use() -> Use:
    number = next(_numbers)
    return Use(f"u-{number}", 1, 0, f"r-{number}")


async def _serve(teller: Teller, customer_id: str, act: Act) -> None:
    await teller.serve(CreditOrder(customer_id, act, _answered))


def _answered(settled: Settled) -> FirstAnswer:
    return FirstAnswer(201, {"position": settled.position})


async def _exact(pool: asyncpg.Pool) -> None:
    """Every spend is one event and one token. Raises RuntimeError: a rate of wrong sums is none."""
    events = await pool.fetchval("SELECT count(*) FROM events WHERE type = 'credit.spent'")
    spent = await pool.fetchval("SELECT sum(spent_tokens) FROM credit_accounts")
    left = await pool.fetchval("SELECT sum(credit_tokens) FROM credit_accounts")
    accounts = await pool.fetchval("SELECT count(*) FROM credit_accounts")
    if not events == spent == accounts * TOKENS - left == 2 * SPENDS * (ROUNDS + 1):
        raise RuntimeError(f"{events} events, {spent} tokens spent, {left} left")


async def _waits(dsn: str, webhooks: str, api: str) -> list[Figure]:
    """Milliseconds of a spend over HTTP at a steady rate, while webhooks are stored and decided on."""
    await _register(dsn)
    door = Poster(webhooks, {"x-callback-token": TOKEN, "Content-Type": "application/json"})
    ours = Poster(api, {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"})

    async def webhook(number: int) -> None:
        text = BODY.replace("UNIQUE", f"{number:012d}")
        body = text.replace('"payer_email":"ratna@contoh.id"', f'"customer_id":"c{number % CLIENTS}"')
        status, _ = await door.post("/webhooks/xendit", body.encode())
        if status != 200:
            raise RuntimeError(f"ingress answered {status}")

    waits: list[float] = []

    async def spend(number: int) -> None:
        body = f'{{"tokens":1,"reason":"chat","reference":"h-{next(_numbers)}"}}'.encode()
        started = time.perf_counter()
        status, _ = await ours.post(f"/v1/customers/c{number % CLIENTS}/spends", body)
        waits.append((time.perf_counter() - started) * 1000)
        if status != 201:
            raise RuntimeError(f"the API answered {status}")

    for number in range(CLIENTS):
        await webhook(number)
    await _credited(dsn)
    for seconds in (WARM_UP_SECONDS, PACED_SECONDS):
        waits.clear()
        await asyncio.gather(
            _paced(webhook, WEBHOOKS_PER_SECOND, seconds), _paced(spend, SPENDS_PER_SECOND, seconds)
        )
    ordered = sorted(waits)
    name = f"13 a spend over HTTP at {SPENDS_PER_SECOND:.0f}/s beside {WEBHOOKS_PER_SECOND:.0f} webhooks/s"
    p50, p99 = [ordered[math.ceil(len(ordered) * share) - 1] for share in (0.50, 0.99)]
    return [
        Figure(f"{name}, p50", p50, None, "ms", "–", "recorded", None),
        Figure(f"{name}, p99", p99, None, "ms", "–", "≤ 20 ms", p99 <= 20),
    ]


async def _register(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "lunas"})
    try:
        async with log_transaction(connection):
            known = [CustomerRegistered(customer_id=f"c{n}", email=f"c{n}@contoh.id") for n in range(CLIENTS)]
            await append(connection, [NewEvent(f"customer-{one.customer_id}", one) for one in known])
    finally:
        await connection.close()


async def _credited(dsn: str) -> None:
    """Until everybody has credit to spend."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "lunas"})
    try:
        async with asyncio.timeout(60):
            while await connection.fetchval(_CREDITED) < CLIENTS:
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def _paced(act: Callable[[int], Awaitable[None]], rate: float, seconds: float) -> None:
    """Starts one at its time whatever became of the others: a slow answer is waited for by nobody else."""
    clock = asyncio.get_running_loop().time
    begin, under_way = clock(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begin + number / rate - clock()))
        under_way.append(asyncio.ensure_future(act(next(_numbers))))
    await asyncio.gather(*under_way)
