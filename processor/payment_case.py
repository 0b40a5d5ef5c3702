"""What the facts say about one payment, whatever order they came in.

Every field is merged by an operation that commutes (maximum, union, "newest by the provider's clock"), so the state depends on the set of
facts and not on their arrival. Policies (`processor.payment_policy`) read it; nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from schemas.event_model import EventModel
from schemas.facts import (
    OrderCancelled,
    OrderDeleted,
    OrderRecorded,
    PaymentAuthorized,
    PaymentExpired,
    PaymentFact,
    PaymentFailed,
    PaymentPending,
    PaymentSettled,
    PaymentSucceeded,
    ProductHint,
    RefundFact,
    RefundSucceeded,
    SuspenseClaimed,
    SuspenseWrittenOff,
)

RequestOnly = ""
"""Attempt id of facts that name only the request."""

_RANK: dict[type[PaymentFact], tuple[int, str]] = {
    PaymentPending: (0, "pending"),
    PaymentAuthorized: (1, "authorized"),
    PaymentFailed: (2, "failed"),
    PaymentExpired: (3, "expired"),
}


class Register(BaseModel):
    """The newest value by the provider's clock; equal times are settled by the value's text, never by arrival."""

    at: datetime
    value: Any

    def beats(self, other: Register | None) -> bool:
        return other is None or (self.at, repr(self.value)) > (other.at, repr(other.value))


class Report(BaseModel):
    """An unsuccessful state of an attempt."""

    at: datetime
    rank: int
    status: Literal["pending", "authorized", "failed", "expired"]
    failure_code: str | None = None
    position: int = 0
    timed: bool = True


class Attempt(BaseModel):
    """One movement of money at the provider, or the request as a whole (`RequestOnly`)."""

    succeeded: bool = False
    settled: bool = False
    success_position: int | None = None
    timed: bool = True
    amount: Register | None = None
    paid_at: datetime | None = None
    last_success_at: datetime | None = None
    report: Report | None = None
    ended: Report | None = None
    unpaid_at: datetime | None = None
    token_only: bool = False
    without_id: bool = False


class Refund(BaseModel):
    """A refund at the provider, keyed by its id."""

    attempt_id: str | None
    amount: int
    at: datetime


class Claim(BaseModel):
    """An operator's word on held money."""

    customer_id: str
    product: str | None
    actor: str
    position: int


class Grant(BaseModel):
    """What was granted for a part, and how much of it a refund took back."""

    kind: Literal["credit", "tokens", "course", "sale", "plan"]
    customer_id: str | None
    amount_idr: int | None
    tokens: int = 0
    product: str
    refunded_idr: int = 0
    clawed_tokens: int = 0
    revoked: bool = False


class Hold(BaseModel):
    """Money of a part in suspense."""

    suspense_id: str
    reason: str
    amount: int | None
    refunded_idr: int = 0


