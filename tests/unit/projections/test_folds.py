from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from eventstore.append import NewEvent
from projections.decoding import LogRow, decode_all
from projections.fold import fold_all
from projections.projection import Event, Projection
from projections.registry import BY_NAME, PROJECTIONS
from projections.statements import table_sql
from schemas.corrections import CourseDated, CourseWithdrawn, CreditWithdrawn
from schemas.decisions import (
    CourseEnrolled,
    CourseRevoked,
    CreditClawedBack,
    CreditGranted,
    PaymentAssessed,
    SubscriptionActivated,
    SubscriptionCancelled,
    SuspenseHeld,
    SuspenseReleased,
    TierChanged,
)
from schemas.event_model import EventModel
from schemas.events import encode
from schemas.facts import CustomerRegistered
from schemas.personal_facts import CustomerErased
from tests.unit.projections.histories import Counted, History, Step, steps

AT = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def as_events(models: Sequence[EventModel], stream: str = "customer-c1") -> list[Event]:
    """As they come out of the log."""
    return decode_all(
        [LogRow(n, model.TYPE, model.VERSION, stream, encode(model)) for n, model in enumerate(models, 1)]
    )


def fold(name: str, *models: EventModel) -> Any:
    projection = BY_NAME[name]
    state = projection.new_state()
    fold_all(projection, state, as_events(models))
    return state


def credit(amount: int, at: datetime = AT, **more: Any) -> CreditGranted:
    return CreditGranted(
        case="k",
        customer_id="c1",
        provider="xendit",
        payment_id="py-1",
        amount_idr=amount,
        tokens=amount * 10,
        at=at,
        **more,
    )


def payment(**more: Any) -> PaymentAssessed:
    return PaymentAssessed(
        **(
            {"case": "k", "record": "k", "provider": "xendit", "payment_id": "pr-1", "status": "pending"}
            | more
        )
    )


def test_credit_adds_up_and_the_newest_top_up_is_by_time_not_by_arrival() -> None:
    row = fold("balances", credit(50_000, AT), credit(25_000, AT - timedelta(days=1))).balances["c1"]
    assert (row.credit_tokens, row.topped_up_idr) == (750_000, 75_000)
    assert (row.last_top_up_at, row.last_top_up_idr) == (AT, 50_000)


def test_last_top_up_is_the_same_for_both_orders_of_equal_times() -> None:
    one, other = credit(50_000), credit(25_000)
    assert fold("balances", one, other).balances["c1"].last_top_up_idr == 50_000
    assert fold("balances", other, one).balances["c1"].last_top_up_idr == 50_000


def test_a_refund_takes_credit_back_but_not_what_was_ever_topped_up() -> None:
    refund = CreditClawedBack(
        case="k",
        customer_id="c1",
        provider="xendit",
        payment_id="py-1",
        refund_id="r",
        amount_idr=20_000,
        tokens=200_000,
        at=AT,
    )
    row = fold("balances", credit(50_000), refund).balances["c1"]
    assert (row.credit_tokens, row.topped_up_idr) == (300_000, 50_000)


def test_tier_holds_its_end_and_what_follows() -> None:
    tier = TierChanged(case="k", customer_id="c1", tier="pro", until=AT, fallback_tier="bpp", reason="plan")
    row = fold("balances", tier).balances["c1"]
    assert (row.tier, row.tier_until, row.fallback_tier) == ("pro", AT, "bpp")


def test_a_course_can_be_closed_and_opened_again() -> None:
    opened = CourseEnrolled(
        case="k",
        customer_id="c1",
        provider="scalev",
        payment_id="o1",
        course="x",
        order_id="o1",
        amount_idr=1,
        at=AT,
    )
    closed = CourseRevoked(
        case="k",
        customer_id="c1",
        provider="scalev",
        payment_id="o1",
        course="x",
        order_id="o1",
        reason="refund",
        at=AT,
    )
    row = fold("enrollments", opened, closed).enrollments["c1", "x"]
    assert (row.status, row.revoked_at, row.revoked_reason, row.order_id) == ("revoked", AT, "refund", "o1")
    again = opened.model_copy(update={"order_id": "o2"})
    row = fold("enrollments", opened, closed, again).enrollments["c1", "x"]
    assert (row.status, row.revoked_at, row.revoked_reason, row.order_id) == ("active", None, None, "o2")


def test_withdrawn_credit_leaves_the_totals_and_names_the_last_top_up() -> None:
    withdrawn = CreditWithdrawn(
        case="k",
        customer_id="c1",
        provider="xendit",
        payment_id="py-2",
        amount_idr=70_000,
        tokens=700_000,
        reason="corrected",
        at=AT,
        last_top_up_at=AT,
        last_top_up_idr=50_000,
    )
    row = fold("balances", credit(50_000), credit(70_000, AT + timedelta(hours=1)), withdrawn).balances["c1"]
    assert (row.credit_tokens, row.topped_up_idr) == (500_000, 50_000)
    assert (row.last_top_up_at, row.last_top_up_idr) == (AT, 50_000)
    none_left = withdrawn.model_copy(update={"last_top_up_at": None, "last_top_up_idr": None})
    row = fold("balances", credit(70_000), none_left).balances["c1"]
    assert (row.topped_up_idr, row.last_top_up_at, row.last_top_up_idr) == (0, None, None)


