"""What the facts say about one payment, whatever order they came in.

Every field is merged by an operation that commutes (maximum, union, "newest by the provider's clock"), so the state depends on the set of
facts and not on their arrival. Policies (`processor.policies.payment`) read it; nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from msgspec import field
from msgspec.structs import replace

from processor.cases.attempts import Attempt, Register, RequestOnly, earliest, join, report, succeed
from processor.cases.names import number_of
from processor.cases.own_request import OwnRequest, first
from processor.cases.refund import Refund
from processor.cases.spoken import Claim, WriteOff, take_back
from processor.cases.state import State
from schemas.event_model import EventModel
from schemas.facts import (
    DisputeFact,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    OrderCancelled,
    OrderDeleted,
    OrderRecorded,
    PaymentFact,
    PaymentSettled,
    PaymentSucceeded,
    ProductHint,
    RefundFact,
    RefundSucceeded,
    SuspenseClaimed,
    SuspenseClaimWithdrawn,
    SuspenseWriteOffWithdrawn,
    SuspenseWrittenOff,
)
from schemas.request_facts import CheckoutFact, CheckoutOpened, CheckoutRefused, CheckoutRequested

_CONTEXT = (
    "payment_type",
    "reference_id",
    "customer_ref",
    "payer_email",
    "channel",
    "method",
    "requested_amount",
    "subscription_key",
)
"""Fields of a payment fact whose newest word counts."""


class Dispute(State):
    """A payer's bank asking for the money, keyed by its id: the newest word on it. `since`: the time of the first."""

    at: datetime
    status: Literal["opened", "won", "lost"]
    amount: int | None = None
    attempt_id: str | None = None
    since: datetime | None = None


