"""An example of everything checkout takes and answers: Budi tops up."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from schemas import checkout_api as c
from schemas import subscription_api as s

_QR = (
    "00020101021226570011ID.DANA.WWW011893600915302259148102090225914810303UMI51440014ID.CO.QRIS.WWW6304A13A"
)

_TOPUP = {
    "payment_id": "req_019bbf5d6a1577a7878a214734d2fcfb",
    "xendit_id": "pr-8877c08a-740d-4153-9816-3d744ed197a5",
    "provider": "xendit",
    "customer_id": "budi",
    "status": "pending",
    "amount": 50000,
    "payment_method": "qris",
    "channel": "QRIS",
    "created_at": "2026-01-15T03:00:00Z",
    "expires_at": "2026-01-15T03:30:00Z",
    "paid_at": None,
    "late": False,
    "held": None,
    "qr_string": _QR,
    "qr_svg_url": "https://pay.example.id/pay/kq3n4yVvQ8v9yJq0sXb2wVdHk3mP6tZa/qr.svg",
    "qr_png_url": "https://pay.example.id/pay/kq3n4yVvQ8v9yJq0sXb2wVdHk3mP6tZa/qr.png",
    "va_number": None,
    "va_channel": None,
    "redirect_url": None,
    "note": None,
    "payment_page_url": "https://pay.example.id/pay/kq3n4yVvQ8v9yJq0sXb2wVdHk3mP6tZa",
    "failure_code": None,
}

_ORDER = {
    "order_id": "req_019bbf5d6a1577a7878a214734d2fcfc",
    "provider": "scalev",
    "provider_order_id": "260115SJJRNH",
    "customer_id": "budi",
    "status": "pending",
    "amount": 150000,
    "items": [{"product": "kelas-python", "quantity": 1, "price_idr": 150000, "title": "Kelas Python"}],
    "payment_url": "https://app.scalev.id/order/public/3kV9aQ/success",
    "created_at": "2026-01-15T03:00:00Z",
    "expires_at": "2026-01-16T03:00:00Z",
    "paid_at": None,
    "late": False,
    "held": None,
    "payment_page_url": "https://pay.example.id/pay/kq3n4yVvQ8v9yJq0sXb2wVdHk3mP6tZa",
    "failure_code": None,
}

_SUBSCRIPTION = {
    "subscription_id": "sub_019bbf5d6a1577a7878a214734d2fcfb",
    "customer_id": "budi",
    "provider": "xendit",
    "provider_subscription_id": "repl_5a1b1a9c-2d43-4f0e-9b3d-6f7a3c1e2d4b",
    "plan": "pro-bulanan",
    "tier": "pro",
    "amount": 200000,
    "next_plan": None,
    "status": "active",
    "has_access": True,
    "action_url": None,
    "started_at": "2026-01-15T03:02:00Z",
    "expires_at": "2026-02-15T03:02:00Z",
    "access_until": "2026-02-18T03:02:00Z",
    "cancel_at_period_end": False,
    "first_charge_at": None,
    "created_at": "2026-01-15T03:00:00Z",
    "failure_code": None,
}

_WAITING = {
    "tier": None,
    "status": "pending",
    "has_access": False,
    "action_url": "https://linking.xendit.co/repl_5a1b1a9c-2d43-4f0e-9b3d-6f7a3c1e2d4b",
    "started_at": None,
    "expires_at": None,
    "access_until": None,
}

_HISTORY = [
    {
        "at": "2026-01-15T03:02:03Z",
        "type": "subscription.activated",
        "plan": "pro-bulanan",
        "tier": "pro",
        "status": "active",
        "expires_at": "2026-02-15T03:02:00Z",
        "access_until": "2026-02-18T03:02:00Z",
        "position": 47,
    }
]

CHECKOUT_EXAMPLES: dict[type[BaseModel], dict[str, Any]] = {
    c.TopUpBody: {"customer_id": "budi", "amount": 50000, "payment_method": "qris"},
    c.CreatedTopUp: _TOPUP | {"created": True, "position": 42},
    c.OneTopUp: _TOPUP | {"status": "succeeded", "paid_at": "2026-01-15T03:01:00Z", "position": 45, "lag_seconds": 0.0},
    c.TopUps: {"customer_id": "budi", "items": [_TOPUP], "next_cursor": None, "position": 42, "lag_seconds": 0.0},
    c.OrderBody: {"customer_id": "budi", "items": [{"product": "kelas-python"}]},
    c.CreatedOrder: _ORDER | {"created": True, "position": 42},
    c.OneOrder: _ORDER | {"status": "succeeded", "paid_at": "2026-01-15T03:09:00Z", "position": 45, "lag_seconds": 0.0},
    c.Orders: {"customer_id": "budi", "items": [_ORDER], "next_cursor": None, "position": 42, "lag_seconds": 0.0},
    c.SourceTopUpBody: {"customerId": "budi", "amount": 50000, "paymentMethod": "va", "vaChannel": "BCA_VIRTUAL_ACCOUNT"},
    c.SourceTopUp: {
        "paymentId": "req_019bbf5d6a1577a7878a214734d2fcfb",
        "xenditId": "pr-8877c08a-740d-4153-9816-3d744ed197a5",
        "status": "REQUIRES_ACTION",
        "amount": 50000,
        "expiresAt": 1768532400000,
        "vaNumber": "1077660000000001",
        "vaChannel": "BCA_VIRTUAL_ACCOUNT",
    },
    s.SubscriptionBody: {"customer_id": "budi", "plan": "pro-bulanan"},
    s.MadeSubscription: _SUBSCRIPTION | _WAITING | {"created": True, "position": 42},
    s.OneSubscription: _SUBSCRIPTION | {"history": _HISTORY, "position": 47, "lag_seconds": 0.0},
    s.CancelBody: {"at": "period_end"},
    s.ChangeBody: {"plan": "pro-bulanan", "at": "period_end"},
    s.ActedSubscription: _SUBSCRIPTION | {"status": "cancelled", "cancel_at_period_end": True, "position": 52},
    c.SourceError: {"error": "Nominal tidak valid. Pilih: 25000, 50000, 100000"},
}  # fmt: skip
