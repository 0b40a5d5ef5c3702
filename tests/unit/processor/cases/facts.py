"""Short ways to write facts in tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from schemas import facts as f
from tests.unit.processor.policies.ledgerbook import NOON, VARIANT


def at(minutes: float = 0, days: float = 0) -> datetime:
    """A moment before or after noon of the test day."""
    return NOON + timedelta(minutes=minutes, days=days)


def capture(
    payment: str = "py-1", request: str | None = "pr-1", amount: int = 50_000, **more: Any
) -> f.PaymentSucceeded:
    """A Xendit capture of a top-up."""
    values: dict[str, Any] = {
        "provider": "xendit",
        "payment_key": payment,
        "attempt_id": payment,
        "group_id": request,
        "amount": amount,
        "requested_amount": amount,
        "payment_type": "credit_topup",
        "payer_email": "ratna@contoh.id",
        "token_only": True,
        "occurred_at": at(),
        "paid_at": more.get("occurred_at", at()),
    }
    return f.PaymentSucceeded(**(values | more))


def request_fact(kind: type[Any], request: str = "pr-1", **more: Any) -> Any:
    """What Xendit says about a request as a whole."""
    values: dict[str, Any] = {
        "provider": "xendit",
        "payment_key": request,
        "group_id": request,
        "payer_email": "ratna@contoh.id",
        "payment_type": "credit_topup",
        "token_only": True,
        "occurred_at": at(),
    }
    return kind(**(values | more))


def attempt_fact(kind: type[Any], payment: str = "py-1", request: str | None = "pr-1", **more: Any) -> Any:
    """What Xendit says about one attempt without money."""
    return request_fact(
        kind, request or "", payment_key=payment, attempt_id=payment, group_id=request, **more
    )


def refund(
    refund_id: str = "rfd-1", amount: int = 50_000, payment: str | None = "py-1", **more: Any
) -> f.RefundSucceeded:
    values: dict[str, Any] = {
        "provider": "xendit",
        "payment_key": payment or "pr-1",
        "refund_id": refund_id,
        "attempt_id": payment,
        "group_id": "pr-1",
        "amount": amount,
        "occurred_at": at(days=1),
    }
    return f.RefundSucceeded(**(values | more))


def order(
    lines: list[tuple[str, int, int]] | None = None,
    gross: int = 150_000,
    key: str = "260504AAAAAA",
    **more: Any,
) -> f.OrderRecorded:
    """A Scalev order; lines are (variant, quantity, amount)."""
    chosen = lines if lines is not None else [(VARIANT, 1, gross)]
    values: dict[str, Any] = {
        "provider": "scalev",
        "order_key": key,
        "aliases": (key, f"id-{key}"),
        "gross_amount": gross,
        "payer_email": "ratna@contoh.id",
        "as_of": at(minutes=-10),
        "lines": tuple(
            f.OrderLine(
                product=f.ProductHint(kind="variant", value=variant), quantity=quantity, amount=amount
            )
            for variant, quantity, amount in chosen
        ),
    }
    return f.OrderRecorded(**(values | more))


def paid(kind: type[Any] = f.PaymentSucceeded, key: str = "260504AAAAAA", **more: Any) -> Any:
    """What Scalev says about the payment of an order."""
    values: dict[str, Any] = {
        "provider": "scalev",
        "payment_key": key,
        "aliases": (key, f"id-{key}"),
        "provider_status": "unpaid" if kind is f.PaymentPending else "paid",
        "occurred_at": at(),
    }
    return kind(**(values | more))


def package(
    package_name: str = "silver", payment: str = "trx-1", amount: int | None = 75_000, **more: Any
) -> f.PaymentSucceeded:
    """A Mayar payment of a token package."""
    values: dict[str, Any] = {
        "provider": "mayar",
        "payment_key": payment,
        "attempt_id": payment,
        "amount": amount,
        "payer_email": "ratna@contoh.id",
        "products": (f.ProductHint(kind="tier", value=package_name),),
        "token_only": True,
        "occurred_at": at(),
    }
    return f.PaymentSucceeded(**(values | more))


def licence(report: str, ends: datetime | None, code: str = "LCN-1", **more: Any) -> f.SubscriptionReported:
    """What Mayar says about a licence."""
    values: dict[str, Any] = {
        "provider": "mayar",
        "subscription_key": code,
        "report": report,
        "licence_code": code,
        "payer_email": "ratna@contoh.id",
        "expires_at": ends,
        "token_only": True,
        "occurred_at": at(),
        "timed": False,
    }
    return f.SubscriptionReported(**(values | more))


def cycle(
    number: int, starts: datetime, report: str = "renewed", plan: str = "repl-1", **more: Any
) -> f.SubscriptionReported:
    """One charge of a Xendit plan."""
    values: dict[str, Any] = {
        "provider": "xendit",
        "subscription_key": plan,
        "report": report,
        "cycle_id": f"recy-{number}",
        "cycle_number": number,
        "payment_id": f"py-cycle-{number}",
        "amount": 200_000,
        "starts_at": starts,
        "occurred_at": starts + timedelta(minutes=1),
        "products": (f.ProductHint(kind="plan_reference", value="sub-pro-1"),),
        "payer_email": "ratna@contoh.id",
        "token_only": True,
    }
    return f.SubscriptionReported(**(values | more))


def charge(number: int, starts: datetime, plan: str = "repl-1", **more: Any) -> f.PaymentSucceeded:
    """The money of a charge of a Xendit plan."""
    values: dict[str, Any] = {
        "provider": "xendit",
        "payment_key": f"py-cycle-{number}",
        "attempt_id": f"py-cycle-{number}",
        "amount": 200_000,
        "payment_type": "subscription_renewal",
        "subscription_key": plan,
        "products": (f.ProductHint(kind="plan_reference", value="sub-pro-1"),),
        "token_only": True,
        "occurred_at": starts + timedelta(minutes=1),
    }
    return f.PaymentSucceeded(**(values | more))
