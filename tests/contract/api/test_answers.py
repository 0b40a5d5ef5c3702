"""Every answer has exactly the fields its model says, and means what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventstore.append import NewEvent
from schemas import api as models
from schemas.decisions import CourseEnrolled, SuspenseHeld
from schemas.facts import CatalogPublished, PaymentSucceeded
from tests.contract.api.conftest import Api
from tests.integration.projections.decisions import (
    AT,
    assessed,
    broken,
    credit,
    registered,
    subscription,
    tier,
)

PAST, FUTURE = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=1)


def enrolled(customer: str, course: str, at: datetime = AT) -> NewEvent:
    return NewEvent(
        f"customer-{customer}",
        CourseEnrolled(
            case="k",
            customer_id=customer,
            provider="scalev",
            payment_id="o-1",
            course=course,
            order_id="o-1",
            amount_idr=5,
            at=at,
        ),
    )


def held(key: str, since: datetime = AT) -> NewEvent:
    return NewEvent(
        f"case-{key}",
        SuspenseHeld(
            case=key, suspense_id=key, provider="xendit", payment_id=f"py-{key}", reason="customer_unknown", amount=5,
            payer_email="a@b.id", since=since,
        ),
    )  # fmt: skip


async def test_a_registered_customer_without_money_has_zeros_and_the_first_tier(api: Api) -> None:
    position = await api.show(registered("c1"))
    balance = await api.get("/v1/customers/c1/balance")
    assert balance == {
        "customer_id": "c1", "tier": "gratis", "tier_until": None, "credit_tokens": 0, "credit_idr": 0, "chat_tokens": 0,
        "reserved_tokens": 0, "debt_tokens": 0, "frozen": False,
        "lifetime": {"topped_up_idr": 0, "spent_tokens": 0, "spent_idr": 0}, "last_top_up": None, "stale": False,
        "position": position, "lag_seconds": 0.0,
    }  # fmt: skip
    models.Balance.model_validate(balance)


async def test_a_balance_counts_in_tokens_and_shows_rupiah_rounded_down(api: Api) -> None:
    position = await api.show(registered("c1"), credit("c1", 50_000), tier("c1", "bpp", None))
    balance = await api.get("/v1/customers/c1/balance")
    models.Balance.model_validate(balance)
    assert (balance["tier"], balance["credit_tokens"], balance["credit_idr"]) == ("bpp", 500_000, 50_000)
    assert balance["lifetime"] == {"topped_up_idr": 50_000, "spent_tokens": 0, "spent_idr": 0}
    assert balance["last_top_up"] == {"at": "2026-03-01T10:00:00Z", "amount_idr": 50_000}
    assert balance["position"] == position


async def test_customers_are_found_by_id_and_by_every_spelling_of_their_email(api: Api) -> None:
    await api.show(
        registered("c1", "Budi@Contoh.id"),
        registered("c2", "ani@contoh.id"),
        registered("c3", "ANI@contoh.id"),
    )
    one = await api.get("/v1/customers/c1")
    models.Customer.model_validate(one)
    assert (one["customer_id"], one["email"], one["tier"]) == ("c1", "Budi@Contoh.id", "gratis")
    found = await api.get("/v1/customers?email=%20BUDI@contoh.ID")
    models.CustomersByEmail.model_validate(found)
    assert (found["customer_id"], [item["customer_id"] for item in found["items"]]) == ("c1", ["c1"])
    several = await api.get("/v1/customers?email=ani@contoh.id")
    models.CustomersByEmail.model_validate(several)
    assert (several["customer_id"], [item["customer_id"] for item in several["items"]]) == (
        None,
        ["c2", "c3"],
    )


SUBSCRIPTIONS = [
    ({"status": "active", "expires_at": FUTURE, "access_until": FUTURE}, "active", True),
    ({"status": "active", "expires_at": PAST, "access_until": FUTURE}, "past_due", True),
    ({"status": "active", "expires_at": PAST, "access_until": PAST}, "expired", False),
    ({"status": "active", "expires_at": None, "access_until": None}, "active", True),
    ({"status": "past_due", "expires_at": PAST, "access_until": FUTURE}, "past_due", True),
    ({"status": "past_due", "expires_at": PAST, "access_until": PAST}, "expired", False),
    ({"status": "cancelled", "expires_at": FUTURE, "access_until": FUTURE, "cancel_at_period_end": True}, "cancelled", True),
    ({"status": "cancelled", "expires_at": PAST, "access_until": FUTURE, "cancel_at_period_end": True}, "cancelled", True),
    ({"status": "cancelled", "expires_at": PAST, "access_until": PAST, "cancel_at_period_end": True}, "cancelled", False),
    ({"status": "cancelled", "expires_at": FUTURE, "access_until": PAST}, "cancelled", False),
    ({"status": "expired", "expires_at": PAST, "access_until": PAST}, "expired", False),
    ({"status": "pending", "expires_at": None, "access_until": None}, "pending", False),
]  # fmt: skip


@pytest.mark.parametrize(("given", "status", "access"), SUBSCRIPTIONS)
async def test_c103_the_clock_ends_access_whether_an_event_comes_or_not(
    api: Api, given: dict[str, Any], status: str, access: bool
) -> None:
    await api.show(registered("c1"), subscription("c1", "s1", **given))
    answer = await api.get("/v1/customers/c1/subscriptions")
    models.Subscriptions.model_validate(answer)
    (item,) = answer["items"]
    assert (item["status"], item["has_access"]) == (status, access)
    entitlements = await api.get("/v1/customers/c1/entitlements")
    models.Entitlements.model_validate(entitlements)
    assert [plan["plan"] for plan in entitlements["plans"]] == (["pro-bulanan"] if access else [])
    for plan in entitlements["plans"]:
        assert plan["access_until"] == item["access_until"]  # the same time in the same words


@pytest.mark.parametrize(("until", "expected"), [(PAST, "bpp"), (FUTURE, "pro"), (None, "pro")])
async def test_c103_a_tier_ends_by_the_clock_everywhere_at_once(
    api: Api, until: datetime | None, expected: str
) -> None:
    await api.show(registered("c1"), tier("c1", "pro", until, "bpp"))
    for path in ("/v1/customers/c1", "/v1/customers/c1/balance", "/v1/customers/c1/entitlements"):
        assert (await api.get(path))["tier"] == expected


async def test_access_ends_while_every_worker_is_down(api: Api) -> None:
    now = await api.pool.fetchval("SELECT clock_timestamp()")
    for customer, end in (("c1", now + timedelta(hours=1)), ("c2", now)):
        await api.show(
            registered(customer), subscription(customer, f"s-{customer}", expires_at=end, access_until=end)
        )
    # Both are active in the read model: only the clock has passed one of them.
    kept = await api.pool.fetch("SELECT DISTINCT status FROM subscriptions_v1")
    assert [row["status"] for row in kept] == ["active"]
    seen = [(await api.get(f"/v1/customers/{who}/subscriptions"))["items"][0] for who in ("c1", "c2")]
    assert [item["status"] for item in seen] == ["active", "expired"]


async def test_c95_enrollments_and_courses_are_read_at_any_time(api: Api) -> None:
    await api.show(registered("c1"), enrolled("c1", "kelas-python"))
    answer = await api.get("/v1/customers/c1/enrollments")
    models.Enrollments.model_validate(answer)
    assert [(item["course"], item["status"], item["order_id"]) for item in answer["items"]] == [
        ("kelas-python", "active", "o-1")
    ]
    assert (await api.get("/v1/customers/c1/entitlements"))["courses"] == ["kelas-python"]


async def test_quotas_come_from_the_published_catalogue(api: Api) -> None:
    content: dict[str, object] = {
        "tiers": [{"id": "awal", "monthly_tokens": 7, "daily_tokens": 3, "monthly_papers": 2}]
    }
    await api.show(NewEvent("catalog-main", CatalogPublished(version="v", content=content)), registered("c1"))
    answer = await api.get("/v1/customers/c1/entitlements")
    assert answer["tier"] == "awal"
    quotas = {
        name: (quota["limit"], quota["used"], quota["remaining"]) for name, quota in answer["quotas"].items()
    }
    assert quotas == {"month": (7, 0, 7), "day": (3, 0, 3), "papers": (2, 0, 2)}


async def test_c106_quotas_start_anew_at_midnight_in_jakarta(api: Api) -> None:
    await api.show(registered("c1"))
    quotas = (await api.get("/v1/customers/c1/entitlements"))["quotas"]
    day, month = (datetime.fromisoformat(quotas[name]["resets_at"]) for name in ("day", "month"))
    assert (day.hour, day.minute) == (17, 0)  # 00:00 WIB
    assert timedelta(0) < day - datetime.now(UTC) <= timedelta(days=1)
    assert (month + timedelta(hours=7)).day == 1


async def test_a_payment_is_found_by_any_of_its_ids(api: Api) -> None:
    await api.show(
        assessed(
            "k", payment_id="py-1", aliases=("pr-1",), reference_id="order/7 a", customer_id="c1", amount=5
        )
    )
    for id_ in ("py-1", "pr-1", "order%2F7%20a"):
        answer = await api.get(f"/v1/payments/xendit/{id_}")
        models.Payment.model_validate(answer)
        assert (answer["provider_payment_id"], answer["status"], answer["amount"]) == ("py-1", "succeeded", 5)
        assert answer["ids"] == ["order/7 a", "pr-1", "py-1"]
    assert (await api.get("/v1/payments/mayar/py-1", 404))["code"] == "payment_not_found"


async def test_an_id_shared_by_several_payments_finds_the_one_that_was_paid(api: Api) -> None:
    await api.show(
        assessed("paid", aliases=("shared",), paid_at=AT),
        assessed("newer", aliases=("shared",), status="expired"),
    )
    assert (await api.get("/v1/payments/xendit/shared"))["provider_payment_id"] == "py-paid"


async def test_merged_payments_are_shown_once_with_both_histories(api: Api) -> None:
    await api.show(
        assessed("old", customer_id="c1"),
        assessed("new", customer_id="c1", aliases=("py-old",), merged=("old",)),
    )
    assert [
        item["provider_payment_id"] for item in (await api.get("/v1/customers/c1/payments"))["items"]
    ] == ["py-new"]
    answer = await api.get("/v1/payments/xendit/py-old")
    assert answer["provider_payment_id"] == "py-new"
    assert [step["stream"] for step in answer["timeline"]] == ["case-old", "case-new"]


async def test_further_money_that_became_the_payment_itself_is_shown_once(api: Api) -> None:
    beside = assessed("k#py-2", case="k", payment_id="py-2", customer_id="c1", held="duplicate_purchase")
    await api.show(
        assessed("k", payment_id="py-1", customer_id="c1"),
        beside,
        # The first one was refunded: the second takes its place.
        assessed("k", payment_id="py-2", aliases=("py-1", "py-2"), customer_id="c1", merged=("k#py-2",)),
        assessed("k#py-1", case="k", payment_id="py-1", customer_id="c1", status="refunded"),
    )
    shown = [(item["provider_payment_id"], item["held"]) for item in await _payments(api, "c1")]
    assert sorted(shown) == [("py-1", None), ("py-2", None)]
    assert (await api.get("/v1/payments/xendit/py-2"))["held"] is None

    await api.show(beside)
    assert ("py-2", "duplicate_purchase") in [
        (item["provider_payment_id"], item["held"]) for item in await _payments(api, "c1")
    ]


async def _payments(api: Api, customer_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.get(f"/v1/customers/{customer_id}/payments"))["items"]
    return items


async def test_lists_are_newest_first_and_pages_join_without_gap(api: Api) -> None:
    await api.show(
        *(assessed(f"k{n}", customer_id="c1") for n in range(12)), *(held(f"s{n:02}") for n in range(7))
    )
    for path, expected in (
        ("/v1/customers/c1/payments?limit=5", [f"py-k{n}" for n in reversed(range(12))]),
        ("/v1/suspense?limit=3", [f"py-s{n:02}" for n in reversed(range(7))]),
    ):
        collected: list[str] = []
        cursor = ""
        while True:
            page = await api.get(f"{path}{cursor}")
            collected += [item["provider_payment_id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert collected == expected
    models.Payments.model_validate(await api.get("/v1/customers/c1/payments"))


async def test_suspense_shows_what_waits(api: Api) -> None:
    position = await api.show(held("s1"))
    answer = await api.get("/v1/suspense")
    models.Suspense.model_validate(answer)
    assert answer["items"][0] == {
        "id": "s1", "reason": "customer_unknown", "provider": "xendit", "provider_payment_id": "py-s1", "amount": 5,
        "payer_email": "a@b.id", "customer_id": None, "product": None, "since": "2026-03-01T10:00:00Z", "stale": False,
    }  # fmt: skip
    assert answer["position"] == position


async def test_c145_rows_behind_a_broken_event_say_that_they_are_stale(api: Api) -> None:
    await api.show(registered("c1"), credit("c1"), broken("c1"), registered("c2"), credit("c2"))
    assert (await api.get("/v1/customers/c1/balance"))["stale"] is True
    assert (await api.get("/v1/customers/c2/balance"))["stale"] is False
    assert (await api.get("/v1/ledger"))["stale"] is False  # it has no postings, so the ledger lost nothing


async def test_c108_the_time_zone_of_a_session_does_not_show(api: Api) -> None:
    await api.show(
        registered("c1"),
        credit("c1"),
        tier("c1", "pro", FUTURE),
        subscription("c1", "s1", expires_at=PAST, access_until=FUTURE),
    )
    answers = []
    for zone in ("UTC", "Asia/Jakarta", "America/New_York"):
        async with api.pool.acquire() as connection:
            await connection.execute(f"SET timezone = '{zone}'")
            rows = await connection.fetch("SELECT tier, tier_until, last_top_up_at FROM balances")
            rows += await connection.fetch("SELECT status, has_access, expires_at FROM subscriptions")
            answers.append([tuple(row) for row in rows])
    assert answers[0] == answers[1] == answers[2]


async def _top_up(api: Api, case: str, customer: str, amount: int) -> None:
    """A fact, and what fulfilment makes of it."""
    fact = PaymentSucceeded(
        provider="xendit", payment_key=case, attempt_id=case, amount=amount, occurred_at=AT
    )
    position = await api.append([NewEvent(f"payment-xendit-{case}", fact)])
    await api.append(
        [
            credit(customer, amount, case=case),
            assessed(case, customer_id=customer, amount=amount, facts=(position,)),
        ]
    )


async def test_the_ledger_sums_to_zero_and_a_payment_stands_behind_each_grant(api: Api) -> None:
    await _top_up(api, "k1", "c1", 7)
    await _top_up(api, "k2", "c2", 5)
    await api.fold()
    answer = await api.get("/v1/ledger")
    models.LedgerCheck.model_validate(answer)
    assert answer["balanced"] is True
    assert answer["items"] == [{"unit": "IDR", "accounts": 3, "debits": 12, "credits": -12, "sum": 0}]
    assert answer["unbacked"] == []


@pytest.mark.parametrize("case", ["k1", "nobodys"])
async def test_a_grant_that_somebody_appended_without_a_payment_makes_the_ledger_wrong(
    api: Api, case: str
) -> None:
    """By somebody with every right: it looks like ours, and its postings sum to zero."""
    await _top_up(api, "k1", "c1", 50_000)
    await api.append([credit("c1", 1_000_000, case=case)])
    await api.fold()
    answer = await api.get("/v1/ledger")
    models.LedgerCheck.model_validate(answer)
    assert [item["sum"] for item in answer["items"]] == [0]
    assert answer["balanced"] is False
    assert answer["unbacked"] == [{"provider": "xendit", "amount": 1_000_000, "cases": 1}]


async def test_the_totals_of_the_ledger_are_those_of_its_accounts_whatever_changes_them(api: Api) -> None:
    for amount in (7, -7, 100, -30, 5):
        await api.append([credit(f"c{abs(amount) % 3}", amount)])
        await api.fold()
        async with api.pool.acquire() as connection:
            totals = await connection.fetchrow(
                "SELECT accounts, debits, credits FROM ledger_totals WHERE unit = 'IDR'"
            )
            summed = await connection.fetchrow(
                "SELECT count(*), coalesce(sum(balance) FILTER (WHERE balance > 0), 0), coalesce(sum(balance) FILTER (WHERE balance < 0), 0)"
                " FROM ledger WHERE unit = 'IDR'"
            )
        assert tuple(totals or ()) == tuple(summed or ()), amount
