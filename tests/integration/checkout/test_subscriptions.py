"""Subscriptions from a customer's click to the tier, with the provider's fake behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from runtime.settings import Settings
from tests.integration.checkout.conftest import all_at_once
from tests.integration.checkout.subscribing import Club, club_of
from tests.integration.checkout.test_topups import paid
from tests.unit.providers.fakes.test_xendit_tokens import act as linked
from tests.unit.providers.fakes.test_xendit_tokens import stored
from tests.waiting import until

PRO = {"customer_id": "ratna", "plan": "pro-bulanan"}


@pytest.fixture
async def club(shop_settings: Callable[..., Settings]) -> AsyncIterator[Club]:
    async with club_of(shop_settings) as one:
        yield one


async def subscribed(club: Club, **more: Any) -> Any:
    """A subscription whose first charge is paid."""
    made = await club.shop.post("/v1/subscriptions", PRO | more)
    await club.act(made, "link")
    return await club.shop.get(f"/v1/subscriptions/{made['subscription_id']}")


async def tier(club: Club) -> tuple[str, Any]:
    said = await club.shop.get("/v1/customers/ratna/entitlements")
    return said["tier"], said["tier_until"]


async def test_a_subscription_is_asked_for_linked_charged_and_renewed(club: Club) -> None:
    made = await club.shop.post("/v1/subscriptions", PRO)
    assert (made["status"], made["created"], made["has_access"]) == ("pending", True, False)
    assert made["action_url"].startswith(club.caller.served.address)
    await club.shop.settle()
    assert await tier(club) == ("gratis", None)
    [listed] = (await club.shop.get("/v1/customers/ratna/subscriptions"))["items"]
    assert (listed["plan"], listed["status"]) == ("pro-bulanan", "pending")
    await club.act(made, "link")
    seen = await club.shop.get(f"/v1/subscriptions/{made['subscription_id']}")
    assert (seen["status"], seen["plan"], seen["tier"], seen["action_url"]) == (
        "active",
        "pro-bulanan",
        "pro",
        None,
    )
    assert (await tier(club))[0] == "pro"
    first_end = datetime.fromisoformat(seen["expires_at"])
    await club.advance("32d")
    seen = await club.shop.get(f"/v1/subscriptions/{made['subscription_id']}")
    assert timedelta(days=27) < datetime.fromisoformat(seen["expires_at"]) - first_end < timedelta(days=32)
    assert [one["type"] for one in seen["history"]] == [
        "subscription.created",
        "subscription.activated",
        "subscription.activated",
        "subscription.renewed",
    ]
    [listed] = (await club.shop.get("/v1/customers/ratna/subscriptions"))["items"]
    assert (listed["plan"], listed["status"]) == ("pro-bulanan", "active")


async def test_one_live_subscription_of_a_plan_unless_asked_otherwise(club: Club) -> None:
    first, *others = await all_at_once([club.shop.post("/v1/subscriptions", PRO) for _ in range(5)])
    assert {one["subscription_id"] for one in others} == {first["subscription_id"]}
    second = await club.shop.post("/v1/subscriptions", PRO | {"allow_second": True})
    assert second["subscription_id"] != first["subscription_id"]
    other_plan = await club.shop.post("/v1/subscriptions", PRO | {"plan": "max-bulanan"})
    assert other_plan["created"] is True
    assert len(await club.plans()) == 3
    await club.shop.post(f"/v1/subscriptions/{first['subscription_id']}/cancel", {"at": "now"}, 200)
    assert (await club.shop.post("/v1/subscriptions", PRO))["created"] is True


async def test_c111_a_key_is_bound_to_its_body_for_making_ending_and_changing(club: Club) -> None:
    key = {"Idempotency-Key": "satu"}
    made = await club.shop.post("/v1/subscriptions", PRO, **key)
    again = await club.shop.post("/v1/subscriptions", PRO, **key)
    assert (again["subscription_id"], again["created"]) == (made["subscription_id"], False)
    refused = await club.shop.post("/v1/subscriptions", PRO | {"plan": "max-bulanan"}, 422, **key)
    assert refused["code"] == "idempotency_key_reused"
    await club.act(made, "link")
    path, log = f"/v1/subscriptions/{made['subscription_id']}", await club.shop.log("plan.")
    for verb, body, other in (
        ("change", {"plan": "max-bulanan", "at": "period_end"}, {"plan": "pro-bulanan"}),
        ("cancel", {"at": "period_end"}, {"at": "now"}),
    ):
        key = {"Idempotency-Key": verb}
        first = await club.shop.post(f"{path}/{verb}", body, 200, **key)
        log = await club.shop.log("plan.")
        assert await club.shop.post(f"{path}/{verb}", body, 200, **key) == first
        assert (await club.shop.post(f"{path}/{verb}", other, 422, **key))["code"] == "idempotency_key_reused"
        assert await club.shop.log("plan.") == log


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (PRO | {"plan": "tidak-ada"}, "product_unknown", "plan"),
        (PRO | {"plan": "kelas-python"}, "product_not_for_sale", "plan"),
        (PRO | {"plan": ""}, "invalid_body", "plan"),
        (PRO | {"payment_method": 7}, "invalid_body", "payment_method"),
        (PRO | {"colour": "red"}, "invalid_body", "colour"),
        (PRO | {"allow_second": "yes"}, "invalid_body", "allow_second"),
        ({"plan": "pro-bulanan"}, "invalid_body", "customer_id"),
    ],
)
async def test_what_cannot_be_subscribed_to_is_refused_in_two_languages_and_nothing_is_written(
    club: Club, body: dict[str, Any], code: str, field: str
) -> None:
    said = {}
    for language in ("id", "en"):
        refused = await club.shop.post("/v1/subscriptions", body, 422, **{"Accept-Language": language})
        assert (refused["code"], refused["field"]) == (code, field)
        said[language] = refused["detail"]
    assert said["id"] != said["en"]
    nobody = await club.shop.post("/v1/subscriptions", PRO | {"customer_id": "siapa"}, 404)
    assert (nobody["code"], nobody["field"]) == ("customer_not_found", "customer_id")
    assert await club.shop.log("plan.") == []
    assert await club.shop.pool.fetchval("SELECT count(*) FROM plan_requests") == 0


async def test_words_on_a_subscription_that_is_not_there_or_not_the_callers_change_nothing(
    club: Club,
) -> None:
    made = await subscribed(club)
    log = await club.shop.log("plan.")
    for subscription_id in ("sub_" + "0" * 32, "repl_1", "x"):
        for verb, body in (("cancel", {"at": "now"}), ("change", {"plan": "max-bulanan"})):
            refused = await club.shop.post(f"/v1/subscriptions/{subscription_id}/{verb}", body, 404)
            assert refused["code"] == "subscription_not_found"
        assert (await club.shop.get(f"/v1/subscriptions/{subscription_id}", 404))[
            "code"
        ] == "subscription_not_found"
    path = f"/v1/subscriptions/{made['subscription_id']}"
    refused = await club.shop.post(f"{path}/cancel", {"at": "now", "customer_id": "budi"}, 404)
    assert refused["code"] == "subscription_not_found"
    assert (await club.shop.post(f"{path}/cancel", {"at": "tomorrow"}, 422))["field"] == "at"
    other_period = await club.shop.post(f"{path}/change", {"plan": "max-tahunan"}, 409)
    assert (other_period["code"], other_period["field"]) == ("plan_period_differs", "plan")
    assert await club.shop.log("plan.") == log


@pytest.mark.parametrize("done", [True, False])
async def test_c120_after_a_silence_the_plan_is_looked_up_by_our_reference_and_never_made_twice(
    club: Club, done: bool
) -> None:
    trouble = "timeout_after" if done else "timeout"
    await club.switch(do=trouble, method="POST", path="/recurring/plans", times=1)
    key = {"Idempotency-Key": "sekali"}
    made = await club.shop.post("/v1/subscriptions", PRO, 202, **key)
    assert (made["status"], made["action_url"]) == ("unknown", None)

    async def known() -> bool:
        await club.shop.checkout.plans.resolve()
        return bool(
            (await club.shop.get(f"/v1/subscriptions/{made['subscription_id']}"))["status"] == "pending"
        )

    await until(known)
    again = await club.shop.post("/v1/subscriptions", PRO, **key)
    assert again["subscription_id"] == made["subscription_id"]
    [plan] = await club.plans()
    assert again["provider_subscription_id"] == plan["id"]
    assert await club.shop.log("plan.") == ["plan.requested", "plan.called", "plan.called", "plan.opened"]
    await club.act(again, "link")
    assert (await tier(club))[0] == "pro"


async def test_c52_webhooks_that_are_faster_than_our_own_commit_end_alike(club: Club) -> None:
    await club.switch(do="timeout_after", method="POST", path="/recurring/plans", times=1)
    token = (await stored(club.caller))["payment_token_id"]
    assert await linked(club.caller, "dompet-1", "link") == 200
    made = await club.shop.post("/v1/subscriptions", PRO | {"payment_method": token}, 202)
    await club.hear()
    assert (await tier(club))[0] == "pro"

    async def known() -> bool:
        await club.shop.checkout.plans.resolve()
        return bool(
            (await club.shop.get(f"/v1/subscriptions/{made['subscription_id']}"))["status"] != "unknown"
        )

    await until(known)
    await club.shop.settle()
    seen = await club.shop.get(f"/v1/subscriptions/{made['subscription_id']}")
    assert (seen["status"], seen["plan"], seen["has_access"]) == ("active", "pro-bulanan", True)
    assert len((await club.shop.get("/v1/customers/ratna/subscriptions"))["items"]) == 1


async def test_c104_cancelled_at_period_end_keeps_what_was_paid_and_charges_nothing_more(club: Club) -> None:
    made = await subscribed(club)
    path = f"/v1/subscriptions/{made['subscription_id']}"
    ended = await club.shop.post(f"{path}/cancel", {"at": "period_end"}, 200)
    for seen in (ended, await seen_again(club, path)):
        assert (seen["status"], seen["cancel_at_period_end"], seen["has_access"]) == ("cancelled", True, True)
        assert seen["expires_at"] == made["expires_at"]
    assert (await tier(club))[0] == "pro"
    assert [plan["status"] for plan in await club.plans()] == ["INACTIVE"]
    paid = await club.shop.pool.fetchval("SELECT count(*) FROM payments")
    await club.advance("70d")
    assert await club.shop.pool.fetchval("SELECT count(*) FROM payments") == paid
    again = await club.shop.post(f"{path}/cancel", {"at": "period_end"}, 200)
    assert again["status"] == "cancelled"
    refused = await club.shop.post(f"{path}/change", {"plan": "max-bulanan"}, 409)
    assert refused["code"] == "subscription_ended"


async def test_c104_cancelled_now_ends_access_now_and_what_follows_is_bpp_after_a_top_up(club: Club) -> None:
    made = await subscribed(club)
    await club.shop.hear(paid("pr-1", customer_ref="ratna", payment_type="credit_topup"))
    assert (await tier(club))[0] == "pro"
    path = f"/v1/subscriptions/{made['subscription_id']}"
    ended = await club.shop.post(f"{path}/cancel", {"at": "now"}, 200)
    for seen in (ended, await seen_again(club, path)):
        assert (seen["status"], seen["cancel_at_period_end"], seen["has_access"]) == (
            "cancelled",
            False,
            False,
        )
    assert await tier(club) == ("bpp", None)
    steps = [one["type"] for one in (await club.shop.get(path))["history"]]
    assert steps[-1] == "subscription.cancelled"
    told = await club.shop.pool.fetch(
        "SELECT type FROM events WHERE stream = $1 ORDER BY position", f"request-{made['subscription_id']}"
    )
    assert [row["type"] for row in told] == [
        "plan.requested", "plan.called", "plan.opened", "plan.cancel_asked", "plan.called", "plan.stopped",
    ]  # fmt: skip


async def test_a_period_end_can_still_become_a_now(club: Club) -> None:
    made = await subscribed(club)
    path = f"/v1/subscriptions/{made['subscription_id']}"
    await club.shop.post(f"{path}/cancel", {"at": "period_end"}, 200)
    ended = await club.shop.post(f"{path}/cancel", {"at": "now"}, 200)
    assert (ended["has_access"], ended["cancel_at_period_end"]) == (False, False)
    assert (await seen_again(club, path))["has_access"] is False
    assert (await tier(club))[0] == "gratis"


async def test_c122_a_provider_that_is_silent_about_stopping_is_asked_until_it_has_stopped(
    club: Club,
) -> None:
    made = await subscribed(club)
    await club.switch(do="refuse", status=500, code="SERVER_ERROR", method="POST", path="/recurring/plans/")
    path = f"/v1/subscriptions/{made['subscription_id']}"
    ended = await club.shop.post(f"{path}/cancel", {"at": "now"}, 200)
    assert (ended["status"], ended["has_access"]) == ("cancelled", False)
    assert [plan["status"] for plan in await club.plans()] == ["ACTIVE"]
    await club.caller.control("DELETE", "/switches")
    await club.stops()


async def test_c105_an_upgrade_is_charged_today_and_in_force_when_that_is_paid(club: Club) -> None:
    made = await subscribed(club)
    path = f"/v1/subscriptions/{made['subscription_id']}"
    changed = await club.shop.post(f"{path}/change", {"plan": "max-bulanan"}, 200)
    assert (changed["plan"], changed["next_plan"], changed["amount"]) == (
        "pro-bulanan",
        "max-bulanan",
        400_000,
    )
    assert (await tier(club))[0] == "pro"
    await club.hear()
    seen = await seen_again(club, path)
    assert (seen["plan"], seen["tier"], seen["next_plan"]) == ("max-bulanan", "max", None)
    assert (await tier(club))[0] == "max"
    # The charge of today was the next one: it pays for the period behind the running one.
    longer = datetime.fromisoformat(seen["expires_at"]) - datetime.fromisoformat(made["expires_at"])
    assert timedelta(days=27) < longer < timedelta(days=32)
    assert [(one["plan"], one["tier"]) for one in seen["history"]][-2:] == [
        ("pro-bulanan", "pro"),
        ("max-bulanan", "max"),
    ]
    sales = await club.shop.pool.fetch("SELECT amount FROM payments ORDER BY first_position")
    assert [row["amount"] for row in sales] == [200_000, 400_000]
    await club.advance("32d")
    assert await club.shop.pool.fetchval("SELECT count(*) FROM payments") == 2
    await club.advance("31d")
    amounts = await club.shop.pool.fetch("SELECT amount FROM payments ORDER BY first_position")
    assert [row["amount"] for row in amounts] == [200_000, 400_000, 400_000]


async def test_c105_a_downgrade_waits_for_the_next_charge(club: Club) -> None:
    made = await subscribed(club, plan="max-bulanan")
    path = f"/v1/subscriptions/{made['subscription_id']}"
    changed = await club.shop.post(f"{path}/change", {"plan": "pro-bulanan"}, 200)
    assert (changed["plan"], changed["next_plan"], changed["amount"]) == (
        "max-bulanan",
        "pro-bulanan",
        200_000,
    )
    await club.hear()
    assert (await tier(club))[0] == "max"
    await club.advance("32d")
    seen = await seen_again(club, path)
    assert (seen["plan"], seen["next_plan"]) == ("pro-bulanan", None)
    assert (await tier(club))[0] == "pro"
    assert [one["plan"] for one in seen["history"]][-2:] == ["max-bulanan", "pro-bulanan"]
    changes = (await club.shop.get("/v1/customers/ratna/tiers"))["items"]
    assert next(one["tier"] for one in changes if one["tier"] != changes[0]["tier"]) == "max"
    assert [one["since"] for one in changes] == sorted((one["since"] for one in changes), reverse=True)
    assert {one["fallback_tier"] for one in changes} == {"gratis"}


async def test_c105_a_downgrade_can_be_taken_back_and_an_upgrade_that_cannot_be_paid_changes_nothing_today(
    club: Club,
) -> None:
    made = await subscribed(club)
    path = f"/v1/subscriptions/{made['subscription_id']}"
    await club.act(made, "break_charges")
    await club.shop.post(f"{path}/change", {"plan": "max-bulanan"}, 200)
    await club.hear()
    seen = await seen_again(club, path)
    assert (seen["plan"], seen["next_plan"], seen["status"]) == ("pro-bulanan", "max-bulanan", "active")
    back = await club.shop.post(f"{path}/change", {"plan": "pro-bulanan"}, 200)
    assert (back["plan"], back["next_plan"], back["amount"]) == ("pro-bulanan", None, 200_000)
    await club.act(made, "mend_charges")
    await club.advance("32d")
    seen = await seen_again(club, path)
    assert (seen["plan"], seen["tier"]) == ("pro-bulanan", "pro")
    sums = await club.shop.pool.fetch(
        "SELECT amount FROM payments WHERE status = 'succeeded' ORDER BY first_position"
    )
    assert [row["amount"] for row in sums] == [200_000, 200_000]


async def test_an_upgrade_whose_answer_is_lost_charges_once(club: Club) -> None:
    made = await subscribed(club)
    path = f"/v1/subscriptions/{made['subscription_id']}"
    await club.switch(do="timeout_after", method="POST", path="/recurring/plans/", times=1)
    changed = await club.shop.post(f"{path}/change", {"plan": "max-bulanan"}, 202)
    assert changed["next_plan"] == "max-bulanan"

    async def done() -> bool:
        await club.shop.checkout.plans.resolve()
        return not await club.shop.pool.fetchval("SELECT count(*) FROM plan_requests WHERE act IS NOT NULL")

    await until(done)
    await club.hear()
    assert (await tier(club))[0] == "max"
    amounts = await club.shop.pool.fetch("SELECT amount FROM payments ORDER BY first_position")
    assert [row["amount"] for row in amounts] == [200_000, 400_000]


async def test_the_quota_of_the_tier_in_force_when_it_is_used_counts(club: Club) -> None:
    usage = "/v1/customers/ratna/usage"
    refused = await club.shop.post(usage, {"tokens": 60_000, "reference": "a"}, 409)
    assert refused["quota"] == "day"
    made = await subscribed(club)
    used = await club.shop.post(usage, {"tokens": 150_000, "reference": "b"})
    assert used["quotas"]["day"]["remaining"] == 50_000
    path = f"/v1/subscriptions/{made['subscription_id']}"
    await club.shop.post(f"{path}/cancel", {"at": "now"}, 200)
    await club.shop.settle()
    assert (await club.shop.post(usage, {"tokens": 1, "reference": "c"}, 409))["code"] == "quota_exceeded"


async def seen_again(club: Club, path: str) -> Any:
    """Once everything is decided on and folded."""
    await club.hear()
    await club.shop.settle()
    return await club.shop.get(path)
