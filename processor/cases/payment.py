"""What the facts say about one payment, whatever order they came in.

Every field is merged by an operation that commutes (maximum, union, "newest by the provider's clock"), so the state depends on the set of
facts and not on their arrival. Policies (`processor.policies.payment`) read it; nothing here decides anything.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Annotated, Any, Literal, TypeVar

from msgspec import field

from processor.cases.attempts import (
    Attempt,
    Dispute,
    Refund,
    Register,
    RequestOnly,
    report,
    settle,
    succeed,
)
from processor.cases.attesting import is_vouched, level_of
from processor.cases.joining import Earliest, Ever, Union, each, earliest, first_told, joined, once, put
from processor.cases.names import number_of, subscription_case
from processor.cases.own_checkout import AskedRest, OwnRequest
from processor.cases.spoken import Claim, Correction, WriteOff, hear, say, take_back
from processor.cases.state import State
from schemas import facts as f
from schemas.event_model import EventModel
from schemas.payment_words import PaymentCorrected, PaymentCorrectionReverted
from schemas.request_facts import CheckoutFact, CheckoutOpened, CheckoutRefused, CheckoutRequested
from schemas.settlement_facts import SettlementStated

T = TypeVar("T", str, bool)

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


class PaymentFacts(State):
    """One payment (with all attempts at it) or one order, as its facts tell. `payers`: e-mails they named, each with the earliest time; `vouched_payers`:
    those that a provider who signs nothing named on our own asking, beside which the others do not count.

    `numbers`: order numbers that its facts bore beside other ids; `contradicts`: orders of another number that claim an id of this one.
    `request`: what our own checkout asked for; `opened_as` its ids at the provider; `refused_for` why the provider would not have it.
    `rests`: what we asked for once more of it, by reference.
    `failed_refunds`: when it was said last of a refund that it failed.
    `withdrawn`: where in the log the newest claim of held money was taken back; `reopened`: a write-off; `reverted`: a correction.
    `fixed`: a program that kept no grounds decided on it.
    """

    key: str
    provider: str
    payment_key: str
    names: Union = field(default_factory=set)
    aliases: Union = field(default_factory=set)
    attempts: Annotated[dict[str, Attempt], each(joined)] = field(default_factory=dict)
    refunds: Annotated[dict[str, Refund], each(Refund.joined)] = field(default_factory=dict)
    failed_refunds: Annotated[dict[str, datetime], each(max)] = field(default_factory=dict)
    group_id: Annotated[str | None, first_told] = None
    reusable: Ever = False
    registers: Annotated[dict[str, Register], each(Register.newer)] = field(default_factory=dict)
    payers: Annotated[dict[str, datetime], each(min)] = field(default_factory=dict)
    vouched_payers: Annotated[dict[str, datetime], each(min)] = field(default_factory=dict)
    orders: Annotated[list[Register], once] = field(default_factory=list)
    spam_marks: Annotated[list[Register], once] = field(default_factory=list)
    cancelled_at: Earliest = None
    deleted_at: Earliest = None
    claims: dict[str, Claim] = field(default_factory=dict)
    withdrawn: dict[str, int] = field(default_factory=dict)
    write_offs: dict[str, WriteOff] = field(default_factory=dict)
    reopened: dict[str, int] = field(default_factory=dict)
    corrections: Annotated[dict[str, Correction], operator.or_] = field(default_factory=dict)
    reverted: dict[str, int] = field(default_factory=dict)
    disputes: Annotated[dict[str, Dispute], each(Dispute.joined)] = field(default_factory=dict)
    numbers: Union = field(default_factory=set)
    contradicts: Union = field(default_factory=set)
    request: Annotated[OwnRequest | None, partial(earliest, key=attrgetter("order"))] = None
    opened_as: Annotated[str | None, first_told] = None
    refused_for: Annotated[str | None, first_told] = None
    rests: Annotated[dict[str, AskedRest], each(joined)] = field(default_factory=dict)
    fixed: bool = False

    def observe(self, event: EventModel, position: int) -> str | None:
        """Merge one fact. Applying it again changes nothing. Returns the id of held money about which it takes a person's word back."""
        number = number_of(event)
        if number is not None:
            self.numbers.add(number)
        if isinstance(event, f.PaymentFact):
            self._payment(event, position)
        elif isinstance(event, f.RefundFact):
            self._refund(event)
        elif isinstance(event, f.DisputeFact):
            self._dispute(event)
        elif isinstance(event, CheckoutFact):
            self._checkout(event)
        elif isinstance(event, SettlementStated):
            settle(self.attempts.setdefault(event.attempt_id or RequestOnly, Attempt()), event)
        elif isinstance(event, f.OrderRecorded | f.OrderCancelled | f.OrderDeleted):
            self._order(event)
        else:
            return self._word(event, position)
        return None

    def words(self) -> dict[str, Any]:
        """What is known of the context: what our own request says of it; else the newest value of each field."""
        said = {name: register.value for name, register in self.registers.items()}
        return said if self.request is None else said | self.request.words

    def value(self, name: str) -> Any:
        """One of `words`, or None. Where the provider itself named the payer, whoever knows its token names no customer."""
        if self.request is not None and name in self.request.words:
            return self.request.words[name]
        register = self.registers.get(name)
        if register is None or (name == "customer_ref" and self.vouched_payers and not register.vouched):
            return None
        return register.value

    @property
    def subscription(self) -> str | None:
        """Key of the case of the subscription whose charge this is, if it is one."""
        charged_for = self.value("subscription_key")
        return subscription_case(self.provider, charged_for) if charged_for else None

    @property
    def products(self) -> tuple[f.ProductHint, ...]:
        return tuple(f.ProductHint.model_validate(hint) for hint in self.value("products") or ())

    @property
    def order(self) -> Register | None:
        """The order as it was when it was paid: the price agreed then is the price."""
        if not self.orders:
            return None
        paid_at = self.bought_at
        agreed = [order for order in self.orders if paid_at is None or order.at <= paid_at]
        return max(agreed, key=_by_time) if agreed else min(self.orders, key=_by_time)

    @property
    def order_snapshot(self) -> f.OrderRecorded | None:
        order = self.order
        return f.OrderRecorded.model_validate(order.value, extra="ignore") if order else None

    @property
    def spam(self) -> bool:
        """Judged spam when it was paid, and nobody said otherwise since."""
        return bool(self.spam_marks) and all(self._since_paid((one.at, one.value) for one in self.spam_marks))

    @property
    def successes(self) -> dict[str, Attempt]:
        """Attempts that brought money. A success that names only the request counts while no real attempt has succeeded."""
        successes = {key: attempt for key, attempt in self.attempts.items() if attempt.succeeded}
        if len(successes) > 1:
            beside: set[str] = set()
            for reference, rest in self.rests.items():
                if not rest.attempts.isdisjoint(successes):
                    successes.pop(reference, None)
                beside |= {reference, *rest.attempts}
            if successes.keys() - beside - {RequestOnly}:
                successes.pop(RequestOnly, None)
        return successes

    @property
    def paid(self) -> bool:
        """Some money was received."""
        return True in [attempt.succeeded for attempt in self.attempts.values()]

    @property
    def announced_at(self) -> datetime | None:
        """Since when money is announced that no fact has told yet; None once some was received."""
        times = [
            attempt.announced_at for attempt in self.attempts.values() if attempt.announced_at is not None
        ]
        return min(times) if times and not self.paid else None

    @property
    def in_hand(self) -> bool:
        """A person has spoken about its money: later news is shown to them (processor/policies/assessment.py), and undoes nothing."""
        return bool(self.claims or self.write_offs or self.fixed)

    def paid_at(self, attempts: Iterable[str]) -> datetime | None:
        """When the earliest of these attempts was paid."""
        known = self.attempts
        times = [at for key in attempts if key in known and (at := known[key].paid_at) is not None]
        return min(times, default=None)

    @property
    def bought_at(self) -> datetime | None:
        """When its first money was paid."""
        return self.paid_at(self.successes)

    def emails(self) -> list[str]:
        """Whose money it may be: the payer named when it was paid, then those named later, who may correct the former."""
        payers = self.vouched_payers or self.payers
        if len(payers) < 2:
            email = next(iter(payers), None) or self.value("payer_email")
            return [email] if email else []
        return self._since_paid((at, email) for email, at in payers.items())

    def _since_paid(self, told: Iterable[tuple[datetime, T]]) -> list[T]:
        """What was told last before it was paid, and everything since."""
        known, paid_at = sorted(told), self.bought_at
        since = max((at for at, _ in known if paid_at is None or at <= paid_at), default=None)
        return [value for at, value in known if since is None or at >= since]

    @property
    def order_key(self) -> str:
        """What readers know the order by: as its snapshot names it, whatever name came first."""
        order = self.order
        return str(order.value["order_key"]) if order else self.opened_as or self.payment_key

    def order_problem(self) -> str | None:
        """Why money for this order is not for what was ordered, or None. By the provider's times, not by arrival."""
        if self.spam:
            return "spam_order"
        if self.deleted_at is not None and self._paid_after(self.deleted_at):
            return "order_deleted"
        if self.cancelled_at is not None and self._paid_after(self.cancelled_at):
            return "paid_after_cancel"
        return None

    def _paid_after(self, at: datetime) -> bool:
        """Also when nobody knows when it was paid."""
        paid_at = self.bought_at
        return paid_at is None or paid_at > at

    @property
    def reversed_at(self) -> datetime | None:
        """When a person at the provider set a paid payment back to unpaid, later than it was paid."""
        attempts = self.attempts.values()
        unpaid = [attempt.unpaid_at for attempt in attempts if attempt.unpaid_at is not None]
        if not unpaid:
            return None
        paid = [attempt.last_success_at for attempt in attempts if attempt.last_success_at is not None]
        return max(unpaid) if paid and max(unpaid) > max(paid) else None

    def late(self, attempts: tuple[str, ...], tolerance: timedelta) -> bool:
        """Paid after the request or this very attempt had expired or failed: by the provider's clock, else by arrival.

        A request of ours ends when we said it would, whatever the provider still accepts, give or take as much as its clock may differ from ours.
        What came while we waited for the rest of it is in time, however long ago the first request ended.
        """
        attempts = tuple([key for key in attempts if not self._asked_anew(key, tolerance)])
        end = self.request.expires_at if self.request else None
        if end is not None and (paid_at := self.paid_at(attempts)) is not None and paid_at > end + tolerance:
            return True
        ends = [
            attempt.ended
            for key, attempt in self.attempts.items()
            if attempts and attempt.ended and (key == RequestOnly or key in attempts)
        ]
        return any(self.attempts[key].succeeded_after(end) for end in ends for key in attempts)

    def _asked_anew(self, attempt: str, tolerance: timedelta) -> bool:
        at = self.attempts[attempt].paid_at if attempt in self.attempts else None
        return at is not None and any(rest.open_at(at, tolerance) for rest in self.rests.values())

    def _attempt_of(self, fact: f.PaymentFact) -> str:
        """Its name; of what names only a request, that request."""
        named = {fact.payment_key, fact.group_id, fact.reference_id, *fact.aliases}
        for reference, rest in self.rests.items():
            if not rest.names.isdisjoint(named):
                if fact.attempt_id:
                    rest.attempts.add(fact.attempt_id)
                return fact.attempt_id or reference
        return fact.attempt_id or RequestOnly

    def _payment(self, fact: f.PaymentFact, position: int) -> None:
        self._named(fact)
        self.reusable = self.reusable or fact.reusable
        self._remember(fact)
        attempt = self.attempts.setdefault(self._attempt_of(fact), Attempt())
        attempt.token_only = attempt.token_only or fact.token_only
        attempt.without_id = attempt.without_id or fact.without_id
        if isinstance(fact, (f.PaymentSucceeded, f.PaymentSettled)):
            succeed(attempt, fact, position, level_of(fact))
        else:
            report(attempt, fact, position)
        hear(self.corrections.values(), fact, _CONTEXT, position)

    def _checkout(self, fact: CheckoutFact) -> None:
        self.aliases.add(fact.reference)
        if isinstance(fact, CheckoutRequested) and fact.rest_of is not None:
            put(self.rests, fact.reference, AskedRest.of(fact), joined)
        elif fact.reference in self.rests:
            if isinstance(fact, CheckoutOpened):
                names = {fact.payment_key, *fact.aliases, *filter(None, [fact.group_id])}
                self.rests[fact.reference].names |= names
                self.aliases |= names
        elif isinstance(fact, CheckoutRequested):
            self.request = earliest(self.request, OwnRequest.of(fact), attrgetter("order"))
        elif isinstance(fact, CheckoutOpened):
            self.aliases |= {fact.payment_key, *fact.aliases}
            self.group_id = self.group_id or fact.group_id
            self.opened_as = self.opened_as or fact.payment_key
        elif isinstance(fact, CheckoutRefused):
            self.refused_for = self.refused_for or fact.code

    def _dispute(self, fact: f.DisputeFact) -> None:
        self._named(fact)
        if fact.dispute_id.startswith(f.CONTESTED) and fact.attestation != "api_confirmed":
            return  # such a name is our own; who writes webhooks contests nothing by it, and settles nothing
        at, status = fact.occurred_at, _DISPUTES[type(fact)]
        word = Dispute(at, status, fact.amount, fact.attempt_id, since=at)
        put(self.disputes, fact.dispute_id, word, Dispute.joined)

    def _named(self, fact: f.PaymentFact | f.RefundFact | f.DisputeFact) -> None:
        self.aliases.add(fact.payment_key)
        self.aliases.update(fact.aliases)
        self.aliases.update(one for one in (fact.attempt_id, fact.group_id) if one)
        self.group_id = self.group_id or fact.group_id

    def _remember(self, fact: f.PaymentFact) -> None:
        at, vouched = fact.occurred_at, is_vouched(fact)
        for name in _CONTEXT:
            value = getattr(fact, name)
            if value is not None:
                put(self.registers, name, Register(at, value, vouched), Register.newer)
        if fact.payer_email and not isinstance(fact, f.PaymentSettled):
            # That the money arrived says nothing new about who paid, and may bear the time of payment.
            put(self.vouched_payers if vouched else self.payers, fact.payer_email, at, min)
        if fact.products:
            hints = [hint.model_dump() for hint in fact.products]
            put(self.registers, "products", Register(at, hints, vouched), Register.newer)
        if fact.spam is not None:
            self.spam_marks = once(self.spam_marks, [Register(at, fact.spam)])

    def _refund(self, fact: f.RefundFact) -> None:
        self._named(fact)
        at = fact.occurred_at
        if isinstance(fact, f.RefundSucceeded):
            told = Refund(fact.attempt_id, fact.amount, at)
            put(self.refunds, fact.refund_id, told, Refund.joined)
        else:
            put(self.failed_refunds, fact.refund_id, at, max)

    def _order(self, fact: f.OrderRecorded | f.OrderCancelled | f.OrderDeleted) -> None:
        self.aliases |= {fact.order_key, *fact.aliases}
        at = fact.as_of
        if isinstance(fact, f.OrderCancelled):
            self.cancelled_at = earliest(self.cancelled_at, at)
        elif isinstance(fact, f.OrderDeleted):
            self.deleted_at = earliest(self.deleted_at, at)
        else:
            self.orders = once(self.orders, [Register(at, fact.model_dump(mode="json"))])
            self.spam_marks = once(self.spam_marks, [Register(at, fact.spam)])
            if fact.payer_email:
                put(self.registers, "payer_email", Register(at, fact.payer_email), Register.newer)
                put(self.payers, fact.payer_email, at, min)

    def _word(self, event: EventModel, position: int) -> str | None:
        """What a person said of it."""
        if isinstance(event, f.SuspenseClaimed):
            claim = Claim(event.customer_id, event.product, event.actor, position)
            say(self.claims, self.withdrawn, event.suspense_id, claim)
        elif isinstance(event, f.SuspenseClaimWithdrawn):
            taken = take_back(self.claims, self.withdrawn, event.suspense_id, position)
            return event.suspense_id if taken else None
        elif isinstance(event, f.SuspenseWrittenOff):
            say(self.write_offs, self.reopened, event.suspense_id, WriteOff(event.actor, position))
        elif isinstance(event, f.SuspenseWriteOffWithdrawn):
            taken = take_back(self.write_offs, self.reopened, event.suspense_id, position)
            return event.suspense_id if taken else None
        elif isinstance(event, PaymentCorrected):
            correction = Correction(position, **event.patch.model_dump())
            say(self.corrections, self.reverted, event.change_id, correction)
        elif isinstance(event, PaymentCorrectionReverted):
            take_back(self.corrections, self.reverted, event.change_id, position)
        return None


_DISPUTES: dict[type[f.DisputeFact], Literal["opened", "won", "lost"]] = {f.DisputeOpened: "opened", f.DisputeWon: "won", f.DisputeLost: "lost"}  # fmt: skip


def _by_time(register: Register) -> tuple[datetime, str]:
    return (register.at, repr(register.value))
