"""What the provider of the simulation tells."""

from __future__ import annotations

import json


def capture(seed: int, payment: int, created: str) -> bytes:
    """A top-up that somebody paid."""
    amount = 10_000 + payment
    data = {
        "payment_id": f"py-{payment}",
        "payment_request_id": f"pr-{payment}",
        "reference_id": f"ref-{payment}",
        "currency": "IDR",
        "request_amount": amount,
        "channel_code": "QRIS",
        "captures": [{"capture_id": f"cptr-{payment}", "capture_amount": amount}],
        "status": "SUCCEEDED",
        "metadata": {"payment_type": "credit_topup", "customer_id": f"c-{seed % 7}"},
        "created": "2026-07-01T03:04:05.900Z",
        "updated": "2026-07-01T03:04:05.900Z",
    }
    return json.dumps(
        {"event": "payment.capture", "business_id": "sim", "created": created, "data": data}
    ).encode()
