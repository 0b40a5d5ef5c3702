"""A webhook and what its provider says on being asked are one money, whichever comes first, is lost, or comes again."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.reconciling import as_webhook
from schemas.envelope import RECONCILED
from schemas.event_model import EventModel
from tests.unit.processor.intake.envelopes import envelope, interpreter
from tests.unit.processor.policies.ledgerbook import VARIANT, Book

AT = "2026-06-30T03:00:00Z"
MAIL = "ratna@contoh.id"
STABLE = settings(
    max_examples=100, derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # fmt: skip


def xendit(amount: int, _: int) -> tuple[list[bytes], list[bytes]]:
    """A top-up: its webhooks, and what the API says."""
    payment = {
        "payment_id": "py-1", "payment_request_id": "pr-1", "status": "SUCCEEDED", "currency": "IDR", "type": "PAY", "request_amount": amount,
        "channel_code": "QRIS", "metadata": {"payment_type": "credit_topup", "payer_email": MAIL}, "updated": AT,
        "captures": [{"capture_id": "cap-1", "capture_amount": amount, "capture_timestamp": AT}],
    }  # fmt: skip
    told = [
        as_webhook({"event": event, "business_id": "biz-1", "created": created, "data": payment})
        for event, created in (("payment.capture", AT), ("payment.succeeded", "2026-06-30T09:00:00Z"))
    ]
    return told, [as_webhook({"event": "payment.capture", "business_id": "biz-1", "data": payment})]


def scalev(amount: int, quantity: int) -> tuple[list[bytes], list[bytes]]:
    """An order of the course, of one seat or more."""

    def order(status: str, updated: str) -> dict[str, Any]:
        line = {"quantity": quantity, "variant_unique_id": VARIANT, "product_price": amount * quantity}
        return {
            "id": "0190a", "order_id": "260630AB", "payment_status": status, "status": "confirmed", "created_at": "2026-06-30T02:00:00Z",
            "last_updated_at": updated, "paid_time": AT if status == "paid" else None, "gross_revenue": f"{amount * quantity}.00",
            "customer": {"email": MAIL, "name": "Ratna"}, "orderlines": [line], "payment_method": "qris",
        }  # fmt: skip

    ids = {name: order("paid", AT)[name] for name in ("id", "order_id", "payment_status", "paid_time", "last_updated_at")}  # fmt: skip
    webhooks = [
        {"event": "order.created", "unique_id": "a", "data": order("unpaid", "2026-06-30T02:00:00Z")},
        {"event": "order.payment_status_changed", "unique_id": "b", "data": ids},
        {"event": "payment.received", "unique_id": "c", "data": ids},
    ]
    asked = [{"event": "order.updated", "data": order("paid", updated)} for updated in (AT, "2026-06-30T08:00:00Z")]  # fmt: skip
    return [as_webhook(one) for one in webhooks], [as_webhook(one) for one in asked]


def mayar(amount: int, quantity: int) -> tuple[list[bytes], list[bytes]]:
    """Packages of tokens: the history holds the webhook itself; without it the transaction tells no product."""
    data = {
        "id": "tx-1", "transactionId": "tx-1", "status": "SUCCESS", "transactionStatus": "paid", "amount": amount, "createdAt": AT,
        "updatedAt": AT, "customerEmail": MAIL, "membershipTierName": "Paket Silver", "qty": quantity,
    }  # fmt: skip
    told = as_webhook({"event": "payment.received", "data": data})
    bare = {name: value for name, value in data.items() if name not in ("membershipTierName", "qty")}
    return [told], [told, as_webhook({"event": "payment.received", "data": bare})]


def facts(provider: str, body: bytes, scheme: str) -> list[EventModel]:
    meaning = interpreter().prepare(envelope(body, provider=provider, scheme=scheme)).translation
    assert meaning is not None, body
    return [fact.event for fact in meaning.facts]


def state(book: Book) -> tuple[Any, ...]:
    """What its customer has, and what is held."""
    held = sorted((one.reason, one.amount) for one in book.suspense().values())
    record = book.record("c-1")
    return record.credit_tokens, record.chat_tokens, sorted(record.courses), held


@given(
    provider=st.sampled_from(["xendit", "scalev", "mayar"]),
    amount=st.sampled_from([10_000, 150_000, 499_000, 900_000]),
    quantity=st.sampled_from([1, 2]),
    seed=st.integers(0, 2**32),
)
@STABLE
def test_c133_webhook_and_reconciled_fact_in_any_order_are_one_effect(
    provider: str, amount: int, quantity: int, seed: int
) -> None:
    chance = random.Random(seed)
    webhooks, asked = {"xendit": xendit, "scalev": scalev, "mayar": mayar}[provider](amount, quantity)
    told = [(body, "static_token") for body in webhooks if chance.random() < 0.7]
    first, *others = [(body, RECONCILED) for body in asked]
    found = [first, *(one for one in others if chance.random() < 0.5)]
    arrival = [*told, *found, *(one for one in [*told, *found] if chance.random() < 0.3)]
    chance.shuffle(arrival)

    alone = Book().customer("c-1", MAIL)
    alone.give(*facts(provider, *first))
    book = Book().customer("c-1", MAIL)
    for body, scheme in arrival:
        book.give(*facts(provider, body, scheme))
    assert state(book) == state(alone)
    assert not any(reason in ("awaiting_confirmation", "unmapped_product") for reason, _ in state(book)[3])
