"""What is told of which decision, and once: a payment that is assessed again, refunded, merged or held."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notify.kinds import KINDS, Notice, Seen, notice_of
from schemas.credit_events import BalanceLow
from schemas.decisions import (
    CourseEnrolled,
    CourseRevoked,
    PaymentAssessed,
    PaymentStatus,
    SubscriptionActivated,
    SubscriptionDecision,
    SubscriptionExpiringSoon,
    SubscriptionPastDue,
    SubscriptionRenewed,
    SuspenseHeld,
    SuspenseReleased,
)
from schemas.event_model import EventModel
from schemas.request_facts import RestAsked

AT = datetime(2026, 3, 1, tzinfo=UTC)


def assessed(status: PaymentStatus, refunded: int = 0) -> PaymentAssessed:
    return PaymentAssessed(
        case="c", record="r", provider="p", payment_id="py", status=status, amount=50_000, refunded_amount=refunded,
        customer_id="budi", payer_email="budi@example.com", paid_at=AT,
    )  # fmt: skip


def seen(event: EventModel, before: EventModel | None = None) -> Notice | None:
    return notice_of(Seen(event, "e-1", AT, before))


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (None, assessed("succeeded"), "payment.received"),
        (assessed("pending"), assessed("succeeded"), "payment.received"),
        (assessed("failed"), assessed("succeeded"), "payment.received"),
        (assessed("succeeded"), assessed("succeeded"), None),
        (assessed("succeeded"), assessed("partially_refunded", 10_000), "payment.refunded"),
        (assessed("partially_refunded", 10_000), assessed("partially_refunded", 10_000), None),
        (assessed("partially_refunded", 10_000), assessed("refunded", 50_000), "payment.refunded"),
        (assessed("partially_refunded", 10_000), assessed("succeeded"), None),
        (assessed("reversed"), assessed("succeeded"), None),
        (None, assessed("refunded", 50_000), "payment.refunded"),
        (None, assessed("pending"), None),
        (assessed("pending"), assessed("expired"), None),
        (assessed("succeeded"), assessed("reversed"), None),
    ],
)
def test_a_payment_is_told_when_its_money_comes_and_when_it_goes(
    before: PaymentAssessed | None, now: PaymentAssessed, kind: str | None
) -> None:
    notice = seen(now, before)
    assert (notice and notice.kind) == kind


def test_what_an_open_dispute_took_back_here_is_told_to_nobody_as_money_that_went_back() -> None:
    """Its payer has nothing again, and may never have."""
    paid = assessed("succeeded")
    frozen = assessed("refunded", 50_000).amended(contested_amount=50_000)
    assert seen(frozen, paid) is None
    assert seen(paid, frozen) is None
    lost = seen(assessed("refunded", 50_000), frozen)
    assert lost is not None
    assert (lost.kind, lost.data["refunded_amount"]) == ("payment.refunded", 50_000)
    part = seen(assessed("refunded", 50_000).amended(contested_amount=30_000), paid)
    assert part is not None
    assert (part.kind, part.data["refunded_amount"]) == ("payment.refunded", 20_000)


def subscription(model: type[SubscriptionDecision]) -> SubscriptionDecision:
    return model(
        case="c", subscription_id="s", customer_id="budi", provider="p", plan="pro", tier="pro", status="active", started_at=AT,
        expires_at=AT, access_until=AT, licence_code="RAHASIA",
    )  # fmt: skip


HELD = SuspenseHeld(
    case="c", suspense_id="sus_1", provider="p", payment_id="py", reason="customer_unknown", amount=50_000, since=AT,
    payer_email="budi@example.com",
)  # fmt: skip
RELEASED = SuspenseReleased(
    case="c", suspense_id="sus_1", provider="p", payment_id="py", resolution="granted", at=AT
)
ENROLLED = CourseEnrolled(
    case="c", customer_id="budi", provider="p", payment_id="py", course="kelas-python", order_id="o", amount_idr=150_000, at=AT,
)  # fmt: skip
REVOKED = CourseRevoked(
    case="c", customer_id="budi", provider="p", payment_id="py", course="kelas-python", order_id="o", reason="refund", at=AT,
)  # fmt: skip
REST = RestAsked(
    request_id="req_1", reference="req_1", provider="p", occurred_at=AT, suspense_id="sus_1", customer_id="budi", amount_idr=30_000,
)  # fmt: skip
OTHERS: list[tuple[EventModel, EventModel | None, str | None]] = [
    (subscription(SubscriptionExpiringSoon), None, "subscription.expiring"),
    (subscription(SubscriptionRenewed), None, "subscription.renewed"),
    (subscription(SubscriptionPastDue), None, "subscription.past_due"),
    (subscription(SubscriptionActivated), None, None),
    (BalanceLow(customer_id="budi", credit_tokens=5, at=AT, low_balance_tokens=10), None, "balance.low"),
    (REST, None, "payment.rest_asked"),
    (HELD, None, "suspense.held"),
    (ENROLLED, None, "enrollment.granted"),
    (REVOKED, None, "enrollment.revoked"),
    (RELEASED, HELD, "suspense.released"),
    (RELEASED.model_copy(update={"resolution": "changed"}), HELD, None),
]


@pytest.mark.parametrize(("event", "before", "kind"), OTHERS)
def test_other_decisions_are_told_as_their_kind(
    event: EventModel, before: EventModel | None, kind: str | None
) -> None:
    notice = seen(event, before)
    assert (notice and notice.kind) == kind


def test_every_kind_is_told_of_something_and_nothing_personal_is_in_it() -> None:
    notices = [seen(assessed("succeeded")), seen(assessed("refunded", 50_000))]
    notices += [seen(event, before) for event, before, _ in OTHERS]
    told = [one for one in notices if one is not None]
    assert {one.kind for one in told} == set(KINDS)
    assert "@" not in repr([one.data for one in told])
    assert "RAHASIA" not in repr([one.data for one in told])


def test_money_of_which_the_rest_is_still_held_is_not_told_as_released() -> None:
    went_back = RELEASED.model_copy(update={"resolution": "refunded"})
    assert notice_of(Seen(went_back, "e", AT, HELD, still_held=True)) is None
    assert notice_of(Seen(went_back, "e", AT, HELD)) is not None


def test_released_money_says_how_much_it_was() -> None:
    notice = seen(RELEASED, HELD)
    assert notice is not None
    assert (notice.data["amount"], notice.data["resolution"]) == (50_000, "granted")
