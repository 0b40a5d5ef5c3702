"""Times that cannot be are not believed: such a fact counts from its receipt, and its money says why it is held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.app import interpreter_of
from processor.intake.times import believable
from providers.moments import EARLIEST
from runtime.settings import Settings
from schemas.facts import OrderRecorded, PaymentSucceeded, SubscriptionReported
from schemas.translation import Fact
from tests.unit.providers.webhooks import NOW, recorded, translate

RECEIVED = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)
TOLERANCE = timedelta(days=1)


def payment(at: datetime) -> Fact:
    event = PaymentSucceeded(
        provider="xendit", payment_key="py-1", attempt_id="py-1", amount=1, occurred_at=at, paid_at=at
    )
    return Fact("payment-xendit-py-1", event)


@given(st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=60_000)))
def test_no_fact_counts_later_than_its_receipt_and_the_tolerance(beyond: timedelta) -> None:
    event = believable(payment(RECEIVED + TOLERANCE + beyond), RECEIVED, TOLERANCE).event
    assert isinstance(event, PaymentSucceeded)
    assert (event.occurred_at, event.paid_at, event.timed) == (RECEIVED, RECEIVED, False)
    assert event.untrusted_time == "time_in_future"


@given(
    st.integers(0, int((RECEIVED + TOLERANCE - EARLIEST).total_seconds())).map(
        lambda s: EARLIEST + timedelta(seconds=s)
    )
)
def test_every_other_time_is_kept_as_it_is(at: datetime) -> None:
    fact = payment(at)
    assert believable(fact, RECEIVED, TOLERANCE) is fact


@pytest.mark.parametrize("at", [EARLIEST - timedelta(seconds=1), datetime(2000, 1, 1, tzinfo=UTC)])
def test_a_time_before_any_provider_existed_is_no_time(at: datetime) -> None:
    event = believable(payment(at), RECEIVED, TOLERANCE).event
    assert isinstance(event, PaymentSucceeded)
    assert (event.occurred_at, event.untrusted_time) == (RECEIVED, "time_long_past")


def test_an_order_from_the_future_is_an_order_as_of_its_receipt() -> None:
    order = OrderRecorded(
        provider="scalev", order_key="A", gross_amount=1, lines=(), as_of=RECEIVED + timedelta(days=400)
    )
    event = believable(Fact("order-scalev-A", order), RECEIVED, TOLERANCE).event
    assert isinstance(event, OrderRecorded)
    assert (event.as_of, event.timed) == (RECEIVED, False)


def test_the_tolerance_is_a_setting(settings: Callable[..., Settings]) -> None:
    assert interpreter_of(settings()).future_tolerance == TOLERANCE
    assert interpreter_of(settings(future_tolerance_seconds=60)).future_tolerance == timedelta(minutes=1)


@pytest.mark.parametrize(("days", "told_at"), [(0, None), (1, None), (2, RECEIVED), (400, RECEIVED)])
def test_an_end_that_is_stated_counts_from_its_receipt(days: int, told_at: datetime | None) -> None:
    event = SubscriptionReported(
        provider="mayar",
        subscription_key="LCN-1",
        report="renewed",
        expires_at=RECEIVED + timedelta(days=30),
        occurred_at=RECEIVED - timedelta(days=days),
    )
    told = believable(Fact("subscription-mayar-LCN-1", event), RECEIVED, TOLERANCE).event
    assert isinstance(told, SubscriptionReported)
    assert (told.told_at, told.occurred_at) == (told_at, event.occurred_at)


@pytest.mark.parametrize(
    ("said", "doubt"),
    [
        ("1970-01-01T00:00:00Z", "time_long_past"),
        (0, "time_long_past"),
        ("0001-01-01T00:00:00Z", "time_long_past"),
        ("1899-12-31", "time_long_past"),
        ("2200-01-01T00:00:00Z", "time_in_future"),
        ("9999-12-31T00:00:00Z", "time_in_future"),
        (9_999_999_999_999, "time_in_future"),
        ("kemarin", None),
        (None, None),
    ],
)
@pytest.mark.parametrize(
    ("provider", "shape", "key"),
    [
        ("mayar", "payment.received", "updatedAt"),
        ("xendit", "ewallet.capture", "updated"),
        ("xendit", "invoice.paid", "paid_at"),
        ("scalev", "payment.received", "paid_time"),
    ],
)
def test_a_default_of_somebodys_program_is_a_time_that_cannot_be(
    provider: str, shape: str, key: str, said: object, doubt: str | None
) -> None:
    """Such a year was once read as no time at all, and the money counted at once."""
    document = recorded(provider, shape)
    place = document.get("data", document)
    place[key] = said
    facts = [believable(fact, NOW, TOLERANCE) for fact in translate(provider, document).facts]
    event = next(fact.event for fact in facts if isinstance(fact.event, PaymentSucceeded))
    assert event.untrusted_time == doubt
    if doubt:
        assert event.occurred_at == NOW


@pytest.mark.parametrize(
    "said", ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "2004-02-29"]
)
def test_a_charge_planned_for_a_day_that_cannot_be_begins_when_it_was_made(said: str) -> None:
    document = recorded("xendit", "recurring.cycle.succeeded")
    document["data"]["scheduled_timestamp"] = said
    report = next(
        fact.event
        for fact in translate("xendit", document).facts
        if isinstance(fact.event, SubscriptionReported)
    )
    assert report.starts_at is None
