"""What templates are tried with at the start: decisions as they may come, told as they are told. Pure.

So a template is tried with the very fields that its mail will have, and with no other kind's: a text that passes here can be sent later.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from notify.kinds import Seen, notice_of
from notify.webhooks import data_text
from schemas.credit_events import BalanceLow
from schemas.decisions import (
    PaymentAssessed,
    SubscriptionDecision,
    SubscriptionExpiringSoon,
    SubscriptionPastDue,
    SubscriptionRenewed,
    SuspenseHeld,
    SuspenseReleased,
)
from schemas.request_facts import RestAsked

AT = datetime(2026, 2, 28, 17, 30, tzinfo=UTC)


def examples(kind: str) -> list[dict[str, Any]]:
    """What a mail of this kind must be able to say: everything known, and next to nothing."""
    common = {"kind": kind, "told_at": AT, "sender": "Toko"}
    return [
        common | {"data": data, "name": name, "title": title, "page": page}
        for notice in map(notice_of, _decisions())
        if notice is not None and notice.kind == kind
        for data in [orjson.loads(data_text(notice.data))]
        for name, title, page in (("Budi", "Pro", "https://toko.example/pay/1"), (None, None, None))
    ]


def _decisions() -> Iterator[Seen]:
    """Of each kind the fullest and the barest."""
    for event, before in _payments() + _releases():
        yield Seen(event, "e-1", AT, before)
    for one in (*_subscriptions(), *_held()):
        yield Seen(one, "e-1", AT)
    for ends in (AT, None):
        yield Seen(_rest(ends), "e-1", AT)
    low = BalanceLow(customer_id="budi", credit_tokens=1_200, low_balance_tokens=100_000, at=AT)
    yield Seen(low, "e-1", AT)


def _payments() -> list[tuple[PaymentAssessed | SuspenseReleased, PaymentAssessed | SuspenseHeld | None]]:
    full = PaymentAssessed(
        case="any:py-1",
        record="any:py-1",
        provider="any",
        payment_id="py-1",
        status="succeeded",
        amount=50_000,
        method="qris",
        channel="QRIS",
        payment_type="credit_topup",
        reference_id="order-1",
        customer_id="budi",
        paid_at=AT,
    )
    bare = PaymentAssessed(
        case="any:py-1", record="any:py-1", provider="any", payment_id="py-1", status="succeeded"
    )
    back = {"status": "partially_refunded", "refunded_amount": 20_000}
    return [(full, None), (bare, None), (full.amended(**back), full), (bare.amended(**back), None)]


def _subscriptions() -> Iterator[SubscriptionDecision]:
    for model in (SubscriptionExpiringSoon, SubscriptionRenewed, SubscriptionPastDue):
        yield model(
            case="any:s-1",
            subscription_id="s-1",
            customer_id="budi",
            provider="any",
            plan="pro-bulanan",
            tier="pro",
            status="active",
            started_at=AT,
            expires_at=AT,
            access_until=AT,
        )
        yield model(
            case="any:s-1",
            subscription_id="s-1",
            customer_id="budi",
            provider="any",
            plan=None,
            tier=None,
            status="past_due",
            started_at=None,
            expires_at=None,
            access_until=None,
            cancel_at_period_end=True,
        )


def _held() -> tuple[SuspenseHeld, SuspenseHeld]:
    full = SuspenseHeld(
        case="any:py-1",
        suspense_id="sus_1",
        provider="any",
        payment_id="py-1",
        reason="unmapped_product",
        amount=50_000,
        customer_id="budi",
        product="silver",
        since=AT,
    )
    return full, full.amended(amount=None, customer_id=None, product=None)


def _rest(ends: datetime | None) -> RestAsked:
    about = {"request_id": "req_1", "reference": "req_1", "provider": "any", "occurred_at": AT}
    return RestAsked(**about, suspense_id="sus_1", customer_id="budi", amount_idr=30_000, expires_at=ends)


def _releases() -> list[tuple[PaymentAssessed | SuspenseReleased, PaymentAssessed | SuspenseHeld | None]]:
    granted = SuspenseReleased(
        case="any:py-1", suspense_id="sus_1", provider="any", payment_id="py-1", resolution="granted", at=AT
    )
    refunded = granted.amended(resolution="refunded")
    return [(end, before) for end in (granted, refunded) for before in (*_held(), None)]
