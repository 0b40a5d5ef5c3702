"""The API dies by `kill -9` at every step of a subscription: one plan at the provider, one charge of a change, and an end that it hears of."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import aiohttp
import pytest

from processor.fulfilment.catalog_source import publish_catalog
from providers.fakes.app import ServedFakes
from runtime.database import Pool
from tests.integration.checkout.subscribing import two_plans
from tests.system.pipeline import Pipeline
from tests.system.test_refund_crashes import decided
from tests.system.test_top_up_crashes import KEYS, fakes, shop, started
from tests.waiting import until

__all__ = ["fakes", "shop"]

pytestmark = pytest.mark.heavy

PRO = {"customer_id": "budi", "plan": "pro-bulanan"}


async def post(shop: Pipeline, path: str, body: Any, key: str) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession(headers=KEYS | {"Idempotency-Key": key}) as session,
        session.post(f"{shop.api}/v1/subscriptions{path}", json=body) as answer,
    ):
        return answer.status, await answer.json()


def plans_at(fakes: ServedFakes) -> list[tuple[str, int]]:
    """Status and price of the plans that the provider has."""
    kept: Any = fakes.world.providers["xendit"].memory()
    return [(plan.status, plan.amount) for plan in kept.plans.values()]


async def done(pool: Pool) -> None:
    """Nobody waits for the provider any more, but for the payer to link something."""

    async def quiet() -> bool:
        waiting = "SELECT count(*) FROM plan_requests WHERE status = 'requested' OR act IS NOT NULL"
        return not await pool.fetchval(waiting)

    await until(quiet)


async def check_one_plan(shop: Pipeline, fakes: ServedFakes, pool: Pool) -> None:
    """What was recorded is settled by itself after the restart; the customer's second click leads to the same plan."""
    await started(shop)
    await done(pool)
    assert plans_at(fakes) == [("REQUIRES_ACTION", 200_000)]
    status, again = await post(shop, "", PRO, "click-1")
    (request_id,) = [row["request_id"] for row in await pool.fetch("SELECT request_id FROM plan_requests")]
    assert (status, again["subscription_id"], again["status"]) == (201, request_id, "pending")
    assert again["action_url"].startswith(fakes.address)
    assert len(plans_at(fakes)) == 1
    told = await pool.fetch(
        "SELECT type FROM events WHERE starts_with(type, 'plan.') AND type <> 'plan.called'"
    )
    assert [row["type"] for row in told] == ["plan.requested", "plan.opened"]


@pytest.mark.parametrize(
    ("point", "made"),
    [("plan.recorded", 0), ("plan.claimed", 0), ("plan.answered.opened", 1), ("plan.stored.opened", 1)],
)
async def test_c120_killed_at_any_step_of_a_subscription_makes_one_plan(
    shop: Pipeline, fakes: ServedFakes, pool: Pool, point: str, made: int
) -> None:
    await started(shop, LUNAS_FAULTS=point)
    await shop.register(["budi"])
    with pytest.raises(aiohttp.ClientError):
        await post(shop, "", PRO, "click-1")
    assert await shop.dead("api") == -signal.SIGKILL, shop.log("api")[-3000:]
    assert len(plans_at(fakes)) == made
    await check_one_plan(shop, fakes, pool)


async def test_c120_killed_while_the_provider_makes_the_plan_there_is_one(
    shop: Pipeline, fakes: ServedFakes, pool: Pool
) -> None:
    await started(shop)
    await shop.register(["budi"])
    world = fakes.world
    switch = {"do": "timeout_after", "method": "POST", "path": "/recurring/plans", "times": 1}
    world.switches.turn_on(switch, world.known_switches("xendit"))
    asking = asyncio.create_task(post(shop, "", PRO, "click-1"))
    await until(lambda: bool(plans_at(fakes)))
    await shop.kill("api")
    with pytest.raises(aiohttp.ClientError):
        await asking
    await check_one_plan(shop, fakes, pool)


async def linked(shop: Pipeline, fakes: ServedFakes, pool: Pool) -> str:
    """A subscription in use. No webhook tells of it: the provider is asked, as after lost ones."""
    await publish_catalog(pool, two_plans())
    await started(shop)
    await shop.register(["budi"])
    _, made = await post(shop, "", PRO, "click-1")
    fakes.world.act("xendit", made["provider_subscription_id"], "link", None)
    await pool.execute("UPDATE plan_requests SET next_try_at = clock_timestamp()")

    async def told() -> bool:
        return bool(await pool.fetchval("SELECT count(*) FROM events WHERE type = 'subscription.reported'"))

    await until(told)
    await decided(pool)
    await shop.kill("api")
    return str(made["subscription_id"])


@pytest.mark.parametrize("point", ["plan.claimed", "plan.answered.done", "plan.stored.done"])
async def test_c104_killed_at_any_step_of_an_end_stops_the_plan(
    shop: Pipeline, fakes: ServedFakes, pool: Pool, point: str
) -> None:
    subscription = await linked(shop, fakes, pool)
    await started(shop, LUNAS_FAULTS=point)
    with pytest.raises(aiohttp.ClientError):
        await post(shop, f"/{subscription}/cancel", {"at": "now"}, "end")
    assert await shop.dead("api") == -signal.SIGKILL, shop.log("api")[-3000:]
    await started(shop)
    await done(pool)
    assert plans_at(fakes) == [("INACTIVE", 200_000)]
    status, again = await post(shop, f"/{subscription}/cancel", {"at": "now"}, "end")
    assert (status, again["status"], again["has_access"]) == (200, "cancelled", False)
    asked = await pool.fetchval("SELECT count(*) FROM events WHERE type = 'plan.cancel_asked'")
    assert asked == 1


@pytest.mark.parametrize("point", ["plan.answered.changed", "plan.stored.changed", "plan.answered.done"])
async def test_c105_killed_at_any_step_of_an_upgrade_charges_it_once(
    shop: Pipeline, fakes: ServedFakes, pool: Pool, point: str
) -> None:
    subscription = await linked(shop, fakes, pool)
    await started(shop, LUNAS_FAULTS=point)
    with pytest.raises(aiohttp.ClientError):
        await post(shop, f"/{subscription}/change", {"plan": "max-bulanan", "at": "now"}, "up")
    assert await shop.dead("api") == -signal.SIGKILL, shop.log("api")[-3000:]
    await started(shop)
    await done(pool)
    assert plans_at(fakes) == [("ACTIVE", 400_000)]
    kept: Any = fakes.world.providers["xendit"].memory()
    charged = sorted(one.amount for one in kept.cycles.values() if one.status == "SUCCEEDED")
    assert charged == [200_000, 400_000]
    changed = await pool.fetchval("SELECT count(*) FROM events WHERE type = 'plan.changed'")
    assert changed == 1
