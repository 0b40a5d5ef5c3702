"""What the payment page shows of one request of ours. Nothing of it is personal: whoever holds the link may read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schemas.decisions import PaymentStatus

State = Literal["waiting", "preparing", "paid", "short", "held", "refunded", "expired", "failed", "cancelled"]
"""`preparing`: the provider has not said yet how this can be paid. `short`: less came than was asked for; `held`: the money came, and a person
looks at it first. `expired` still takes money that comes late."""

Way = Literal["qris", "va", "ewallet", "hosted"]
"""`hosted`: the provider, or the shop itself, has a page of its own to pay on."""

FINAL: frozenset[State] = frozenset({"paid", "refunded", "failed", "cancelled"})
"""Nothing is waited for. An expired request is not final: money that comes late is credited. Nor is held money: it is passed on or goes back."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One request: `title` what is bought, empty for a top-up; `amount_idr` whole rupiah that were asked for, `received_idr` that came and
    `refunded_idr` that went back of them; `channel` the bank or wallet, `address` where a page
    of others lets one pay. `can_cancel`: the provider lets go of it when the payer says so."""

    kind: Literal["topup", "order"]
    title: str
    amount_idr: int
    way: Way
    channel: str | None
    state: State
    reference: str
    expires_at: datetime | None = None
    paid_at: datetime | None = None
    received_idr: int | None = None
    refunded_idr: int = 0
    qr_string: str | None = None
    va_number: str | None = None
    address: str | None = None
    can_cancel: bool = False


def state_of(
    opened: bool,
    refused: bool,
    status: PaymentStatus | None,
    expires_at: datetime | None,
    now: datetime,
    *,
    held: str | None = None,
    cancelled: bool = False,
) -> State:
    """What the customer is told. The payment's own status wins over our clock, and money over everything.

    `held`: why the money waits in suspense. What waits bought nothing yet, and nobody is thanked for it as if it had.
    """
    if status in ("succeeded", "partially_refunded"):
        return "paid" if held is None else "short" if held == "underpaid" else "held"
    if status in ("refunded", "reversed"):
        return "refunded"
    if cancelled:
        return "cancelled"
    if status == "failed" or refused:
        return "failed"
    if status == "expired" or (expires_at is not None and now >= expires_at):
        return "expired"
    return "waiting" if opened else "preparing"