def test_a_withdrawn_course_is_hidden_unless_another_order_has_opened_it_since() -> None:
    told = {"case": "k", "customer_id": "c1", "provider": "scalev", "payment_id": "o1", "course": "x"}
    opened = CourseEnrolled(**told, order_id="o1", amount_idr=1, at=AT)
    withdrawn = CourseWithdrawn(**told, order_id="o1", amount_idr=1, reason="paid_after_cancel", at=AT)
    row = fold("enrollments", opened, withdrawn).enrollments["c1", "x"]
    assert (row.status, row.revoked_reason) == ("withdrawn", "paid_after_cancel")
    again = opened.model_copy(update={"order_id": "o2"})
    dated = CourseDated(**told, order_id="o1", former_order_id="o1", at=AT + timedelta(hours=1))
    row = fold("enrollments", opened, again, withdrawn, dated).enrollments["c1", "x"]
    assert (row.status, row.order_id, row.granted_at) == ("active", "o2", AT)
    mine = dated.model_copy(update={"order_id": "o3", "former_order_id": "o2"})
    row = fold("enrollments", opened, again, mine).enrollments["c1", "x"]
    assert (row.order_id, row.granted_at) == ("o3", AT + timedelta(hours=1))


def test_closing_a_course_that_was_never_opened_is_an_error() -> None:
    closed = CourseRevoked(
        case="k",
        customer_id="c1",
        provider="scalev",
        payment_id="o1",
        course="x",
        order_id="o1",
        reason="refund",
        at=AT,
    )
    with pytest.raises(LookupError):
        fold("enrollments", closed)


def test_the_newest_snapshot_of_a_subscription_counts() -> None:
    given = {
        "case": "k", "subscription_id": "s1", "customer_id": "c1", "provider": "mayar", "plan": "p", "tier": "pro",
        "started_at": AT, "expires_at": AT, "access_until": AT,
    }  # fmt: skip
    row = fold(
        "subscriptions",
        SubscriptionActivated(**given, status="active"),
        SubscriptionCancelled(**given, status="cancelled", cancel_at_period_end=True),
    ).subscriptions["s1"]
    assert (row.status, row.cancel_at_period_end, row.first_position, row.position) == (
        "cancelled",
        True,
        1,
        2,
    )


def test_a_payment_keeps_its_record_while_its_id_becomes_more_precise() -> None:
    state = fold(
        "payments",
        payment(reference_id="ref-1", facts=(1,)),
        payment(payment_id="py-9", aliases=("pr-1", "py-9"), status="succeeded", amount=5, facts=(3, 4)),
    )
    assert list(state.payments) == ["k"]
    assert (state.payments["k"].payment_id, state.payments["k"].first_position) == ("py-9", 1)
    assert {alias for _, alias, _ in state.payment_aliases} == {"pr-1", "ref-1", "py-9"}
    assert sorted((step, row.kind) for (_, step), row in state.payment_timeline.items()) == [
        (1, "decision"),  # position 1 is the first assessment itself
        (2, "decision"),
        (3, "fact"),
        (4, "fact"),
    ]


def test_decisions_of_a_case_join_the_timeline_of_its_payment() -> None:
    state = fold("payments", payment(facts=(7,)), credit(5))
    assert sorted(step for _, step in state.payment_timeline) == [1, 2, 7]


def test_a_merged_record_points_to_the_one_that_stands_for_both() -> None:
    state = fold("payments", payment(), payment(record="m", case="m", merged=("k",)))
    assert state.payment_merges["k"].into_record == "m"


def test_a_record_of_the_same_case_that_was_merged_is_a_hidden_case_until_it_is_told_of_again() -> None:
    beside = payment(record="k#py-2", payment_id="py-2", held="duplicate_purchase")
    merged = payment(payment_id="py-2", merged=("k#py-2",))
    rows = fold("payments", payment(), beside, merged).payments
    assert (rows["k#py-2"].case_key, rows["k#py-2"].first_position) == ("k#py-2", 2)
    rows = fold("payments", payment(), beside, merged, payment(), beside).payments
    assert (rows["k#py-2"].case_key, rows["k#py-2"].held) == ("k", "duplicate_purchase")


