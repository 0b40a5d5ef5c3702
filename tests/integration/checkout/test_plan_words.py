"""Words on a subscription one after another: what a customer asks for and takes back costs nothing twice, and no word is lost at the provider."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from runtime.settings import Settings
from tests.integration.checkout.subscribing import Club, club_of
from tests.integration.checkout.test_subscriptions import PRO, seen_again, subscribed, tier

PLANS = "/recurring/plans/"


@pytest.fixture
async def club(shop_settings: Callable[..., Settings]) -> AsyncIterator[Club]:
    async with club_of(shop_settings) as one:
        yield one


def path_of(made: Any) -> str:
    return f"/v1/subscriptions/{made['subscription_id']}"


async def paid(club: Club) -> list[int]:
    """Amounts that were charged, in order."""
    rows = await club.shop.pool.fetch(
        "SELECT amount FROM payments WHERE status = 'succeeded' ORDER BY first_position"
    )
    return [row["amount"] for row in rows]


async def test_c105_a_downgrade_that_is_taken_back_is_no_upgrade_and_charges_nothing_today(
    club: Club,
) -> None:
    made = await subscribed(club, plan="max-bulanan")
    down = await club.shop.post(f"{path_of(made)}/change", {"plan": "pro-bulanan"}, 200)
    assert down["next_plan"] == "pro-bulanan"
    back = await club.shop.post(f"{path_of(made)}/change", {"plan": "max-bulanan"}, 200)
    assert (back["plan"], back["next_plan"], back["amount"]) == ("max-bulanan", None, 400_000)
    seen = await seen_again(club, path_of(made))
    assert (await paid(club), seen["expires_at"]) == ([400_000], made["expires_at"])
    await club.advance("32d")
    assert await paid(club) == [400_000, 400_000]


async def test_c105_a_change_that_waits_for_its_date_can_be_made_today_after_all(club: Club) -> None:
    made = await subscribed(club)
    change = {"plan": "max-bulanan", "at": "period_end"}
    await club.shop.post(f"{path_of(made)}/change", change, 200)
    await club.hear()
    assert (await paid(club), (await tier(club))[0]) == ([200_000], "pro")
    for _ in range(2):  # once it is in force there is nothing more to do
        await club.shop.post(f"{path_of(made)}/change", change | {"at": "now"}, 200)
        await club.hear()
        assert (await paid(club), (await tier(club))[0]) == ([200_000, 400_000], "max")


async def test_c105_what_the_provider_would_not_change_is_an_error_and_leaves_everything_as_it_was(
    club: Club,
) -> None:
    made = await subscribed(club)
    await club.switch(do="refuse", status=400, code="API_VALIDATION_ERROR", method="PATCH", path=PLANS)
    key = {"Idempotency-Key": "naik"}
    for _ in range(2):
        refused = await club.shop.post(f"{path_of(made)}/change", {"plan": "max-bulanan"}, 502, **key)
        assert refused["code"] == "provider_refused"
    seen = await seen_again(club, path_of(made))
    assert (seen["plan"], seen["next_plan"], seen["amount"], seen["status"]) == (
        "pro-bulanan",
        None,
        200_000,
        "active",
    )
    same = await club.shop.post(f"{path_of(made)}/change", {"plan": "pro-bulanan"}, 200)
    assert same["next_plan"] is None
    await club.caller.control("DELETE", "/switches")
    changed = await club.shop.post(f"{path_of(made)}/change", {"plan": "max-bulanan"}, 200)
    assert changed["next_plan"] == "max-bulanan"


async def test_c121_a_subscription_on_its_way_to_another_plan_is_still_the_one_of_both(
    shop_settings: Callable[..., Settings],
) -> None:
    async with club_of(shop_settings, checkout_resolve_seconds=60.0) as club:
        made = await subscribed(club)
        await club.switch(do="refuse", status=500, code="SERVER_ERROR", method="PATCH", path=PLANS)
        waiting = await club.shop.post(f"{path_of(made)}/change", {"plan": "max-bulanan"}, 202)
        assert waiting["next_plan"] == "max-bulanan"
        for plan in ("pro-bulanan", "max-bulanan"):
            again = await club.shop.post("/v1/subscriptions", PRO | {"plan": plan})
            assert (again["subscription_id"], again["created"]) == (made["subscription_id"], False)
        await club.caller.control("DELETE", "/switches")
        await club.switch(
            do="refuse", status=400, code="API_VALIDATION_ERROR", method="PATCH", path=PLANS, times=1
        )
        # Taken back while nobody knows, and the provider will not: it is the one of its own plan, and of no other.
        await club.shop.post(f"{path_of(made)}/change", {"plan": "pro-bulanan"}, 502)
        again = await club.shop.post("/v1/subscriptions", PRO)
        assert (again["subscription_id"], again["created"]) == (made["subscription_id"], False)
        other = await club.shop.post("/v1/subscriptions", PRO | {"plan": "max-bulanan"})
        assert other["created"] is True


async def test_c104_a_stop_that_the_provider_refuses_is_asked_for_until_nothing_more_is_charged(
    club: Club,
) -> None:
    made = await subscribed(club)
    await club.switch(do="refuse", status=400, code="API_VALIDATION_ERROR", method="POST", path=PLANS)
    ended = await club.shop.post(f"{path_of(made)}/cancel", {"at": "period_end"}, 200)
    assert (ended["status"], [plan["status"] for plan in await club.plans()]) == ("cancelled", ["ACTIVE"])
    await club.caller.control("DELETE", "/switches")
    await club.stops()


async def test_c104_a_plan_that_the_provider_does_not_have_is_stopped_as_it_is(club: Club) -> None:
    made = await subscribed(club)
    await club.switch(do="refuse", status=404, code="DATA_NOT_FOUND", path=PLANS)
    await club.shop.post(f"{path_of(made)}/cancel", {"at": "now"}, 200)
    assert (await club.shop.log("plan."))[-1] == "plan.act_refused"
    assert await club.shop.pool.fetchval("SELECT count(*) FROM plan_requests WHERE act IS NOT NULL") == 0


async def test_c104_a_period_end_that_readers_know_of_becomes_a_now_at_once(club: Club) -> None:
    made = await subscribed(club)
    await club.shop.post(f"{path_of(made)}/cancel", {"at": "period_end"}, 200)
    before = await seen_again(club, path_of(made))
    assert (before["has_access"], before["cancel_at_period_end"]) == (True, True)
    ended = await club.shop.post(f"{path_of(made)}/cancel", {"at": "now"}, 200)
    seen = await seen_again(club, path_of(made))
    for one in (ended, seen):
        assert (one["has_access"], one["cancel_at_period_end"], one["status"]) == (False, False, "cancelled")
    assert ended["expires_at"] == seen["expires_at"]
    assert datetime.fromisoformat(ended["expires_at"]) >= datetime.fromisoformat(before["started_at"])


async def test_c104_who_comes_back_before_the_paid_time_is_over_is_charged_when_it_is(club: Club) -> None:
    made = await subscribed(club)
    await club.shop.post(f"{path_of(made)}/cancel", {"at": "period_end"}, 200)
    await seen_again(club, path_of(made))
    again = await club.shop.post("/v1/subscriptions", PRO)
    first, ends = (datetime.fromisoformat(one) for one in (again["first_charge_at"], made["expires_at"]))
    # A schedule begins on a day that every month has; what is given away until then are three days at most.
    assert (again["created"], timedelta(0) <= first - ends < timedelta(days=4)) == (True, True)
    [_, plan] = await club.plans()
    begins = datetime.fromisoformat(plan["schedule"]["anchor_date"])
    assert (plan["immediate_payment"], abs(begins - first) < timedelta(seconds=1)) == (False, True)
    await club.act(again, "link")
    seen = await seen_again(club, path_of(again))
    assert (await paid(club), seen["status"], seen["has_access"]) == ([200_000], "active", True)
    await club.advance("36d")
    seen = await seen_again(club, path_of(again))
    assert await paid(club) == [200_000, 200_000]
    assert (seen["status"], seen["first_charge_at"]) == ("active", again["first_charge_at"])


@pytest.mark.parametrize(("at", "second"), [("now", False), ("period_end", True)])
async def test_c104_who_has_nothing_paid_for_or_wants_a_further_one_is_charged_at_once(
    club: Club, at: str, second: bool
) -> None:
    made = await subscribed(club)
    await club.shop.post(f"{path_of(made)}/cancel", {"at": at}, 200)
    await seen_again(club, path_of(made))
    again = await club.shop.post("/v1/subscriptions", PRO | {"allow_second": second})
    assert again["first_charge_at"] is None
    await club.act(again, "link")
    assert await paid(club) == [200_000, 200_000]
