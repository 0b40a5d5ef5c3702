"""What a Scalev store remembers: its orders."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ORDER_TIMES = (
    "draft",
    "pending",
    "confirmed",
    "in_process",
    "ready",
    "shipped",
    "completed",
    "rts",
    "canceled",
    "closed",
)
PAYMENT_TIMES = ("unpaid", "paid", "conflict", "settled")


@dataclass(frozen=True, slots=True)
class SoldLine:
    """One variant or bundle in an order."""

    title: str
    price: int
    quantity: int
    variant_id: str | None = None
    bundle_id: str | None = None


@dataclass(slots=True)
class OrderState:
    """One order. `times`: when each status of order and payment was reached; `history`: of the payment, newest first."""

    number: int
    record_id: str
    order_id: str
    slug: str
    lines: list[SoldLine]
    gross: int
    payment_method: str
    created: datetime
    updated: datetime
    customer: dict[str, Any]
    extras: dict[str, int] = field(default_factory=dict)
    status: str = "pending"
    payment_status: str = "unpaid"
    times: dict[str, datetime] = field(default_factory=dict)
    history: list[tuple[datetime, str]] = field(default_factory=list)
    spam: bool = False
    deleted: bool = False
    gateway: dict[str, Any] | None = None
    gateway_reference: str | None = None
    instrument: str = ""
    external_id: str | None = None
    metadata: dict[str, Any] | None = None
    notes: str | None = None
    paid: list[tuple[datetime, int]] = field(default_factory=list)
    back: str | None = None
    unheard: int | None = None
    """Money that the gateway has and Scalev was not told of."""

    def reach(self, status: str, at: datetime) -> None:
        """A status of the payment."""
        self.payment_status, self.updated = status, at
        self.times[status] = at
        self.history.insert(0, (at, status))


@dataclass(slots=True)
class ScalevState:
    """All orders by their id; `names`: every other name of theirs."""

    orders: dict[str, OrderState] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
