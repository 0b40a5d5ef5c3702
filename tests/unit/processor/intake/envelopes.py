"""Deliveries for tests of intake: small Xendit captures, verified and wrapped."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from processor.intake.interpreter import Interpreter
from providers.registry import PROVIDERS
from runtime.amqp.consumer import Incoming, Tag
from runtime.ids import uuid7
from schemas.envelope import Envelope, pack

RECEIVED_AT = datetime(2026, 7, 1, 3, 4, 7, 120_001, tzinfo=UTC)
RECEIVED_AT_US = 1_782_875_047_120_001
BUSINESS = "biz-1"


def capture(payment: str = "py-1", amount: Any = 50_000, **top: Any) -> bytes:
    """A successful Xendit payment, the way Xendit words it."""
    data = {
        "payment_id": payment,
        "payment_request_id": f"pr-{payment}",
        "reference_id": f"ref-{payment}",
        "currency": "IDR",
        "request_amount": amount,
        "channel_code": "QRIS",
        "captures": [{"capture_id": f"cptr-{payment}", "capture_amount": amount}],
        "status": "SUCCEEDED",
        "metadata": {"payment_type": "credit_topup", "payer_email": "ratna@contoh.id"},
        "created": "2026-07-01T03:04:05.900Z",
        "updated": "2026-07-01T03:04:05.900Z",
    }
    document = {
        "event": "payment.capture",
        "business_id": BUSINESS,
        "created": "2026-07-01T03:04:07Z",
        "data": data,
    }
    return json.dumps(document | top).encode()


def envelope(body: bytes | None = None, provider: str = "xendit", **fields: Any) -> Envelope:
    """A fresh delivery."""
    chosen = {
        "delivery_id": str(uuid7()),
        "provider": provider,
        "received_at": RECEIVED_AT_US,
        "scheme": "static_token",
        "secret_id": "0a1b2c3d4e5f",
        "path": f"/webhooks/{provider}",
        "body": capture() if body is None else body,
        "headers": {"content-type": "application/json"},
    }
    return Envelope(**(chosen | fields))


def interpreter(**fields: Any) -> Interpreter:
    return Interpreter(**({"providers": PROVIDERS, "accounts": {}, "production": False} | fields))


def message(
    *envelopes: Envelope, number: int = 1, count: int = 0, headers: dict[str, object] | None = None
) -> Incoming:
    """An AMQP message that holds the envelopes."""
    return raw_message(pack(envelopes), number=number, count=count, headers=headers)


def raw_message(
    body: bytes, *, number: int = 1, count: int = 0, headers: dict[str, object] | None = None
) -> Incoming:
    return Incoming(Tag(1, number), body, headers or {}, count > 0, count, "webhooks.p0")
