"""An example of everything refunds take and answer: a part of Budi's top-up goes back."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from schemas import refund_api as r

_REFUND = {
    "refund_id": "rfn_019bbf5d6a1577a7878a214734d2fcfd",
    "status": "pending",
    "provider": "xendit",
    "provider_payment_id": "py-1402feb0-bb79-47ae-9d1e-e69394d3949c",
    "provider_refund_id": "rfd-6f4a377d-a201-437f-9119-f8b00cbbe857",
    "customer_id": "budi",
    "amount": 20000,
    "reason": "requested_by_customer",
    "made_by": "api",
    "created_at": "2026-01-16T03:00:00Z",
    "settled_at": None,
    "failure_code": None,
}

REFUND_EXAMPLES: dict[type[BaseModel], dict[str, Any]] = {
    r.RefundBody: {
        "provider": "xendit",
        "provider_payment_id": "req_019bbf5d6a1577a7878a214734d2fcfb",
        "amount": 20000,
        "reason": "requested_by_customer",
    },
    r.CreatedRefund: _REFUND | {"created": True, "position": 57},
    r.OneRefund: _REFUND
    | {"status": "succeeded", "settled_at": "2026-01-16T03:00:04Z", "position": 61, "lag_seconds": 0.0},
}