class PaymentCase(BaseModel):
    """One payment (with all attempts at it) or one order, and what was decided about it."""

    key: str
    provider: str
    payment_key: str
    aliases: set[str] = Field(default_factory=set)
    attempts: dict[str, Attempt] = Field(default_factory=dict)
    refunds: dict[str, Refund] = Field(default_factory=dict)
    group_id: str | None = None
    reusable: bool = False
    registers: dict[str, Register] = Field(default_factory=dict)
    order: Register | None = None
    cancelled_at: datetime | None = None
    deleted_at: datetime | None = None
    claims: dict[str, Claim] = Field(default_factory=dict)
    write_offs: dict[str, str] = Field(default_factory=dict)

    main: list[str] = Field(default_factory=list)
    owner: str | None = None
    grants: dict[str, Grant] = Field(default_factory=dict)
    holds: dict[str, Hold] = Field(default_factory=dict)
    closed: dict[str, str] = Field(default_factory=dict)
    closed_refunds: dict[str, int] = Field(default_factory=dict)
    refunds_applied: dict[str, int] = Field(default_factory=dict)
    parked: list[str] = Field(default_factory=list)
    merged_records: set[str] = Field(default_factory=set)
    assessed: dict[str, str] = Field(default_factory=dict)
    new_facts: list[int] = Field(default_factory=list)

    def observe(self, event: EventModel, position: int) -> None:
        """Merge one fact. Applying it again changes nothing."""
        if isinstance(event, PaymentFact):
            self._payment(event, position)
        elif isinstance(event, RefundFact):
            self._refund(event)
        elif isinstance(event, OrderRecorded):
            self._order(event)
        elif isinstance(event, OrderCancelled):
            self.aliases |= {event.order_key, *event.aliases}
            self.cancelled_at = _latest(self.cancelled_at, event.as_of)
        elif isinstance(event, OrderDeleted):
            self.aliases |= {event.order_key, *event.aliases}
            self.deleted_at = _latest(self.deleted_at, event.as_of)
        elif isinstance(event, SuspenseClaimed):
            self._claim(event, position)
        elif isinstance(event, SuspenseWrittenOff):
            self.write_offs[event.suspense_id] = event.actor
        self.new_facts.append(position)

    def value(self, name: str) -> Any:
        """The newest known value of a context field, or None."""
        register = self.registers.get(name)
        return register.value if register else None

    @property
    def products(self) -> tuple[ProductHint, ...]:
        return tuple(ProductHint.model_validate(hint) for hint in self.value("products") or ())

    @property
    def order_snapshot(self) -> OrderRecorded | None:
        return OrderRecorded.model_validate(self.order.value, extra="ignore") if self.order else None

    @property
    def successes(self) -> dict[str, Attempt]:
        """Attempts that brought money. A success that names only the request counts while no real attempt has succeeded."""
        real = {key: attempt for key, attempt in self.attempts.items() if attempt.succeeded and key}
        if real:
            return real
        return {key: attempt for key, attempt in self.attempts.items() if attempt.succeeded}

    def paid_at(self, attempts: Iterable[str]) -> datetime | None:
        """When the earliest of these attempts was paid."""
        times = (self.attempts[key].paid_at for key in attempts if key in self.attempts)
        return min((time for time in times if time is not None), default=None)

    def reversed(self) -> bool:
        """A person at the provider set a paid payment back to unpaid, later than it was paid."""
        paid = _newest(attempt.last_success_at for attempt in self.attempts.values())
        unpaid = _newest(attempt.unpaid_at for attempt in self.attempts.values())
        return paid is not None and unpaid is not None and unpaid > paid

    def absorb(self, other: PaymentCase) -> None:
        """Take over another case of the same payment that decided nothing yet."""
        self.aliases |= other.aliases
        for key, attempt in other.attempts.items():
            self.attempts[key] = _join(self.attempts.get(key), attempt)
        self.refunds.update(other.refunds)
        for name, register in other.registers.items():
            self._set(name, register)
        if other.order and other.order.beats(self.order):
            self.order = other.order
        self.cancelled_at = _latest(self.cancelled_at, other.cancelled_at)
        self.deleted_at = _latest(self.deleted_at, other.deleted_at)
        self.group_id = self.group_id or other.group_id
        self.reusable = self.reusable or other.reusable
        self.new_facts = sorted({*self.new_facts, *other.new_facts})

    def _payment(self, fact: PaymentFact, position: int) -> None:
        self.aliases |= {fact.payment_key, *fact.aliases, *filter(None, (fact.attempt_id, fact.group_id))}
        self.group_id = self.group_id or fact.group_id
        self.reusable = self.reusable or fact.reusable
        self._remember(fact)
        attempt = self.attempts.setdefault(fact.attempt_id or RequestOnly, Attempt())
        attempt.token_only = attempt.token_only or fact.token_only
        attempt.without_id = attempt.without_id or fact.without_id
        if isinstance(fact, PaymentSucceeded | PaymentSettled):
            _succeed(attempt, fact, position)
        else:
            _report(attempt, fact, position)

    def _remember(self, fact: PaymentFact) -> None:
        known = {
            "payment_type": fact.payment_type,
            "reference_id": fact.reference_id,
            "customer_ref": fact.customer_ref,
            "payer_email": fact.payer_email,
            "channel": fact.channel,
            "method": fact.method,
            "requested_amount": fact.requested_amount,
            "subscription_key": fact.subscription_key,
            "spam": fact.spam,
            "products": [hint.model_dump() for hint in fact.products] or None,
        }
        for name, value in known.items():
            if value is not None:
                self._set(name, Register(at=fact.occurred_at, value=value))

    def _set(self, name: str, register: Register) -> None:
        if register.beats(self.registers.get(name)):
            self.registers[name] = register

    def _refund(self, fact: RefundFact) -> None:
        self.aliases |= {fact.payment_key, *fact.aliases, *filter(None, (fact.attempt_id, fact.group_id))}
        self.group_id = self.group_id or fact.group_id
        if isinstance(fact, RefundSucceeded):
            self.refunds.setdefault(
                fact.refund_id, Refund(attempt_id=fact.attempt_id, amount=fact.amount, at=fact.occurred_at)
            )

    def _order(self, fact: OrderRecorded) -> None:
        self.aliases |= {fact.order_key, *fact.aliases}
        snapshot = Register(at=fact.as_of, value=fact.model_dump(mode="json"))
        if snapshot.beats(self.order):
            self.order = snapshot
        self._set("spam", Register(at=fact.as_of, value=fact.spam))
        if fact.payer_email:
            self._set("payer_email", Register(at=fact.as_of, value=fact.payer_email))

    def _claim(self, event: SuspenseClaimed, position: int) -> None:
        earlier = self.claims.get(event.suspense_id)
        if earlier is None or earlier.position < position:
            self.claims[event.suspense_id] = Claim(
                customer_id=event.customer_id, product=event.product, actor=event.actor, position=position
            )


