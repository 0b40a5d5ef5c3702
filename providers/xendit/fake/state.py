"""What a Xendit account remembers: payment requests, the payments made at them, and refunds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Era = Literal["v3", "v2", "invoice", "plan", "session"]
"""Which generation of the API asked; its webhooks follow."""


@dataclass(slots=True)
class RequestState:
    """One payment request, or what stands behind an invoice."""

    request_id: str
    reference_id: str
    era: Era
    kind: str
    amount: int | None
    channel: str
    channel_properties: dict[str, Any]
    capture_method: str
    status: str
    created: datetime
    updated: datetime
    expires: datetime | None
    actions: list[dict[str, Any]] | None
    instrument: str = ""
    description: str | None = None
    metadata: dict[str, Any] | None = None
    customer_id: str | None = None
    customer: dict[str, Any] | None = None
    failure_code: str | None = None
    method_id: str = ""
    """Of the second generation: the payment method that the request uses."""
    further: dict[str, Any] = field(default_factory=dict)
    payment_ids: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.status in ("REQUIRES_ACTION", "ACCEPTING_PAYMENTS", "PENDING")


@dataclass(slots=True)
class PaymentState:
    """One payment at a request."""

    payment_id: str
    request_id: str
    capture_id: str
    amount: int
    status: str
    created: datetime
    updated: datetime
    failure_code: str | None = None
    captured: int = 0
    disputed: str | None = None


@dataclass(slots=True)
class RefundState:
    """One refund of one payment."""

    refund_id: str
    payment_id: str
    request_id: str
    reference_id: str
    amount: int
    status: str
    reason: str
    created: datetime
    updated: datetime
    failure_code: str | None = None
    metadata: dict[str, Any] | None = None
    invoice_id: str | None = None


@dataclass(slots=True)
class TokenState:
    """One stored instrument. `status`: REQUIRES_ACTION, ACTIVE, FAILED, EXPIRED, CANCELED; `link`: the page where it is linked, if it has one."""

    token_id: str
    reference_id: str
    channel: str
    customer_id: str | None
    created: datetime
    updated: datetime
    status: str = "REQUIRES_ACTION"
    link: str | None = None
    channel_properties: dict[str, Any] = field(default_factory=dict)
    description: str | None = None
    metadata: dict[str, Any] | None = None
    failure_code: str | None = None


@dataclass(slots=True)
class PlanState:
    """One recurring plan. `failing`: charges fail from now on; `status`: REQUIRES_ACTION, ACTIVE, INACTIVE."""

    plan_id: str
    reference_id: str
    customer_id: str | None
    amount: int
    schedule: dict[str, Any]
    anchor: datetime
    immediate: bool
    failed_cycle_action: str
    status: str
    created: datetime
    updated: datetime
    token_id: str | None = None
    link: str | None = None
    metadata: dict[str, Any] | None = None
    description: str | None = None
    failure_code: str | None = None
    failing: bool = False
    session_id: str | None = None
    done: int = 0
    cycles: list[str] = field(default_factory=list)


@dataclass(slots=True)
class CycleState:
    """One charge of a plan, with its attempts."""

    cycle_id: str
    plan_id: str
    number: int
    kind: str
    status: str
    amount: int
    scheduled: datetime
    created: datetime
    updated: datetime
    attempts: list[dict[str, Any]] = field(default_factory=list)
    forced: int = 0


@dataclass(slots=True)
class KeptAnswer:
    """What a call with an `idempotency-key` was answered, and the SHA-256 of its body."""

    digest: str
    status: int
    document: Any


@dataclass(slots=True)
class XenditState:
    """Everything, by id. `names`: any other name of a request → its id."""

    requests: dict[str, RequestState] = field(default_factory=dict)
    payments: dict[str, PaymentState] = field(default_factory=dict)
    refunds: dict[str, RefundState] = field(default_factory=dict)
    plans: dict[str, PlanState] = field(default_factory=dict)
    cycles: dict[str, CycleState] = field(default_factory=dict)
    tokens: dict[str, TokenState] = field(default_factory=dict)
    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    """Where webhooks go, by the type under which the address was set."""
    names: dict[str, str] = field(default_factory=dict)
    answers: dict[str, KeptAnswer] = field(default_factory=dict)
    """By kind of call and its `idempotency-key`."""

    def find(self, name: str) -> RequestState | None:
        """The request that has this id, reference, payment or number."""
        return self.requests.get(self.names.get(name, name))

    def payments_of(self, request: RequestState) -> list[PaymentState]:
        return [self.payments[payment_id] for payment_id in request.payment_ids]

    def refunds_of(self, payment: PaymentState) -> list[RefundState]:
        return [refund for refund in self.refunds.values() if refund.payment_id == payment.payment_id]
