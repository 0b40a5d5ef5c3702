"""The API dies by `kill -9` at every step of an order; whoever asks again has one order, one page to pay on, and is told what became of it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from processor.fulfilment.catalog_source import publish_catalog
from providers.fakes.app import ServedFakes, serving
from providers.fakes.provider import FakeAccount
from providers.fakes.world import FakeWorld
from runtime.database import Pool
from tests.integration.checkout.fakes import BUNDLE, COURSE, SECRET, goods_catalog
from tests.integration.checkout.fakes import KEYS as PROVIDER_KEYS
from tests.system.pipeline import Pipeline
from tests.system.test_top_up_crashes import KEYS, started
from tests.waiting import until

pytestmark = pytest.mark.heavy

KEY = {"Authorization": KEYS["Authorization"]}
PROVIDERS = ("scalev", "mayar", "xendit")
ORDER = {"customer_id": "budi", "items": [{"product": "kelas-python"}]}
CUSTOMER = {"email": "budi@example.com", "name": "Budi", "phone": "081234567890"}


@asynccontextmanager
async def shop_at(
    provider: str, pool: Pool, database_url: str, home: Path
) -> AsyncIterator[tuple[Pipeline, ServedFakes]]:
    """The API as a process of its own, not started yet, whose orders go to this provider's fake."""
    await publish_catalog(pool, goods_catalog())
    accounts = {
        name: FakeAccount(PROVIDER_KEYS[name], SECRET, f"akun-{name}", "http://127.0.0.1:9", (COURSE, BUNDLE))
        for name in PROVIDERS
    }
    async with serving(accounts, FakeWorld(rate_limits=False)) as fakes:
        more = {f"{name.upper()}_BASE_URL": base for name, base in fakes.bases.items()} | {
            "SCALEV_API_KEY": PROVIDER_KEYS["scalev"],
            "MAYAR_API_KEY": PROVIDER_KEYS["mayar"],
            "XENDIT_SECRET_KEY": PROVIDER_KEYS["xendit"],
            "PAYMENT_PROVIDER": provider,
            "LUNAS_CHECKOUT_LEASE_SECONDS": "1",
            "LUNAS_CHECKOUT_RESOLVE_SECONDS": "0.1",
            "LUNAS_CHECKOUT_REPEAT_AFTER_SECONDS": "0.5",
            "LUNAS_PROVIDER_CALL_TIMEOUT_SECONDS": "20",
            "LUNAS_PROVIDER_CALL_BUDGET_SECONDS": "30",
        }
        async with Pipeline(database_url, "amqp://127.0.0.1:9", home, (), more) as made:
            yield made, fakes


async def call(shop: Pipeline, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession(headers=KEYS if method == "POST" else KEY) as session,
        session.request(method, f"{shop.api}{path}", json=body) as answer,
    ):
        return answer.status, await answer.json()


def orders_at(fakes: ServedFakes, provider: str) -> list[str]:
    """What exists at the provider, by its own names."""
    return [bill.key for bill in fakes.world.providers[provider].bills()]


async def check_one_order(shop: Pipeline, fakes: ServedFakes, pool: Pool, provider: str) -> None:
    """After the restart nobody asks again at first: what was recorded is settled by itself. Then the customer clicks once more."""
    await started(shop)
    (order_id,) = [row["request_id"] for row in await pool.fetch("SELECT request_id FROM payment_requests")]

    async def known() -> bool:
        return await pool.fetchval("SELECT status FROM payment_requests") == "open"

    await until(known)
    assert len(orders_at(fakes, provider)) == 1
    status, again = await call(shop, "POST", "/v1/orders", ORDER)
    assert (status, again["order_id"], again["status"]) == (201, order_id, "pending")
    assert again["payment_url"].startswith(fakes.address)
    async with aiohttp.ClientSession() as session, session.get(again["payment_url"]) as page:
        assert page.status == 200
    assert len(orders_at(fakes, provider)) == 1
    told = await pool.fetch("SELECT type FROM events WHERE starts_with(type, 'checkout.') ORDER BY position")
    assert [row["type"] for row in told] == ["checkout.requested", "checkout.opened"]


@pytest.mark.parametrize(
    ("provider", "point", "made"),
    [
        ("scalev", "checkout.recorded", 0),
        ("scalev", "checkout.claimed", 0),
        ("scalev", "checkout.answered", 1),
        ("scalev", "checkout.stored", 1),
        ("mayar", "checkout.claimed", 0),
        ("mayar", "checkout.answered", 1),
        ("xendit", "checkout.answered", 1),
    ],
)
async def test_c120_killed_at_any_step_of_an_order_makes_one(
    pool: Pool, database_url: str, tmp_path: Path, provider: str, point: str, made: int
) -> None:
    async with shop_at(provider, pool, database_url, tmp_path) as (shop, fakes):
        await started(shop, LUNAS_FAULTS=point)
        assert (await call(shop, "PUT", "/v1/customers/budi", CUSTOMER))[0] == 201
        with pytest.raises(aiohttp.ClientError):
            await call(shop, "POST", "/v1/orders", ORDER)
        assert await shop.dead("api") == -signal.SIGKILL, shop.log("api")[-3000:]
        assert len(orders_at(fakes, provider)) == made
        await check_one_order(shop, fakes, pool, provider)


@pytest.mark.parametrize(
    ("provider", "does", "path"),
    [
        ("scalev", "timeout", "/v3/orders"),
        ("scalev", "timeout_after", "/v3/orders"),
        ("mayar", "timeout_after", "/hl/v1/invoice/create"),
    ],
)
async def test_c120_killed_while_the_provider_makes_the_order_there_is_one(
    pool: Pool, database_url: str, tmp_path: Path, provider: str, does: str, path: str
) -> None:
    """These providers make a second order of a second call: it is looked for first."""
    async with shop_at(provider, pool, database_url, tmp_path) as (shop, fakes):
        await started(shop)
        assert (await call(shop, "PUT", "/v1/customers/budi", CUSTOMER))[0] == 201
        world = fakes.world
        switch = {"do": does, "method": "POST", "path": path, "times": 1}
        world.switches.turn_on(switch, world.known_switches(provider))
        asking = asyncio.create_task(call(shop, "POST", "/v1/orders", ORDER))

        async def called() -> bool:
            return not world.switches.all() if does == "timeout" else bool(orders_at(fakes, provider))

        await until(called)
        await shop.kill("api")
        with pytest.raises(aiohttp.ClientError):
            await asking
        await check_one_order(shop, fakes, pool, provider)
