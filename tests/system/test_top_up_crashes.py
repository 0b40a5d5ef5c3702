"""The API dies by `kill -9` at every step of a top-up; whoever asks again is charged once, and told what became of it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from processor.fulfilment.catalog_source import publish_catalog
from providers.fakes.app import ServedFakes, Wishes, accounts_of, serving
from providers.fakes.world import FakeWorld
from runtime.database import Pool
from runtime.settings import load_settings
from tests.system.pipeline import Pipeline
from tests.unit.processor.policies.ledgerbook import shipped_catalog
from tests.waiting import until

pytestmark = pytest.mark.heavy

QRIS = {"customer_id": "budi", "amount": 50_000, "payment_method": "qris"}
KEYS = {"Authorization": "Bearer dev-api-key", "Idempotency-Key": "click-1"}


@pytest.fixture
async def fakes() -> AsyncIterator[ServedFakes]:
    settings = load_settings({"LUNAS_ENV": "development", "LUNAS_DOTENV": "none"})
    accounts = accounts_of(settings, Wishes(("xendit",), 0, webhooks="http://127.0.0.1:9", key="xnd_test"))
    async with serving(accounts, FakeWorld()) as served:
        yield served


@pytest.fixture
async def shop(pool: Pool, database_url: str, fakes: ServedFakes, tmp_path: Path) -> AsyncIterator[Pipeline]:
    """The API as a process of its own, not started yet, in front of the fake Xendit."""
    await publish_catalog(pool, shipped_catalog())
    more = {
        "XENDIT_BASE_URL": fakes.bases["xendit"],
        "XENDIT_SECRET_KEY": "xnd_test",
        "LUNAS_CHECKOUT_LEASE_SECONDS": "1",
        "LUNAS_CHECKOUT_RESOLVE_SECONDS": "0.1",
        "LUNAS_PROVIDER_CALL_TIMEOUT_SECONDS": "20",
        "LUNAS_PROVIDER_CALL_BUDGET_SECONDS": "30",
    }
    async with Pipeline(database_url, "amqp://127.0.0.1:9", tmp_path, (), more) as made:
        yield made


def charges(fakes: ServedFakes) -> list[str]:
    """Payment requests that exist at the provider, by our reference."""
    kept: Any = fakes.world.providers["xendit"].memory()
    return [request.reference_id for request in kept.requests.values()]


async def ask(shop: Pipeline, **body: Any) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession(headers=KEYS) as session,
        session.post(f"{shop.api}/v1/topups", json=QRIS | body) as answer,
    ):
        return answer.status, await answer.json()


async def read(shop: Pipeline, payment_id: str) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession(headers=KEYS) as session,
        session.get(f"{shop.api}/v1/topups/{payment_id}") as answer,
    ):
        return dict(await answer.json())


async def started(shop: Pipeline, **more: str) -> None:
    shop.start("api", **more)
    await shop.wait_ready("api")


async def check_one_charge(shop: Pipeline, fakes: ServedFakes, pool: Pool) -> None:
    """After the restart nobody asks again at first: what was recorded is settled by itself. Then the customer clicks once more."""
    await started(shop)
    (payment_id,) = [row["request_id"] for row in await pool.fetch("SELECT request_id FROM payment_requests")]

    async def known() -> bool:
        return await pool.fetchval("SELECT status FROM payment_requests") == "open"

    await until(known)
    status, again = await ask(shop)
    assert (status, again["payment_id"], again["status"]) == (201, payment_id, "pending")
    assert again["qr_string"]
    assert (await read(shop, payment_id))["qr_string"] == again["qr_string"]
    assert charges(fakes) == [payment_id]
    types = [
        row["type"]
        for row in await pool.fetch(
            "SELECT type FROM events WHERE starts_with(type, 'checkout.') ORDER BY position"
        )
    ]
    assert types == ["checkout.requested", "checkout.opened"]


@pytest.mark.parametrize(
    ("point", "charged"),
    [
        ("checkout.recorded", False),
        ("checkout.claimed", False),
        ("checkout.answered", True),
        ("checkout.stored", True),
    ],
)
async def test_c120_killed_at_any_step_of_a_top_up_charges_once(
    shop: Pipeline, fakes: ServedFakes, pool: Pool, point: str, charged: bool
) -> None:
    await started(shop, LUNAS_FAULTS=point)
    await shop.register(["budi"])
    with pytest.raises(aiohttp.ClientError):
        await ask(shop)
    assert await shop.dead("api") == -signal.SIGKILL, shop.log("api")[-3000:]
    assert len(charges(fakes)) == charged
    await check_one_charge(shop, fakes, pool)


@pytest.mark.parametrize("does", ["timeout", "timeout_after"])
async def test_c120_killed_while_the_provider_is_being_called_charges_once(
    shop: Pipeline, fakes: ServedFakes, pool: Pool, does: str
) -> None:
    await started(shop)
    await shop.register(["budi"])
    world = fakes.world
    world.switches.turn_on({"do": does, "method": "POST", "times": 1}, world.known_switches("xendit"))
    asking = asyncio.create_task(ask(shop))

    async def called() -> bool:
        return not world.switches.all() if does == "timeout" else bool(charges(fakes))

    await until(called)
    await shop.kill("api")
    with pytest.raises(aiohttp.ClientError):
        await asking
    await check_one_charge(shop, fakes, pool)
