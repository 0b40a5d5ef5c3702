"""What benchmarks of the log write: one ordinary top-up after the other."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.facts import PaymentSucceeded


def top_up(key: str) -> PaymentSucceeded:
    """Rp 50,000 by QRIS, told by a token alone."""
    return PaymentSucceeded(
        provider="xendit",
        payment_key=key,
        attempt_id=key,
        group_id=f"pr-{key}",
        amount=50_000,
        requested_amount=50_000,
        payment_type="credit_topup",
        payer_email="ratna@contoh.id",
        channel="QRIS",
        token_only=True,
        occurred_at=datetime(2026, 7, 1, tzinfo=UTC),
    )