def test_released_money_says_how_and_can_be_held_again() -> None:
    held = SuspenseHeld(
        case="k",
        suspense_id="s",
        provider="xendit",
        payment_id="p",
        reason="unknown_customer",
        amount=5,
        since=AT,
    )
    released = SuspenseReleased(
        case="k", suspense_id="s", provider="xendit", payment_id="p", resolution="changed", actor="op", at=AT
    )
    row = fold("suspense", held, released).suspense["s"]
    assert (row.status, row.resolution, row.released_at, row.released_by) == ("released", "changed", AT, "op")
    row = fold("suspense", held, released, held).suspense["s"]
    assert (row.status, row.resolution, row.released_at) == ("held", None, None)


def test_a_stored_time_without_zone_is_refused() -> None:
    event = Event(
        1,
        "credit.granted",
        "customer-c1",
        {"customer_id": "c1", "tokens": 1, "amount_idr": 1, "at": "2026-03-01T10:00:00"},
    )
    with pytest.raises(ValueError, match="zone"):
        fold_all(BY_NAME["balances"], BY_NAME["balances"].new_state(), [event])


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda one: one.name)
def test_rows_tables_and_statements_have_the_same_columns(projection: Projection) -> None:
    for table in projection.tables:
        sql = table_sql(table.name, 1)
        columns = [
            line.split()[0]
            for line in sql["create"].partition("\n)")[0].splitlines()
            if line.startswith("    ") and "CONSTRAINT" not in line
        ]
        assert tuple(columns) == table.columns
        assert f"${len(columns)}::" in sql["upsert"]
        assert f"${len(columns) + 1}::" not in sql["upsert"]
        if projection.loaded and table is projection.tables[0]:
            listed = sql["load"].removeprefix("SELECT ").partition("FROM")[0].replace("\n", " ").split(",")
            assert tuple(name.strip() for name in listed) == table.columns


@given(steps)
def test_balances_and_ledger_are_what_plain_counting_says(given: list[Step]) -> None:
    history = History("h").play(given)
    counted = Counted().count(history)
    balances = _fold_history("balances", history).balances
    for customer, row in balances.items():
        assert (row.credit_tokens, row.chat_tokens, row.topped_up_idr) == (
            counted.credit[customer],
            counted.chat[customer],
            counted.topped_up[customer],
        )
    ledger = _fold_history("ledger", history).ledger
    assert {key: row.balance for key, row in ledger.items()} == dict(counted.accounts)
    for unit in ("IDR", "TOKEN", "CHAT"):
        assert sum(row.balance for row in ledger.values() if row.unit == unit) == 0


@pytest.fixture
def zone() -> Iterator[Any]:
    before = os.environ.get("TZ")

    def change(name: str) -> None:
        os.environ["TZ"] = name
        time.tzset()

    yield change
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def test_c108_folds_give_the_same_rows_in_every_time_zone_of_the_host(zone: Any) -> None:
    history = History("h").play([(n % 11, n % 3, n * 7, n * 3600) for n in range(60)])
    seen = set()
    for name in ("UTC", "Asia/Jakarta", "America/New_York"):
        zone(name)
        states = [_fold_history(projection.name, history) for projection in PROJECTIONS]
        seen.add(repr(states))
    assert len(seen) == 1


def _fold_history(name: str, history: list[NewEvent]) -> Any:
    projection = BY_NAME[name]
    state = projection.new_state()
    stored = [LogRow(n, new.event.TYPE, 1, new.stream, encode(new.event)) for n, new in enumerate(history, 1)]
    fold_all(projection, state, decode_all([one for one in stored if one.type in projection.types]))
    return state


def test_who_was_forgotten_stands_in_no_row_whatever_came_before() -> None:
    held = SuspenseHeld(case="k1", suspense_id="s1", provider="xendit", payment_id="py-1", reason="customer_unknown", amount=5,
                        payer_email="a@contoh.id", since=AT)  # fmt: skip
    seen = PaymentAssessed(
        case="k1",
        record="k1",
        provider="xendit",
        payment_id="py-1",
        status="succeeded",
        payer_email="a@contoh.id",
    )
    erased = CustomerErased(customer_id="c1", erasure_id="e", requested_by="a", approved_by="b", reason="r", keys_destroyed=1,
                            bodies_emptied=1, records=("k1", "k2"), held=("s1", "s2"), at=AT)  # fmt: skip
    events = as_events(
        [CustomerRegistered(customer_id="c1", email="a@contoh.id", name="A", phone="1"), held, seen, erased]
    )
    states = {}
    for name in ("customers", "payments", "suspense"):
        projection = BY_NAME[name]
        states[name] = projection.new_state()
        fold_all(projection, states[name], [event for event in events if event.type in projection.handlers])
    row = states["customers"].customers["c1"]
    assert (row.email, row.email_normalized, row.name, row.phone, row.position) == (None, None, None, None, 4)
    assert states["payments"].payments["k1"].payer_email is None
    assert states["payments"].forgotten == {"k2"}
    assert states["suspense"].suspense["s1"].payer_email is None
    assert sorted(BY_NAME["payments"].keys(events[-1])) == ["k1", "k2"]
