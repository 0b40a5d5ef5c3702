"""HTTP servers that benchmarks compare: run one with `python -m tests.benchmarks.servers NAME`; it prints its port.

`ours` is ingress as shipped; `silent` is the same door with a publisher that confirms at once, and no journal; `bare` is the shortest aiohttp handler that
verifies; `naive` does everything in one database transaction per webhook.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import uvloop
from aiohttp import web

from ingress import app
from ingress.lane import Settle
from runtime.lifecycle import spare_what_is_loaded
from runtime.logs import configure_logging
from runtime.settings import Settings
from schemas.envelope import Envelope, pack_one
from tests.benchmarks.wrk import TOKEN

Handler = Callable[[web.Request], Awaitable[web.Response]]


def verified(request: web.Request) -> bool:
    given = hashlib.sha256(request.headers.get("x-callback-token", "").encode()).digest()
    return hmac.compare_digest(given, hashlib.sha256(TOKEN.encode()).digest())


async def taking(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=204)


async def bare(request: web.Request) -> web.Response:
    await request.read()
    if not verified(request):
        return web.json_response({"error": "Invalid signature"}, status=401)
    return web.json_response({"success": True})


async def naive_handler(dsn: str) -> Handler:
    """One transaction per webhook: seen before? remember, log, add to the balance."""
    pool = await asyncpg.create_pool(dsn, min_size=16, max_size=16)
    await pool.execute(
        """CREATE TABLE IF NOT EXISTS naive_seen (id text PRIMARY KEY);
           CREATE TABLE IF NOT EXISTS naive_log (id bigserial PRIMARY KEY, at timestamptz DEFAULT now(), body jsonb);
           CREATE TABLE IF NOT EXISTS naive_balance (customer text PRIMARY KEY, amount bigint NOT NULL)"""
    )

    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        if not verified(request):
            return web.json_response({"error": "Invalid signature"}, status=401)
        data = json.loads(body)["data"]
        customer = f"c{int(hashlib.sha256(data['payment_id'].encode()).hexdigest()[:6], 16) % 10_000}"
        async with pool.acquire() as connection, connection.transaction():
            if await connection.fetchval("SELECT 1 FROM naive_seen WHERE id = $1", data["payment_id"]):
                return web.json_response({"success": True})
            await connection.execute("INSERT INTO naive_seen VALUES ($1)", data["payment_id"])
            await connection.execute("INSERT INTO naive_log (body) VALUES ($1)", body.decode())
            await connection.execute(
                "INSERT INTO naive_balance VALUES ($1, $2) ON CONFLICT (customer) DO UPDATE SET amount = naive_balance.amount + $2",
                customer,
                data["captures"][0]["capture_amount"],
            )
        return web.json_response({"success": True})

    return handle


async def serve_application(handler: Handler) -> None:
    application = web.Application(client_max_size=2**20)
    application.router.add_post("/webhooks/xendit", handler)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    _announce(runner.addresses[0][1])
    await _stopped().wait()
    await runner.cleanup()


async def serve_ingress(silent: bool) -> None:
    if silent:
        _silence()
    spare_what_is_loaded()  # as every process of ours does
    settings = Settings(
        env="development",
        broker_url=os.environ["BENCH_BROKER_URL"],
        xendit_webhook_secret=TOKEN,
        ingress_port=0,
        ingress_metrics_port=0,
        ingress_rate_limit_per_second=10_000_000,
        ingress_rate_burst=10_000_000,
        ingress_prestop_seconds=0,
        **({"ingress_durability": "broker"} if silent else _durability()),
    )
    await app.run(settings, _stopped(), started=lambda address: _announce(address[1]))


def _durability() -> dict[str, Any]:
    """As shipped, unless a benchmark says otherwise."""
    if "BENCH_DURABILITY" not in os.environ:
        return {}
    return {
        "ingress_durability": os.environ["BENCH_DURABILITY"],
        "ingress_journal_dir": os.environ["BENCH_JOURNAL_DIR"],
    }


def _silence() -> None:
    """The same door; what it publishes counts as confirmed at once."""

    class Silent:
        waiting = 0

        def __init__(self, *_: object) -> None:
            """Takes what the real one takes."""

        async def deliver(self, *_: object) -> None:
            return None

        def submit(self, envelope: Envelope, _key: str, settle: Settle) -> None:
            pack_one(envelope)
            asyncio.get_running_loop().call_soon(settle, None)

    app.GroupingPublisher = Silent  # type: ignore[assignment, attr-defined]


def _announce(port: int) -> None:
    print(port, flush=True)


def _stopped() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def main(name: str) -> None:
    configure_logging("benchmark", level="error", form="json")
    if name in ("ours", "silent"):
        await serve_ingress(silent=name == "silent")
    elif name == "naive":
        await serve_application(await naive_handler(os.environ["BENCH_DATABASE_URL"]))
    elif name == "taker":
        await serve_application(taking)
    else:
        await serve_application(bare)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
