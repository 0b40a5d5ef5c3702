"""One example of everything the API takes and answers, for the documentation: a customer, Budi, and what he bought."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from schemas import api
from schemas.change_api import ChangeTold, TicketAnswer, TicketBody
from schemas.checkout_examples import CHECKOUT_EXAMPLES
from schemas.credit_examples import CREDIT_EXAMPLES, QUOTAS
from schemas.licence_examples import LICENCE_EXAMPLES
from schemas.refund_examples import REFUND_EXAMPLES
from schemas.subscription_api import Tiers
from schemas.suspense_examples import SUSPENSE_EXAMPLES

_FRESH = {"position": 42, "lag_seconds": 0.0}
_LAST_PAGE = {"next_cursor": None, **_FRESH}
_EMAIL = "budi@example.com"

_SUMMARY = {
    "customer_id": "budi",
    "email": _EMAIL,
    "name": "Budi",
    "phone": None,
    "tier": "pro",
    "stale": False,
}

_PAYMENT = {
    "provider": "xendit",
    "provider_payment_id": "py-first-try",
    "status": "succeeded",
    "amount": 50000,
    "requested_amount": 50000,
    "refunded_amount": 0,
    "currency": "IDR",
    "method": "qris",
    "channel": "QRIS",
    "payment_type": "credit_topup",
    "reference_id": None,
    "customer_id": "budi",
    "payer_email": None,
    "paid_at": "2026-01-15T03:00:00Z",
    "late": False,
    "token_only": True,
    "attestation": "token_only",
    "settled": False,
    "held": None,
    "failure_code": None,
    "stale": False,
}

_TIMELINE = [
    {
        "position": 4,
        "kind": "fact",
        "type": "payment.succeeded",
        "stream": "payment-xendit-py-first-try",
        "recorded_at": "2026-01-15T03:00:02Z",
        "event_id": "019bbf5d-6a15-79be-9127-fd80984a5651",
        "causation_id": "019bbf5d-6a15-77a7-878a-214734d2fcfb",
        "actor": None,
        "delivery": {
            "delivery_id": "019bbf5d-6a0e-7dd6-8d0a-4be9c433d525",
            "event_name": "payment.capture",
            "received_at": "2026-01-15T03:00:02Z",
            "status": "processed",
            "duplicates": [],
        },
        "data": {"provider": "xendit", "amount": 50000},
    },
    {
        "position": 5,
        "kind": "decision",
        "type": "credit.granted",
        "stream": "customer-budi",
        "recorded_at": "2026-01-15T03:00:02Z",
        "event_id": "019bbf5d-6a1a-7766-9f45-4356d2ce9f62",
        "causation_id": "019bbf5d-6a15-79be-9127-fd80984a5651",
        "actor": None,
        "delivery": None,
        "data": {"customer_id": "budi", "amount_idr": 50000, "tokens": 500000},
    },
]

EXAMPLES: dict[type[BaseModel], dict[str, Any]] = {
    **CHECKOUT_EXAMPLES,
    api.CustomerBody: {"email": _EMAIL, "name": "Budi"},
    api.CustomerRegistration: {
        "customer_id": "budi",
        "email": _EMAIL,
        "name": "Budi",
        "phone": None,
        "created": True,
        "changed": True,
        "email_shared": False,
        "position": 42,
    },
    api.Customer: _SUMMARY | _FRESH,
    api.CustomersByEmail: _SUMMARY | {"items": [_SUMMARY]} | _FRESH,
    api.Balance: {
        "customer_id": "budi",
        "tier": "pro",
        "tier_until": "2026-02-18T03:00:00Z",
        "credit_tokens": 500000,
        "credit_idr": 50000,
        "reserved_tokens": 0,
        "debt_tokens": 0,
        "frozen": False,
        "chat_tokens": 100,
        "lifetime": {"topped_up_idr": 50000, "spent_tokens": 0, "spent_idr": 0},
        "last_top_up": {"at": "2026-01-15T03:00:00Z", "amount_idr": 50000},
        "stale": False,
        **_FRESH,
    },
    Tiers: {
        "customer_id": "budi",
        "items": [
            {
                "tier": "pro",
                "since": "2026-01-15T03:02:03Z",
                "until": "2026-02-18T03:02:00Z",
                "fallback_tier": "bpp",
                "reason": "subscription_active",
                "position": 48,
            }
        ],
        **_LAST_PAGE,
    },
    api.Subscriptions: {
        "customer_id": "budi",
        "items": [
            {
                "subscription_id": "mayar:subscription:LCN-JKML-DP9X",
                "plan": "pro-bulanan",
                "tier": "pro",
                "provider": "mayar",
                "status": "active",
                "has_access": True,
                "licence_code": "LCN-JKML-DP9X",
                "started_at": "2026-01-15T03:00:00Z",
                "expires_at": "2026-02-15T03:00:00Z",
                "access_until": "2026-02-18T03:00:00Z",
                "cancel_at_period_end": False,
                "held": None,
                "stale": False,
            }
        ],
        **_LAST_PAGE,
    },
    api.Enrollments: {
        "customer_id": "budi",
        "items": [
            {
                "course": "kelas-python",
                "status": "active",
                "order_id": "260115SJJRNH",
                "provider": "scalev",
                "provider_payment_id": "260115SJJRNH",
                "granted_at": "2026-01-15T03:00:00Z",
                "revoked_at": None,
                "revoked_reason": None,
                "stale": False,
            }
        ],
        **_LAST_PAGE,
    },
    api.Entitlements: {
        "customer_id": "budi",
        "tier": "pro",
        "tier_until": "2026-02-18T03:00:00Z",
        "credit_based": False,
        "quotas": QUOTAS,
        "allowed": True,
        "refused": None,
        "frozen": False,
        "credit_tokens": 500000,
        "chat_tokens": 100,
        "courses": ["kelas-python"],
        "plans": [
            {
                "plan": "pro-bulanan",
                "tier": "pro",
                "status": "active",
                "access_until": "2026-02-18T03:00:00Z",
            }
        ],
        "stale": False,
        **_FRESH,
    },
    api.Payments: {"customer_id": "budi", "items": [_PAYMENT], **_LAST_PAGE},
    api.Payment: _PAYMENT
    | {"dispute": None, "ids": ["cap-first-try", "pr-first-try", "py-first-try"], "timeline": _TIMELINE}
    | _FRESH,
    api.Suspense: {
        "items": [
            {
                "id": "sus_bed16342bed83618",
                "reason": "customer_unknown",
                "provider": "xendit",
                "provider_payment_id": "py-2b4c4a87",
                "amount": 60000,
                "payer_email": "siapa@example.com",
                "customer_id": None,
                "product": None,
                "since": "2026-01-15T07:26:00Z",
                "stale": False,
            }
        ],
        **_LAST_PAGE,
    },
    api.LedgerCheck: {
        "balanced": True,
        "stale": False,
        "items": [
            {"unit": "IDR", "accounts": 2, "debits": 50000, "credits": -50000, "sum": 0},
            {"unit": "TOKEN", "accounts": 2, "debits": 500000, "credits": -500000, "sum": 0},
        ],
        "unbacked": [],
        **_FRESH,
    },
    api.ProblemAnswer: {
        "type": "/docs#customer_not_found",
        "title": "Customer not found",
        "status": 404,
        "code": "customer_not_found",
        "detail": "No customer is registered under this id or e-mail.",
    },
    ChangeTold: {
        "kind": "enrollment",
        "position": 42,
        "customer_id": "budi",
        "key": "kelas-python",
        "data": {
            "course": "kelas-python",
            "status": "active",
            "order_id": "260701ABC",
            "provider": "scalev",
            "provider_payment_id": "260701ABC",
            "granted_at": "2026-07-01T02:03:04Z",
            "revoked_at": None,
            "revoked_reason": None,
            "stale": False,
        },
    },
    TicketBody: {"customer_id": "budi"},
    TicketAnswer: {
        "customer_id": "budi",
        "ticket": "AAAAAGpNYZNidWRpX2V4YW1wbGVfb25seV9vcGVuc19ub3RoaW5n",
        "stream": "/v1/changes?customer_id=budi&ticket=AAAAAGpNYZNidWRpX2V4YW1wbGVfb25seV9vcGVuc19ub3RoaW5n",
        "expires_at": "2026-07-07T12:34:56Z",
    },
    **CREDIT_EXAMPLES,
    **LICENCE_EXAMPLES,
    **REFUND_EXAMPLES,
    **SUSPENSE_EXAMPLES,
}
