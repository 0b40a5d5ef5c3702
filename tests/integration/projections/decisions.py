"""Single decisions for tests, with what does not matter filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from eventstore.append import NewEvent
from schemas.decision_model import Posting
from schemas.decisions import CreditGranted, PaymentAssessed, SubscriptionActivated, TierChanged
from schemas.event_model import EventModel
from schemas.facts import CustomerRegistered

AT = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


class BrokenGrant(EventModel):
    """What a bug of ours could have appended under a known name."""

    TYPE = "credit.granted"

    customer_id: str
    tokens: str


def registered(customer: str, email: str | None = None) -> NewEvent:
    model = CustomerRegistered(customer_id=customer, email=email or f"{customer}@contoh.id")
    return NewEvent(f"customer-{customer}", model)


def credit(customer: str, amount: int = 1, case: str = "k", at: datetime = AT) -> NewEvent:
    model = CreditGranted(
        case=case, customer_id=customer, provider="xendit", payment_id="py-1", amount_idr=amount, tokens=amount * 10, at=at,
        postings=(
            Posting(account="clearing:xendit", unit="IDR", amount=amount),
            Posting(account=f"credit:{customer}", unit="IDR", amount=-amount),
        ),
    )  # fmt: skip
    return NewEvent(f"customer-{customer}", model)


def broken(customer: str) -> NewEvent:
    return NewEvent(f"customer-{customer}", BrokenGrant(customer_id=customer, tokens="many"))


def assessed(record: str, **more: Any) -> NewEvent:
    fields = {
        "case": record,
        "record": record,
        "provider": "xendit",
        "payment_id": f"py-{record}",
        "status": "succeeded",
    }
    return NewEvent(f"case-{record}", PaymentAssessed(**(fields | more)))


def tier(customer: str, name: str, until: datetime | None, fallback: str = "gratis") -> NewEvent:
    model = TierChanged(
        case="t", customer_id=customer, tier=name, until=until, fallback_tier=fallback, reason="plan"
    )
    return NewEvent(f"customer-{customer}", model)


def subscription(customer: str, key: str, **more: Any) -> NewEvent:
    fields = {
        "case": f"subscription:mayar:{key}", "subscription_id": key, "customer_id": customer, "provider": "mayar",
        "plan": "pro-bulanan", "tier": "pro", "status": "active", "started_at": AT, "expires_at": AT, "access_until": AT,
    }  # fmt: skip
    return NewEvent(f"customer-{customer}", SubscriptionActivated(**(fields | more)))
