"""The whole way with a provider that lunas has never heard of: HTTP, verified, translated, facts, decided, balance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

import ingress.app
import processor.app
import projections.app
from eventstore.append import NewEvent, append, log_transaction
from projections.versions import ensure_at
from providers.registry import PROVIDERS
from runtime.database import Pool
from runtime.settings import Settings
from schemas import streams
from schemas.facts import CustomerRegistered
from tests.integration.fourth_provider import TOKO

WAIT_SECONDS = 180.0
SECRET = "rahasia-toko-yang-panjang"
MERCHANT = "https://toko.example"


@pytest.fixture
async def door(
    database_url: str, broker_url: str, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """Address of a door with ingress, processor and projections behind it."""
    monkeypatch.setitem(PROVIDERS, TOKO.name, TOKO)
    ours = settings(
        database_url=database_url,
        broker_url=broker_url,
        other_webhook_secrets=f"warung=x, {TOKO.name}={SECRET}",
        app_url=MERCHANT,
    )
    await ensure_at(database_url)
    stop = asyncio.Event()
    address: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as processes:
        processes.create_task(ingress.app.run(ours, stop, started=address.set_result))
        processes.create_task(processor.app.run(ours, stop))
        processes.create_task(projections.app.run(ours, stop))
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                host, port = await address
            yield f"http://{host}:{port}"
        finally:
            stop.set()


async def until(pool: Pool, statement: str, wanted: Any) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while await pool.fetchval(statement) != wanted:
            await asyncio.sleep(0.05)


async def post(
    http: aiohttp.ClientSession, door: str, path: str, document: dict[str, Any], secret: str = SECRET
) -> int:
    """The answer, once the door has its broker."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            async with http.post(door + path, json=document, headers={"X-Toko-Token": secret}) as answer:
                if answer.status != 503:
                    return answer.status
            await asyncio.sleep(0.05)


def sold(number: str, **fields: object) -> dict[str, Any]:
    return {"kind": "sold", "sale": {"number": number, "rupiah": 50_000, "buyer": "sari"}} | fields


async def test_a_fourth_provider_is_one_folder_and_one_line(door: str, pool: Pool) -> None:
    registered = CustomerRegistered(customer_id="sari", email="sari@contoh.id", source="api")
    async with pool.acquire() as connection, log_transaction(connection):
        await append(
            connection,
            [NewEvent(streams.customer("sari"), registered, {"correlation_id": None, "causation_id": None})],
        )
    async with aiohttp.ClientSession() as http:
        assert await post(http, door, "/webhooks/toko", sold("s-1"), secret="geraten") == 401
        assert await post(http, door, "/webhooks/toko", sold("s-1")) == 200
        assert await post(http, door, "/webhooks/toko", sold("s-1")) == 200
        assert await post(http, door, "/hooks/old-toko", sold("s-2", merchant=MERCHANT)) == 200
        assert (
            await post(http, door, "/webhooks/toko", sold("s-3", merchant="https://orang-lain.example"))
            == 200
        )
    await until(pool, "SELECT credit_tokens FROM balances WHERE customer_id = 'sari'", 1_000_000)
    await until(pool, "SELECT count(*) FROM deliveries WHERE provider = 'toko'", 4)
    statuses = await pool.fetch(
        "SELECT status, reason FROM deliveries WHERE provider = 'toko' ORDER BY delivery_id"
    )
    assert [tuple(row) for row in statuses] == [
        ("processed", None),
        ("duplicate", None),
        ("processed", None),
        ("quarantined", "wrong_account"),
    ]