def _succeed(attempt: Attempt, fact: PaymentFact, position: int) -> None:
    attempt.succeeded = True
    attempt.settled = attempt.settled or isinstance(fact, PaymentSettled)
    attempt.timed = attempt.timed and fact.timed
    attempt.success_position = min(position, attempt.success_position or position)
    attempt.paid_at = _earliest(attempt.paid_at, fact.paid_at or fact.occurred_at)
    attempt.last_success_at = _latest(attempt.last_success_at, fact.occurred_at)
    if fact.amount is not None:
        amount = Register(at=fact.occurred_at, value=fact.amount)
        attempt.amount = amount if amount.beats(attempt.amount) else attempt.amount


def _report(attempt: Attempt, fact: PaymentFact, position: int) -> None:
    rank, status = _RANK[type(fact)]
    report = Report.model_validate(
        {
            "at": fact.occurred_at,
            "rank": rank,
            "status": status,
            "failure_code": fact.failure_code,
            "position": position,
            "timed": fact.timed,
        }
    )
    attempt.report = _last(attempt.report, report)
    if status in ("failed", "expired"):
        attempt.ended = report if attempt.ended is None or report.at < attempt.ended.at else attempt.ended
    if fact.provider_status == "unpaid" and fact.timed:
        attempt.unpaid_at = _latest(attempt.unpaid_at, fact.occurred_at)


def _last(one: Report | None, two: Report) -> Report:
    return two if one is None or (two.at, two.rank) > (one.at, one.rank) else one


def _join(one: Attempt | None, two: Attempt) -> Attempt:
    if one is None:
        return two
    amount = two.amount if two.amount and two.amount.beats(one.amount) else one.amount
    positions = [p for p in (one.success_position, two.success_position) if p is not None]
    ended = min(filter(None, (one.ended, two.ended)), key=lambda report: report.at, default=None)
    return Attempt(
        succeeded=one.succeeded or two.succeeded,
        settled=one.settled or two.settled,
        success_position=min(positions, default=None),
        timed=one.timed and two.timed,
        amount=amount,
        paid_at=_earliest(one.paid_at, two.paid_at),
        last_success_at=_latest(one.last_success_at, two.last_success_at),
        report=_last(one.report, two.report) if two.report else one.report,
        ended=ended,
        unpaid_at=_latest(one.unpaid_at, two.unpaid_at),
        token_only=one.token_only or two.token_only,
        without_id=one.without_id or two.without_id,
    )


def _latest(one: datetime | None, two: datetime | None) -> datetime | None:
    return max(filter(None, (one, two)), default=None)


def _earliest(one: datetime | None, two: datetime | None) -> datetime | None:
    return min(filter(None, (one, two)), default=None)


def _newest(times: Iterable[datetime | None]) -> datetime | None:
    return max((time for time in times if time is not None), default=None)
