"""A subscription that nobody links a wallet or card to is asked about when its time is over, stopped at the provider, and told; never forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from runtime.settings import Settings
from tests.integration.checkout.subscribing import Club, club_of
from tests.integration.checkout.test_subscriptions import PRO, tier
from tests.waiting import until


@pytest.fixture
async def club(shop_settings: Callable[..., Settings]) -> AsyncIterator[Club]:
    async with club_of(shop_settings) as one:
        yield one


async def time_is_over(club: Club) -> None:
    """For linking, of every plan that waits for it."""
    await club.shop.pool.execute(
        "UPDATE plan_requests SET next_try_at = clock_timestamp() WHERE status = 'open' AND next_try_at IS NOT NULL"
    )


async def settled(club: Club) -> None:
    """Nobody has anything left to ask."""

    async def quiet() -> bool:
        await club.shop.checkout.plans.resolve()
        waiting = "SELECT count(*) FROM plan_requests WHERE next_try_at IS NOT NULL"
        return not await club.shop.pool.fetchval(waiting)

    await until(quiet)
    await club.hear()
    await club.shop.settle()


async def told(club: Club, made: Any) -> list[str]:
    rows = await club.shop.pool.fetch(
        "SELECT type FROM events WHERE stream = $1 ORDER BY position", f"request-{made['subscription_id']}"
    )
    return [row["type"] for row in rows]


OPENED = ["plan.requested", "plan.called", "plan.opened"]


async def test_s8_a_plan_that_was_never_linked_is_asked_about_stopped_and_told(club: Club) -> None:
    made = await club.shop.post("/v1/subscriptions", PRO)
    await time_is_over(club)
    await settled(club)
    assert [plan["status"] for plan in await club.plans()] == ["INACTIVE"]
    assert await told(club, made) == [
        *OPENED,
        "plan.called",
        "plan.cancel_asked",
        "plan.called",
        "plan.stopped",
    ]
    seen = await club.shop.get(f"/v1/subscriptions/{made['subscription_id']}")
    assert (seen["status"], seen["failure_code"], seen["has_access"]) == ("cancelled", "never_linked", False)
    assert (seen["action_url"], [one["type"] for one in seen["history"]][-1]) == (
        None,
        "subscription.cancelled",
    )
    [listed] = (await club.shop.get("/v1/customers/ratna/subscriptions"))["items"]
    assert listed["status"] == "cancelled"
    again = await club.shop.post("/v1/subscriptions", PRO)
    assert (again["created"], again["subscription_id"] != made["subscription_id"]) == (True, True)


async def test_nobody_is_asked_before_the_time_is_over(club: Club) -> None:
    made = await club.shop.post("/v1/subscriptions", PRO)
    left = "SELECT next_try_at - settled_at > interval '71 hours' FROM plan_requests"
    assert await club.shop.pool.fetchval(left)
    assert await club.shop.checkout.plans.resolve() == 0
    assert await told(club, made) == OPENED


async def test_a_plan_that_is_in_use_is_left_alone_and_not_even_asked_about(club: Club) -> None:
    made = await club.shop.post("/v1/subscriptions", PRO)
    await club.act(made, "link")
    await time_is_over(club)
    await settled(club)
    assert await told(club, made) == OPENED
    assert [plan["status"] for plan in await club.plans()] == ["ACTIVE"]
    assert (await tier(club))[0] == "pro"


async def test_c130_of_a_plan_that_was_linked_and_no_webhook_told_we_hear_by_asking(club: Club) -> None:
    made = await club.shop.post("/v1/subscriptions", PRO)
    await club.shop.settle()
    key = made["provider_subscription_id"]
    assert (await club.caller.control("POST", f"/payments/xendit/{key}/link", {}))[0] == 200
    await time_is_over(club)
    await club.shop.checkout.plans.resolve()
    await club.shop.settle()
    assert await told(club, made) == [*OPENED, "plan.called", "subscription.reported"]
    seen = await club.shop.get(f"/v1/subscriptions/{made['subscription_id']}")
    assert (seen["status"], seen["has_access"]) == ("active", True)
    await club.hear()
    assert (await tier(club))[0] == "pro"
    assert [plan["status"] for plan in await club.plans()] == ["ACTIVE"]


async def test_who_links_between_the_question_and_the_stop_has_what_was_charged_and_nothing_more_is(
    club: Club,
) -> None:
    """Money is never taken for nothing, and nothing is charged without being seen."""
    made = await club.shop.post("/v1/subscriptions", PRO)
    await club.switch(do="refuse", status=500, code="SERVER_ERROR", method="POST", path="/recurring/plans/")
    await time_is_over(club)
    await club.shop.checkout.plans.resolve()
    assert (await told(club, made))[-1] == "plan.cancel_asked"
    await club.act(made, "link")
    await club.caller.control("DELETE", "/switches")
    await settled(club)
    assert [plan["status"] for plan in await club.plans()] == ["INACTIVE"]
    assert await club.shop.pool.fetchval("SELECT count(*) FROM payments WHERE amount = 200000") == 1
    assert (await tier(club))[0] == "pro"
    await club.advance("70d")
    assert await club.shop.pool.fetchval("SELECT count(*) FROM payments") == 1


async def test_c122_a_silent_provider_is_asked_again_and_what_it_says_again_is_written_once(
    shop_settings: Callable[..., Settings],
) -> None:
    async with club_of(shop_settings, provider_breaker_failures=1000) as club:
        await asked_in_vain(club)


async def asked_in_vain(club: Club) -> None:
    made = await club.shop.post("/v1/subscriptions", PRO)
    await club.switch(do="refuse", status=500, code="SERVER_ERROR", method="GET", path="/recurring/plans/")
    await time_is_over(club)

    async def asked_often() -> bool:
        await time_is_over(club)
        await club.shop.checkout.plans.resolve()
        return bool(await club.shop.pool.fetchval("SELECT attempts >= 4 FROM plan_requests"))

    await until(asked_often)
    assert await told(club, made) == [*OPENED, "plan.called"]
    await club.caller.control("DELETE", "/switches")
    await time_is_over(club)
    await settled(club)
    assert (await told(club, made))[-1] == "plan.stopped"
