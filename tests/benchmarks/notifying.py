"""Notifications: sent beside a bare aiohttp client loop to the same server, and what following the log costs those who append to it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import asyncpg
import uvloop

from deploy.local.services.private import ServiceUrls
from eventstore.append import NewEvent, append, log_transaction
from eventstore.migrations import migrate
from notify.app import REST_MAX_SECONDS, UNHURRIED
from notify.dispatching import Dispatcher
from notify.following import Follower
from notify.metrics import NotifyMetrics
from notify.signing import signing_keys
from notify.webhooks import WebhookSender
from runtime.courtesy import Courtesy
from runtime.database import BY_INDEX
from runtime.metrics import new_registry
from runtime.pace import Pace
from runtime.settings import Settings
from schemas import streams
from schemas.decisions import PaymentAssessed
from tests.benchmarks.children import server
from tests.benchmarks.figures import Figure, median

SENT = 2_000  # in a round
ROUNDS = 5
BATCHES, BATCH = 40, 250  # appended in a round
CONCURRENCY = 8
AT = datetime(2026, 3, 1, tzinfo=UTC)
_ENDPOINT = """
INSERT INTO endpoints (endpoint_id, application, url, events, key_id, created_by)
VALUES ('ep_bench', '', $1, '{payment.received}', $2, 'bench')
"""
_DUE = """
INSERT INTO notifications (event_id, receiver, position, kind, subject, occurred_at, data)
SELECT gen_random_uuid(), 'ep_bench', 1, 'payment.received', gen_random_uuid()::text, clock_timestamp(), $2::json FROM generate_series(1, $1::int)
"""
_DATA = '{"record":"x:py-1","provider":"x","payment_id":"py-1","customer_id":"budi","status":"succeeded","amount":50000,"currency":"IDR"}'


def settings_of(dsn: str) -> Settings:
    return Settings(
        env="development",
        home=Path(tempfile.gettempdir()),
        database_url=dsn,
        endpoints_private="allow",
        email_sender="off",
        notify_concurrency=CONCURRENCY,
    )


def figures(urls: ServiceUrls) -> list[Figure]:
    """Notifications per second, and appends per second with a follower beside them."""
    return uvloop.run(_figures(urls.database_url))


async def _figures(dsn: str) -> list[Figure]:
    await migrate(dsn)
    settings = settings_of(dsn)
    session = {"search_path": "lunas", "jit": "off"} | BY_INDEX
    connection = await asyncpg.connect(dsn, server_settings=session)
    unhurried = await asyncpg.connect(dsn, server_settings=session)
    try:
        with server("taker", {}) as (url, _):
            await connection.execute(_ENDPOINT, url, signing_keys(settings).newest)
            sent = {"ours": list[float](), "bare": list[float]()}
            await unhurried.execute(UNHURRIED)
            for _ in range(ROUNDS + 1):
                sent["ours"].append(await _ours(settings, unhurried))
                sent["bare"].append(await _bare(url))
            appended = await _appended(dsn, connection)
        ours, bare = median(sent["ours"][1:]), median(sent["bare"][1:])
        alone, beside = median(appended["alone"][1:]), median(appended["followed"][1:])
        ratios = [one / other for one, other in zip(appended["followed"], appended["alone"], strict=True)][1:]
        cost = median(ratios)
        return [
            Figure("15 notifications sent, one endpoint", ours, bare, "/s", "bare aiohttp client loop", "told"),
            Figure("15 decisions appended, a notifier beside", beside, alone, "/s", "nobody beside", "≥ 0.95", cost >= 0.95),
        ]  # fmt: skip
    finally:
        await connection.close()
        await unhurried.close()


async def _ours(settings: Settings, connection: asyncpg.Connection[asyncpg.Record]) -> float:
    """Claimed, signed, sent and written down."""
    await connection.execute(_DUE, SENT, _DATA)
    sender = WebhookSender(settings, signing_keys(settings))
    dispatcher = Dispatcher(settings, sender.send, None, NotifyMetrics(new_registry()))
    began = time.perf_counter()
    while await dispatcher.turn(connection) or dispatcher.busy:
        await dispatcher.woken.wait()
    rate = SENT / (time.perf_counter() - began)
    await sender.close()
    left = await connection.fetchval("SELECT count(*) FROM notifications WHERE status <> 'delivered'")
    if left:
        raise RuntimeError(f"{left} notifications were not delivered")
    return rate


async def _bare(url: str) -> float:
    """As many requests of the same size, as many at once, and nothing else."""
    body = b'{"type":"payment.received","timestamp":"2026-03-01T00:00:00Z","data":' + _DATA.encode() + b"}"
    left = iter(range(SENT))

    async def loop(session: aiohttp.ClientSession) -> None:
        for _ in left:
            async with session.post(url, data=body) as answer:
                await answer.read()

    async with aiohttp.ClientSession() as session:
        began = time.perf_counter()
        await asyncio.gather(*(loop(session) for _ in range(CONCURRENCY)))
        return SENT / (time.perf_counter() - began)


async def _appended(dsn: str, connection: asyncpg.Connection[asyncpg.Record]) -> dict[str, list[float]]:
    """Events per second, in turns without and with a process that follows."""
    rates = {"alone": list[float](), "followed": list[float]()}
    for _ in range(ROUNDS + 1):
        rates["alone"].append(await _append_all(connection))
        follower = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.notifying", dsn],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            if follower.stdout is None or not await asyncio.to_thread(follower.stdout.readline):
                raise RuntimeError("the follower did not start")
            rates["followed"].append(await _append_all(connection))
        finally:
            follower.kill()
            follower.wait()
    return rates


async def _append_all(connection: asyncpg.Connection[asyncpg.Record]) -> float:
    began = time.perf_counter()
    for _ in range(BATCHES):
        events = []
        for _ in range(BATCH):
            key = f"x:{uuid.uuid4()}"
            paid = PaymentAssessed(
                case=key, record=key, provider="x", payment_id=key, status="succeeded", amount=50_000, customer_id="budi", paid_at=AT
            )  # fmt: skip
            events.append(NewEvent(streams.case(key), paid))
        async with log_transaction(connection):
            await append(connection, events)
    return BATCHES * BATCH / (time.perf_counter() - began)


async def follow(dsn: str) -> None:
    """Follows until it is killed, as the process does: every page as soon as there is one."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "lunas", "jit": "off"} | BY_INDEX)
    await connection.execute(UNHURRIED)
    settings = settings_of(dsn)
    follower, pace = Follower(settings), Pace(settings.notify_pace_ms / 1000)
    courtesy = Courtesy(settings.notify_busy_share, REST_MAX_SECONDS)
    await follower.begin(connection)
    while (await follower.page(connection)).more:
        pass
    print("ready", flush=True)
    while True:
        await pace.turn()
        with courtesy.working():
            followed = await follower.page(connection)
        pace.end()
        if followed.added:
            await asyncio.sleep(courtesy.rest())


if __name__ == "__main__":
    uvloop.run(follow(sys.argv[1]))
