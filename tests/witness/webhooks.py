"""Webhooks of invented payments, and what they must come to. Made and signed here, with nothing of the program's own code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

TOKENS_PER_IDR = 10
SPENDERS = [f"w{number:02d}" for number in range(24)]
REFUNDED = [f"r{number:02d}" for number in range(8)]
CUSTOMERS = SPENDERS + REFUNDED
COURSES = 40
PRICE_IDR = 149_000
XENDIT_TOKEN = "dev-xendit-secret"
SCALEV_SECRET = b"dev-scalev-secret"
BEGIN = datetime(2026, 7, 1, 3, tzinfo=UTC)
"""Long past on every day on which this can run."""

SHARE_OF_ORDERS = 0.04
SHARE_OF_REFUNDS = 0.15  # of the top-ups of REFUNDED
SHARE_OF_FORGED = 0.02


def email(customer: str) -> str:
    return f"{customer}@example.com"


@dataclass(frozen=True)
class Webhook:
    """One request. `tokens`: what it adds to `customer`, negative for a refund; `course`: what it opens, once every part of it is there."""

    number: int
    path: str
    headers: dict[str, str]
    body: bytes
    genuine: bool = True
    customer: str = ""
    tokens: int = 0
    course: str = ""
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hashlib.sha256(self.body).hexdigest())


def catalogue(shipped: str) -> str:
    """The shipped catalogue and the courses that are sold here."""
    courses = "".join(
        f'\n[[products]]\nid = "course-{number}"\nkind = "course"\ntitle = "Course {number}"\nprice_idr = {PRICE_IDR}\n'
        f'scalev = {{ variant_unique_ids = ["variant_{number}"], bundle_price_option_unique_ids = [] }}\n'
        for number in range(COURSES)
    )
    return shipped + courses


def plan(seed: int, count: int) -> list[Webhook]:
    """About `count` webhooks in the order in which they are first sent: not that in which they happened."""
    dice = random.Random(seed)
    webhooks: list[Webhook] = []
    bought: set[tuple[str, str]] = set()
    while len(webhooks) < count:
        webhooks += _story(dice, len(webhooks), bought)
    # Out of order: most by a few places, some by very many.
    places = [
        (place + (dice.expovariate(1 / 400) if dice.random() < 0.05 else dice.random() * 8), webhook)
        for place, webhook in enumerate(webhooks)
    ]
    return [webhook for _, webhook in sorted(places, key=lambda placed: placed[0])]


def signed_anew(webhooks: Iterable[Webhook], xendit_token: str, scalev_secret: str) -> list[Webhook]:
    """The same bodies, vouched for by a deployment's own secrets; forged ones stay forged."""
    return [
        replace(webhook, headers=webhook.headers | _credential(webhook, xendit_token, scalev_secret))
        if webhook.genuine
        else webhook
        for webhook in webhooks
    ]


def _credential(webhook: Webhook, xendit_token: str, scalev_secret: str) -> dict[str, str]:
    if webhook.path.endswith("/scalev"):
        return {"x-scalev-hmac-sha256": _signature(webhook.body, scalev_secret.encode())}
    return {"x-callback-token": xendit_token}


def _signature(body: bytes, secret: bytes) -> str:
    return base64.b64encode(hmac.digest(secret, body, hashlib.sha256)).decode()


def _story(dice: random.Random, number: int, bought: set[tuple[str, str]]) -> Iterator[Webhook]:
    """The webhooks of one payment."""
    chance = dice.random()
    if chance < SHARE_OF_FORGED:
        yield _forged(dice, number)
        return
    if chance < SHARE_OF_FORGED + SHARE_OF_ORDERS:
        pair = dice.choice(CUSTOMERS), f"course-{dice.randrange(COURSES)}"
        if pair not in bought:
            bought.add(pair)
            yield from _order(dice, number, *pair)
        return
    customer = dice.choice(CUSTOMERS)
    amount = dice.randrange(10_000, 100_000)
    yield _top_up(dice, number, customer, amount)
    if customer in REFUNDED and dice.random() < SHARE_OF_REFUNDS:
        yield _refund(
            dice, number, customer, amount if dice.random() < 0.5 else dice.randrange(1_000, amount)
        )


def _top_up(dice: random.Random, number: int, customer: str, amount: int) -> Webhook:
    """https://docs.xendit.co/apidocs/payment-webhook-notification"""
    at = _at(number)
    data = {
        "payment_id": f"py-{number}",
        "payment_request_id": f"pr-{number}",
        "reference_id": f"torture-{number}",
        "type": "PAY",
        "status": "SUCCEEDED",
        "country": "ID",
        "currency": "IDR",
        "request_amount": amount,
        "channel_code": "QRIS",
        "captures": [{"capture_id": f"cptr-{number}", "capture_amount": amount, "capture_timestamp": at}],
        "metadata": {"payment_type": "credit_topup", "customer_id": customer},
        "created": at,
        "updated": at,
        "note": _rubbish(dice),
    }
    return _xendit(number, "payment.capture", at, data, customer, amount * TOKENS_PER_IDR)