class PaymentFacts(State):
    """One payment (with all attempts at it) or one order, as its facts tell. `payers`: e-mails they named, each with the earliest time.

    `numbers`: order numbers that its facts bore beside other ids; `contradicts`: orders of another number that claim an id of this one.
    `request`: what our own checkout asked for; `opened_as` its ids at the provider; `refused_for` why the provider would not have it.
    `failed_refunds`: when it was said last of a refund that it failed.
    `withdrawn`: where in the log the newest claim of held money was taken back; `reopened`: the newest write-off.
    `fixed`: a program that kept no grounds decided on it (processor/cases/earlier.py).
    """

    key: str
    provider: str
    payment_key: str
    names: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    failed_refunds: dict[str, datetime] = field(default_factory=dict)
    group_id: str | None = None
    reusable: bool = False
    registers: dict[str, Register] = field(default_factory=dict)
    payers: dict[str, datetime] = field(default_factory=dict)
    orders: list[Register] = field(default_factory=list)
    spam_marks: list[Register] = field(default_factory=list)
    cancelled_at: datetime | None = None
    deleted_at: datetime | None = None
    claims: dict[str, Claim] = field(default_factory=dict)
    withdrawn: dict[str, int] = field(default_factory=dict)
    write_offs: dict[str, WriteOff] = field(default_factory=dict)
    reopened: dict[str, int] = field(default_factory=dict)
    disputes: dict[str, Dispute] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    contradicts: set[str] = field(default_factory=set)
    request: OwnRequest | None = None
    opened_as: str | None = None
    refused_for: str | None = None
    fixed: bool = False

    def observe(self, event: EventModel, position: int) -> None:
        """Merge one fact. Applying it again changes nothing."""
        number = number_of(event)
        if number is not None:
            self.numbers.add(number)
        if isinstance(event, PaymentFact):
            self._payment(event, position)
        elif isinstance(event, RefundFact):
            self._refund(event)
        elif isinstance(event, DisputeFact):
            self._dispute(event)
        elif isinstance(event, CheckoutFact):
            self._checkout(event)
        elif isinstance(event, OrderRecorded):
            self._order(event)
        elif isinstance(event, OrderCancelled):
            self.aliases |= {event.order_key, *event.aliases}
            self.cancelled_at = earliest(self.cancelled_at, event.as_of)
        elif isinstance(event, OrderDeleted):
            self.aliases |= {event.order_key, *event.aliases}
            self.deleted_at = earliest(self.deleted_at, event.as_of)
        elif isinstance(event, SuspenseClaimed):
            self._claim(event, position)
        elif isinstance(event, SuspenseClaimWithdrawn):
            take_back(self.claims, self.withdrawn, event.suspense_id, position)
        elif isinstance(event, SuspenseWrittenOff):
            if self.reopened.get(event.suspense_id, 0) < position:
                self.write_offs[event.suspense_id] = WriteOff(event.actor, position)
        elif isinstance(event, SuspenseWriteOffWithdrawn):
            take_back(self.write_offs, self.reopened, event.suspense_id, position)

    def value(self, name: str) -> Any:
        """What our own request says of it; else the newest known value of a context field, or None."""
        if self.request is not None and (own := self.request.word(name)) is not None:
            return own
        register = self.registers.get(name)
        return register.value if register else None

    @property
    def products(self) -> tuple[ProductHint, ...]:
        return tuple(ProductHint.model_validate(hint) for hint in self.value("products") or ())

    @property
    def order(self) -> Register | None:
        """The order as it was when it was paid: the price agreed then is the price."""
        if not self.orders:
            return None
        paid_at = self.paid_at(self.successes)
        agreed = [order for order in self.orders if paid_at is None or order.at <= paid_at]
        return max(agreed, key=_by_time) if agreed else min(self.orders, key=_by_time)

    @property
    def order_snapshot(self) -> OrderRecorded | None:
        order = self.order
        return OrderRecorded.model_validate(order.value, extra="ignore") if order else None

    @property
    def spam(self) -> bool:
        """Judged spam when it was paid, and nobody said otherwise since."""
        if not self.spam_marks:
            return False
        paid_at = self.paid_at(self.successes)
        before = [mark.at for mark in self.spam_marks if paid_at is None or mark.at <= paid_at]
        since = max(before, default=None)
        words = [mark.value for mark in self.spam_marks if since is None or mark.at >= since]
        return all(words)

    @property
    def successes(self) -> dict[str, Attempt]:
        """Attempts that brought money. A success that names only the request counts while no real attempt has succeeded."""
        successes = {key: attempt for key, attempt in self.attempts.items() if attempt.succeeded}
        if len(successes) > 1:
            successes.pop(RequestOnly, None)
        return successes

    @property
    def paid(self) -> bool:
        """Some money was received."""
        return bool(self.successes)

    @property
    def announced_at(self) -> datetime | None:
        """Since when money is announced that no fact has told yet; None once some was received."""
        found: datetime | None = None
        for attempt in self.attempts.values():
            found = earliest(found, attempt.announced_at)
        return found if found is not None and not self.paid else None

    @property
    def in_hand(self) -> bool:
        """A person has spoken about its money: later news is shown to them (processor/policies/alarms.py), and undoes nothing."""
        return bool(self.claims or self.write_offs or self.fixed)

    def paid_at(self, attempts: Iterable[str]) -> datetime | None:
        """When the earliest of these attempts was paid."""
        found: datetime | None = None
        for key in attempts:
            if key in self.attempts:
                found = earliest(found, self.attempts[key].paid_at)
        return found

    def emails(self) -> list[str]:
        """Whose money it may be: the payer named when it was paid, then those named later, who may correct the former."""
        if len(self.payers) < 2:
            email = next(iter(self.payers), None) or self.value("payer_email")
            return [email] if email else []
        told = sorted((at, email) for email, at in self.payers.items())
        paid_at = self.paid_at(self.successes)
        by_then = [at for at, _ in told if paid_at is None or at <= paid_at]
        since = by_then[-1] if by_then else told[0][0]
        return [email for at, email in told if at >= since]

    @property
    def order_key(self) -> str:
        """What readers know the order by: as its snapshot names it, whatever name came first."""
        order = self.order
        return str(order.value["order_key"]) if order else self.opened_as or self.payment_key

    def order_problem(self) -> str | None:
        """Why money for this order is not for what was ordered, or None. By the provider's times, not by arrival."""
        if self.spam:
            return "spam_order"
        if self.deleted_at is None and self.cancelled_at is None:
            return None
        paid_at = self.paid_at(self.successes)
        if self.deleted_at and (paid_at is None or paid_at > self.deleted_at):
            return "order_deleted"
        if self.cancelled_at and (paid_at is None or paid_at > self.cancelled_at):
            return "paid_after_cancel"
        return None

    def reversed(self) -> bool:
        """A person at the provider set a paid payment back to unpaid, later than it was paid."""
        attempts = self.attempts.values()
        unpaid = [attempt.unpaid_at for attempt in attempts if attempt.unpaid_at is not None]
        if not unpaid:
            return False
        paid = [attempt.last_success_at for attempt in attempts if attempt.last_success_at is not None]
        return bool(paid) and max(unpaid) > max(paid)

    def absorb(self, other: PaymentFacts) -> None:
        """What another case of the same payment was told."""
        self.names |= other.names
        self.aliases |= other.aliases
        for key, attempt in other.attempts.items():
            self.attempts[key] = join(self.attempts.get(key), attempt)
        for refund_id, refund in other.refunds.items():
            self.refunds[refund_id] = refund.beside(self.refunds.get(refund_id))
        for refund_id, at in other.failed_refunds.items():
            self.failed_refunds[refund_id] = max(at, self.failed_refunds.get(refund_id, at))
        for dispute_id, dispute in other.disputes.items():
            self._say_dispute(dispute_id, dispute)
        self.numbers |= other.numbers
        self.contradicts |= other.contradicts
        self.request = first(self.request, other.request)
        self.opened_as = self.opened_as or other.opened_as
        self.refused_for = self.refused_for or other.refused_for
        for name, register in other.registers.items():
            self._set(name, register)
        for email, at in other.payers.items():
            self._payer(email, at)
        for order in other.orders:
            _add(self.orders, order)
        for mark in other.spam_marks:
            _add(self.spam_marks, mark)
        self.cancelled_at = earliest(self.cancelled_at, other.cancelled_at)
        self.deleted_at = earliest(self.deleted_at, other.deleted_at)
        self.group_id = self.group_id or other.group_id
        self.reusable = self.reusable or other.reusable

    def _payment(self, fact: PaymentFact, position: int) -> None:
        self._named(fact)
        self.reusable = self.reusable or fact.reusable
        self._remember(fact)
        attempt = self.attempts.setdefault(fact.attempt_id or RequestOnly, Attempt())
        attempt.token_only = attempt.token_only or fact.token_only
        attempt.without_id = attempt.without_id or fact.without_id
        if isinstance(fact, PaymentSucceeded | PaymentSettled):
            attempt.confirmed = attempt.confirmed or not fact.token_only
            succeed(attempt, fact, position)
        else:
            report(attempt, fact, position)

    def _checkout(self, fact: CheckoutFact) -> None:
        self.aliases.add(fact.reference)
        if isinstance(fact, CheckoutRequested):
            self.request = first(self.request, OwnRequest.of(fact))
        elif isinstance(fact, CheckoutOpened):
            self.aliases |= {fact.payment_key, *fact.aliases}
            self.group_id = self.group_id or fact.group_id
            self.opened_as = self.opened_as or fact.payment_key
        elif isinstance(fact, CheckoutRefused):
            self.refused_for = self.refused_for or fact.code

    def _dispute(self, fact: DisputeFact) -> None:
        self._named(fact)
        status = _DISPUTES[type(fact)]
        word = Dispute(at=fact.occurred_at, status=status, amount=fact.amount, attempt_id=fact.attempt_id)
        self._say_dispute(fact.dispute_id, word)

    def _say_dispute(self, dispute_id: str, new: Dispute) -> None:
        """An end outweighs what is under way; of two words of one kind the newer counts."""
        known = self.disputes.get(dispute_id)
        newest = new if known is None or _dispute_weight(new) > _dispute_weight(known) else known
        words = [word.since or word.at for word in (known, new) if word is not None]
        self.disputes[dispute_id] = replace(newest, since=min(words))

    def _named(self, fact: PaymentFact | RefundFact | DisputeFact) -> None:
        self.aliases.add(fact.payment_key)
        self.aliases.update(fact.aliases)
        self.aliases.update(one for one in (fact.attempt_id, fact.group_id) if one)
        self.group_id = self.group_id or fact.group_id

    def _remember(self, fact: PaymentFact) -> None:
        for name in _CONTEXT:
            value = getattr(fact, name)
            if value is not None:
                self._set(name, Register(fact.occurred_at, value))
        if fact.payer_email and not isinstance(fact, PaymentSettled):
            # That the money arrived says nothing new about who paid, and may bear the time of payment.
            self._payer(fact.payer_email, fact.occurred_at)
        if fact.products:
            hints = [hint.model_dump() for hint in fact.products]
            self._set("products", Register(fact.occurred_at, hints))
        if fact.spam is not None:
            _add(self.spam_marks, Register(fact.occurred_at, fact.spam))

    def _set(self, name: str, register: Register) -> None:
        if register.beats(self.registers.get(name)):
            self.registers[name] = register

    def _refund(self, fact: RefundFact) -> None:
        self._named(fact)
        at = fact.occurred_at
        if isinstance(fact, RefundSucceeded):
            told = Refund(attempt_id=fact.attempt_id, amount=fact.amount, at=at)
            self.refunds[fact.refund_id] = told.beside(self.refunds.get(fact.refund_id))
        else:
            self.failed_refunds[fact.refund_id] = max(at, self.failed_refunds.get(fact.refund_id, at))

    def _order(self, fact: OrderRecorded) -> None:
        self.aliases |= {fact.order_key, *fact.aliases}
        _add(self.orders, Register(at=fact.as_of, value=fact.model_dump(mode="json")))
        _add(self.spam_marks, Register(at=fact.as_of, value=fact.spam))
        if fact.payer_email:
            self._set("payer_email", Register(at=fact.as_of, value=fact.payer_email))
            self._payer(fact.payer_email, fact.as_of)

    def _payer(self, email: str, at: datetime) -> None:
        known = self.payers.get(email)
        self.payers[email] = at if known is None else min(known, at)

    def _claim(self, event: SuspenseClaimed, position: int) -> None:
        earlier = self.claims.get(event.suspense_id)
        since = earlier.position if earlier else self.withdrawn.get(event.suspense_id, 0)
        if since < position:
            self.claims[event.suspense_id] = Claim(event.customer_id, event.product, event.actor, position)


_DISPUTES: dict[type[DisputeFact], Literal["opened", "won", "lost"]] = {
    DisputeOpened: "opened",
    DisputeWon: "won",
    DisputeLost: "lost",
}


def _dispute_weight(dispute: Dispute) -> tuple[bool, datetime, str, int]:
    return (dispute.status != "opened", dispute.at, dispute.status, dispute.amount or 0)


def _add(registers: list[Register], new: Register) -> None:
    if new not in registers:
        registers.append(new)


def _by_time(register: Register) -> tuple[datetime, str]:
    return (register.at, repr(register.value))
