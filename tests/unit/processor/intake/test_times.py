"""Times that cannot be are not believed: such a fact counts from its receipt, and its money says why it is held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.app import interpreter_of
from processor.intake.times import EARLIEST, believable
from runtime.settings import Settings
from schemas.facts import OrderRecorded, PaymentSucceeded
from schemas.translation import Fact

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