def _refund(dice: random.Random, number: int, customer: str, amount: int) -> Webhook:
    """https://docs.xendit.co/apidocs/refund-webhook-notification"""
    at = _at(number, minutes=30)
    data = {
        "id": f"rfd-{number}",
        "payment_request_id": f"pr-{number}",
        "payment_id": f"py-{number}",
        "invoice_id": None,
        "payment_method_type": "QR_CODE",
        "reference_id": f"refund-{number}",
        "channel_code": "QRIS",
        "currency": "IDR",
        "amount": amount,
        "status": "SUCCEEDED",
        "reason": "REQUESTED_BY_CUSTOMER",
        "failure_code": None,
        "refund_fee_amount": None,
        "metadata": None,
        "created": at,
        "updated": at,
        "note": _rubbish(dice),
    }
    return _xendit(number, "refund.succeeded", at, data, customer, -amount * TOKENS_PER_IDR)


def _xendit(number: int, event: str, at: str, data: dict[str, object], customer: str, tokens: int) -> Webhook:
    document = {"event": event, "business_id": "test", "created": at, "api_version": "v3", "data": data}
    headers = {"x-callback-token": XENDIT_TOKEN, "content-type": "application/json"}
    return Webhook(
        number,
        "/webhooks/xendit",
        headers,
        json.dumps(document).encode(),
        customer=customer,
        tokens=tokens,
    )


def _order(dice: random.Random, number: int, customer: str, course: str) -> Iterator[Webhook]:
    """An order and its payment: the course is open once both are there. https://developer.scalev.com (webhooks)"""
    at, paid = _at(number), _at(number, minutes=5)
    common = {
        "id": f"019df0c0-{number:08d}",
        "order_id": f"26T{number}",
        "is_probably_spam": False,
        "business": {"username": "torture", "client_id": "cli_torture"},
    }
    price = f"{PRICE_IDR}.00"
    line = {
        "quantity": 1,
        "product_name": course,
        "variant_unique_id": f"variant_{course.removeprefix('course-')}",
        "variant_price": price,
        "product_price": price,
        "discount": "0.00",
        "discount_code_discount": "0.00",
    }
    created = common | {
        "status": "pending",
        "payment_status": "unpaid",
        "unpaid_time": at,
        "customer": {"name": "Witness", "email": email(customer), "phone": None},
        "gross_revenue": price,
        "net_revenue": price,
        "product_price": price,
        "orderlines": [line],
        "created_at": at,
        "last_updated_at": at,
        "notes": _rubbish(dice),
    }
    change = common | {
        "payment_status": "paid",
        "paid_time": paid,
        "unpaid_time": at,
        "created_at": at,
        "last_updated_at": paid,
        "pg_paid_info": {"status": "SUCCEEDED", "amount": PRICE_IDR},
        "payment_status_history": [
            {"at": paid, "by": None, "status": "paid"},
            {"at": at, "by": None, "status": "unpaid"},
        ],
    }
    for event, moment, data in (
        ("order.created", at, created),
        ("order.payment_status_changed", paid, change),
    ):
        document = {
            "event": event,
            "unique_id": f"event_{event[-4:]}{number}",
            "timestamp": moment,
            "data": data,
        }
        body = json.dumps(document).encode()
        headers = {
            "x-scalev-hmac-sha256": _signature(body, SCALEV_SECRET),
            "content-type": "application/json",
        }
        yield Webhook(number, "/webhooks/scalev", headers, body, customer=customer, course=course)


def _forged(dice: random.Random, number: int) -> Webhook:
    """A top-up from somebody who does not know the secret."""
    genuine = _top_up(dice, number, dice.choice(CUSTOMERS), 99_999)
    token = dice.choice(["", "dev-xendit-secre", "dev-xendit-secret2", "DEV-XENDIT-SECRET"])
    return Webhook(
        number, genuine.path, genuine.headers | {"x-callback-token": token}, genuine.body, genuine=False
    )


def _at(number: int, minutes: int = 0) -> str:
    return f"{BEGIN + timedelta(seconds=number, minutes=minutes):%Y-%m-%dT%H:%M:%S}.000Z"


def _rubbish(dice: random.Random) -> str:
    """Sizes differ, so that groups and segments are cut anywhere."""
    return "x" * min(60_000, int(dice.paretovariate(0.9) * 4))


def expected_tokens(seen: Iterable[Webhook]) -> dict[str, int]:
    """Tokens by customer. A refund counts once its payment is there."""
    seen = list(seen)
    paid = {webhook.number for webhook in seen if webhook.tokens > 0}
    totals = dict.fromkeys(CUSTOMERS, 0)
    for webhook in seen:
        if webhook.tokens > 0 or (webhook.tokens < 0 and webhook.number in paid):
            totals[webhook.customer] += webhook.tokens
    return totals


def expected_courses(seen: Iterable[Webhook]) -> set[tuple[str, str]]:
    """Customer and course of every order of which both parts are there."""
    parts: dict[int, int] = {}
    opened: set[tuple[str, str]] = set()
    for webhook in seen:
        if webhook.course:
            parts[webhook.number] = parts.get(webhook.number, 0) + 1
            if parts[webhook.number] == 2:
                opened.add((webhook.customer, webhook.course))
    return opened
