"""Recurring plans of the fake Xendit: months go by in milliseconds, and our own translator understands what is told."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.facts import PaymentSucceeded, SubscriptionReported
from tests.unit.providers.fakes.stand import Caller, WebhookDoor, facts_of
from tests.unit.providers.fakes.test_xendit_requests import ask
from tests.waiting import until

PLAN: dict[str, Any] = {
    "reference_id": "sub-pro-1",
    "customer_id": "cust-1",
    "currency": "IDR",
    "amount": 200_000,
    "schedule": {
        "interval": "MONTH",
        "interval_count": 1,
        "total_retry": 2,
        "retry_interval": "DAY",
        "retry_interval_count": 3,
    },
    "immediate_payment": True,
    "failed_cycle_action": "STOP",
    "metadata": {"customer_id": "pelanggan-1"},
}


async def create(caller: Caller, **changes: Any) -> Any:
    status, made, _ = await ask(caller, "POST", "/recurring/plans", PLAN | changes)
    assert status == 201, made
    return made


async def link(caller: Caller) -> None:
    assert (await caller.control("POST", "/payments/xendit/sub-pro-1/link", {}))[0] == 200


def events(door: WebhookDoor) -> list[str]:
    return [one.document["event"] for one in door.taken]


def reports(door: WebhookDoor) -> list[str]:
    return [
        fact.report for one in door.taken for fact in facts_of(one) if isinstance(fact, SubscriptionReported)
    ]


async def settled(caller: Caller) -> None:
    """Everything that is due now has reached the door."""
    await caller.advance("1s")


async def test_a_plan_waits_for_its_payer_then_charges_at_once(caller: Caller, door: WebhookDoor) -> None:
    made = await create(caller)
    assert (made["status"], made["actions"][0]["url_type"]) == ("REQUIRES_ACTION", "WEB")
    async with caller.session.get(made["actions"][0]["url"] + "?lang=en") as page:
        assert "Link an account" in await page.text()
    await settled(caller)
    assert door.taken == []
    await link(caller)
    await settled(caller)
    assert sorted(events(door)) == [
        "payment.capture",
        "recurring.cycle.created",
        "recurring.cycle.succeeded",
        "recurring.plan.activated",
    ]
    money = {
        fact.attempt_id for one in door.taken for fact in facts_of(one) if isinstance(fact, PaymentSucceeded)
    }
    assert len(money) == 1  # one payment under two names
    _, read, _ = await ask(caller, "GET", f"/recurring/plans/{made['id']}")
    assert (read["status"], read["recurring_cycle_count"]) == ("ACTIVE", 1)


async def test_a_stored_instrument_needs_nobody(caller: Caller) -> None:
    first = await create(caller)
    await link(caller)
    _, first, _ = await ask(caller, "GET", f"/recurring/plans/{first['id']}")
    made = await create(
        caller, reference_id="sub-pro-2", payment_tokens=first["payment_tokens"], immediate_payment=False
    )
    assert (made["status"], made["actions"]) == ("ACTIVE", [])


async def test_a_year_of_months_is_twelve_renewals_on_the_same_day(caller: Caller, door: WebhookDoor) -> None:
    made = await create(caller)
    await link(caller)
    await caller.control("POST", "/clock", {"set": "2027-03-02T03:04:06Z"})
    _, cycles, _ = await ask(caller, "GET", f"/recurring/plans/{made['id']}/cycles?limit=50")
    done = [row for row in cycles["data"] if row["status"] == "SUCCEEDED"]
    assert [row["cycle_number"] for row in done] == list(range(1, 14))
    assert {row["scheduled_timestamp"][8:10] for row in done} == {"02"}
    assert reports(door).count("renewed") == 12


async def test_the_last_day_of_the_month_stays_the_last(caller: Caller) -> None:
    schedule = PLAN["schedule"] | {"anchor_date": "2026-03-31T03:00:00Z"}
    made = await create(caller, immediate_payment=False, schedule=schedule)
    await link(caller)
    await caller.control("POST", "/clock", {"set": "2026-06-30T12:00:00Z"})
    _, cycles, _ = await ask(caller, "GET", f"/recurring/plans/{made['id']}/cycles")
    assert [row["scheduled_timestamp"][:10] for row in cycles["data"]][:4] == [
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
        "2026-06-30",
    ]


async def test_a_charge_that_fails_is_tried_again_and_then_stops_the_plan(
    caller: Caller, door: WebhookDoor
) -> None:
    made = await create(caller)
    await link(caller)
    await caller.control("POST", "/payments/xendit/sub-pro-1/break_charges", {})
    await caller.advance("31d")
    assert events(door).count("recurring.cycle.retrying") == 1
    await caller.advance("3d")
    assert events(door).count("recurring.cycle.retrying") == 2
    await caller.advance("3d")
    assert {"recurring.cycle.failed", "recurring.plan.inactivated"} <= set(events(door)[-3:])
    assert events(door).count("payment.failure") == 3
    _, read, _ = await ask(caller, "GET", f"/recurring/plans/{made['id']}")
    assert (read["status"], bool(read["failure_code"])) == ("INACTIVE", True)
    before = len(door.taken)
    await caller.advance("90d")
    assert len(door.taken) == before


async def test_a_charge_recovers_within_its_retries(caller: Caller, door: WebhookDoor) -> None:
    await create(caller)
    await link(caller)
    await caller.control("POST", "/payments/xendit/sub-pro-1/break_charges", {})
    await caller.advance("31d")
    await caller.control("POST", "/payments/xendit/sub-pro-1/mend_charges", {})
    await caller.advance("3d")
    assert reports(door).count("renewed") == 1
    recovered = [one.document for one in door.taken if one.document["event"] == "recurring.cycle.succeeded"][
        -1
    ]
    assert [attempt["type"] for attempt in recovered["data"]["attempt_details"]] == ["INITIAL", "RETRY"]


async def test_with_resume_the_next_month_is_tried_again(caller: Caller, door: WebhookDoor) -> None:
    await create(caller, failed_cycle_action="RESUME")
    await link(caller)
    await caller.control("POST", "/payments/xendit/sub-pro-1/break_charges", {})
    await caller.advance("40d")
    await caller.control("POST", "/payments/xendit/sub-pro-1/mend_charges", {})
    await caller.advance("30d")
    assert "recurring.cycle.failed" in events(door)
    assert reports(door).count("renewed") == 1


async def test_stopping_ends_what_was_scheduled(caller: Caller, door: WebhookDoor) -> None:
    made = await create(caller)
    await link(caller)
    status, said, _ = await ask(caller, "POST", f"/recurring/plans/{made['id']}/deactivate")
    assert (status, said["status"]) == (200, "INACTIVE")
    await until(lambda: "recurring.plan.inactivated" in events(door))
    await caller.advance("60d")
    assert events(door).count("recurring.cycle.succeeded") == 1
    assert (await ask(caller, "POST", f"/recurring/plans/{made['id']}/deactivate"))[0] == 400


async def test_a_plan_ends_when_all_its_charges_are_made(caller: Caller, door: WebhookDoor) -> None:
    await create(caller, schedule=PLAN["schedule"] | {"total_recurrence": 2})
    await link(caller)
    await caller.advance("31d")
    (stopped,) = [one for one in door.taken if one.document["event"] == "recurring.plan.inactivated"]
    (event,) = [fact for fact in facts_of(stopped) if isinstance(fact, SubscriptionReported)]
    assert event.finished


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 0},
        {"amount": 10.5},
        {"reference_id": ""},
        {"schedule": {"interval": "FORTNIGHT"}},
        {"schedule": {"interval": "MONTH", "interval_count": 0}},
        {"schedule": {"interval": "MONTH", "anchor_date": "soon"}},
        {"failed_cycle_action": "PANIC"},
        {"currency": "USD"},
    ],
)
async def test_what_is_no_plan_is_refused(caller: Caller, changes: dict[str, Any]) -> None:
    status, said, _ = await ask(caller, "POST", "/recurring/plans", PLAN | changes)
    assert (status, said["error_code"]) == (400, "API_VALIDATION_ERROR")


async def test_a_plan_has_one_reference(caller: Caller) -> None:
    await create(caller)
    status, said, _ = await ask(caller, "POST", "/recurring/plans", PLAN)
    assert (status, said["error_code"]) == (409, "DUPLICATE_ERROR")
