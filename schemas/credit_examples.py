"""One example of everything the API takes and answers about credit and quotas."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from schemas import credit_api

QUOTAS: dict[str, Any] = {
    "month": {
        "limit": 5000000,
        "used": 1200,
        "remaining": 4998800,
        "resets_at": "2026-01-31T17:00:00Z",
    },
    "day": {"limit": 200000, "used": 1200, "remaining": 198800, "resets_at": "2026-01-15T17:00:00Z"},
    "papers": {"limit": None, "used": 0, "remaining": None, "resets_at": "2026-01-31T17:00:00Z"},
}

_WRITTEN = {"at": "2026-01-15T03:05:00Z", "position": 43}
_RESERVATION = {
    "reservation_id": "019bbf5d-6a1a-7766-9f45-4356d2ce9f62",
    "customer_id": "budi",
    "status": "open",
    "tokens": 5000,
    "reference": "chat-77",
    "expires_at": "2026-01-15T03:20:00Z",
    "spent_idr": 0,
    "credit_tokens": 495000,
    **_WRITTEN,
}

CREDIT_EXAMPLES: dict[type[BaseModel], dict[str, Any]] = {
    credit_api.SpendBody: {"tokens": 1200, "reason": "chat", "reference": "answer-1"},
    credit_api.SpendAnswer: {
        "spend_id": "019bbf5d-6a1a-7766-9f45-4356d2ce9f61",
        "customer_id": "budi",
        "tokens": 1200,
        "reason": "chat",
        "reference": "answer-1",
        "spent_idr": 120,
        "credit_tokens": 498800,
        **_WRITTEN,
    },
    credit_api.ReservationBody: {"tokens": 5000, "reference": "chat-77", "expires_in_seconds": 900},
    credit_api.ReservationAnswer: _RESERVATION,
    credit_api.CaptureBody: {"tokens": 4200},
    credit_api.UsageBody: {"tokens": 1200, "reference": "answer-2"},
    credit_api.UsageAnswer: {
        "usage_id": "019bbf5d-6a1a-7766-9f45-4356d2ce9f63",
        "customer_id": "budi",
        "tokens": 1200,
        "papers": 0,
        "reference": "answer-2",
        "tier": "pro",
        "paid_by": "quota",
        "spent_idr": 0,
        "quotas": QUOTAS,
        "credit_tokens": 500000,
        "metered": None,
        **_WRITTEN,
    },
}
