"""What the facts say about one subscription, whatever order they came in. Merged by operations that commute; nothing here decides."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from msgspec import field
from msgspec.structs import replace

from processor.cases.state import State
from schemas.event_model import EventModel
from schemas.facts import ProductHint, SubscriptionReported, SuspenseClaimed, SuspenseWrittenOff

T = TypeVar("T")


class Cycle(State):
    """One charge of a recurring plan. Success is final; failures are ordered by time."""

    at: datetime
    starts_at: datetime | None = None
    succeeded: bool = False
    failing: bool = False
    final: bool = False
    amount: int | None = None
    payment_id: str | None = None
    token_only: bool = False
    confirmed: bool = False

    def joined(self, other: Cycle) -> Cycle:
        """The same charge as told by two sets of reports."""
        paid = self if self.succeeded or not other.succeeded else other
        return Cycle(
            starts_at=_earliest(self.starts_at, other.starts_at),
            at=max(self.at, other.at),
            succeeded=self.succeeded or other.succeeded,
            failing=self.failing or other.failing,
            final=self.final or other.final,
            amount=paid.amount,
            payment_id=paid.payment_id,
            token_only=self.token_only or other.token_only,
            confirmed=self.confirmed or other.confirmed,
        )


class Naming(State):
    """How a report named the product. `reaches` is the end it stated, for reports without a time of their own."""

    products: list[dict[str, Any]]
    at: datetime
    change: bool
    reaches: datetime | None

    def beats(self, other: Naming | None) -> bool:
        """The newest naming wins; without times, the one that reaches furthest; at the same end, an announced change."""
        if other is None:
            return True
        if self.reaches and other.reaches and self.reaches != other.reaches:
            return self.reaches > other.reaches
        if self.reaches and other.reaches and self.change != other.change:
            return self.change
        return (self.at, repr(self.products)) > (other.at, repr(other.products))


class Ending(State):
    """A cancellation or an expiry as reported; `expires_at` is the end the report names, `at` when it was said."""

    at: datetime
    expires_at: datetime | None = None
    finished: bool = False


class Stated(State, frozen=True):  # type: ignore[misc]
    """An end that was stated: since when it was announced as usable, and since when as another tier. Said again, it is the same period."""

    ends: datetime
    at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def times(self) -> list[datetime]:
        return [time for time in (self.at, self.changed_at) if time is not None]

    def joined(self, other: Stated) -> Stated:
        """The same end as told twice: the earliest time of each kind."""
        return Stated(self.ends, _earliest(self.at, other.at), _earliest(self.changed_at, other.changed_at))


class PayerReports(State):
    """All that was reported with one payer's e-mail (or none).

    `naming` is the product's name in force, `named` all it ever had; `stated` the ends of what was announced as usable.
    """

    first_position: int
    first_at: datetime
    active_at: datetime | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None
    anchor: datetime | None = None
    cancelled: list[Ending] = field(default_factory=list)
    expired: Ending | None = None
    soon: datetime | None = None
    renewed_at: datetime | None = None
    naming: Naming | None = None
    named: list[list[dict[str, Any]]] = field(default_factory=list)
    customer_ref: str | None = None
    licence_code: str | None = None
    member_id: str | None = None
    cycles: dict[str, Cycle] = field(default_factory=dict)
    stated: list[Stated] = field(default_factory=list)

    def observe(self, fact: SubscriptionReported, position: int) -> None:
        """Merge one report."""
        self.first_position = min(self.first_position, position)
        self.first_at = min(self.first_at, fact.occurred_at)
        self.customer_ref = self.customer_ref or fact.customer_ref
        self.licence_code = self.licence_code or fact.licence_code
        self.member_id = self.member_id or fact.member_id
        self._products(fact)
        if fact.cycle_id:
            self._cycle(fact)
        else:
            self._state(fact)

    def state(self, new: Stated) -> None:
        """Remember an announced end."""
        known = {one.ends: one for one in self.stated}
        known[new.ends] = known[new.ends].joined(new) if new.ends in known else new
        self.stated = [known[ends] for ends in sorted(known)]

    def _products(self, fact: SubscriptionReported) -> None:
        if fact.products:
            products = [hint.model_dump() for hint in fact.products]
            _add(self.named, products)
            naming = Naming(
                products=products,
                at=fact.occurred_at,
                change=fact.report == "tier_changed",
                reaches=None if fact.timed else fact.expires_at,
            )
            self.naming = naming if naming.beats(self.naming) else self.naming

    def _cycle(self, fact: SubscriptionReported) -> None:
        key = fact.cycle_id or ""
        cycle = self.cycles.get(key) or Cycle(at=fact.occurred_at)
        if fact.report in ("activated", "renewed"):
            cycle.succeeded = True
            cycle.amount = max((one for one in (cycle.amount, fact.amount) if one is not None), default=None)
            cycle.payment_id = max(cycle.payment_id or "", fact.payment_id or "") or None
            cycle.confirmed = cycle.confirmed or not fact.token_only
        elif fact.report == "renewal_failed":
            cycle.failing = True
            cycle.final = cycle.final or fact.final
        cycle.at = max(cycle.at, fact.occurred_at)
        cycle.starts_at = _earliest(cycle.starts_at, fact.starts_at)
        cycle.token_only = cycle.token_only or fact.token_only
        self.cycles[key] = cycle

    def _state(self, fact: SubscriptionReported) -> None:
        if fact.report in ("activated", "renewed", "tier_changed"):
            if fact.report == "renewed":
                self.renewed_at = _latest(self.renewed_at, fact.occurred_at)
            self.active_at = _latest(self.active_at, fact.occurred_at)
            self.expires_at = _latest(self.expires_at, fact.expires_at)
            self.anchor = _latest(self.anchor, fact.starts_at)
            if fact.expires_at is not None:
                changed = fact.report == "tier_changed"
                at, changed_at = (None, fact.occurred_at) if changed else (fact.occurred_at, None)
                self.state(Stated(fact.expires_at, at, changed_at))
        elif fact.report == "created":
            self.created_at = _latest(self.created_at, fact.occurred_at)
            self.expires_at = _latest(self.expires_at, fact.expires_at)
        elif fact.report == "cancelled":
            _add(self.cancelled, _ending(fact))
        elif fact.report == "expired":
            self.expired = _later(self.expired, _ending(fact))
        elif fact.report == "expiring_soon":
            self.soon = _latest(self.soon, fact.expires_at)
            self.expires_at = _latest(self.expires_at, fact.expires_at)
        elif fact.report == "renewal_failed":
            self.cycles.setdefault("", Cycle(at=fact.occurred_at, failing=True, final=fact.final))


class SubscriptionCase(State):
    """One subscription, membership or licence, and what was last decided about it."""

    key: str
    provider: str
    subscription_key: str
    payers: dict[str, PayerReports] = field(default_factory=dict)
    claimed_by: str | None = None
    claim_position: int = 0
    claim_product: str | None = None
    written_off: bool = False

    owner: str | None = None
    held: str | None = None
    held_said: str = ""
    snapshot: dict[str, Any] | None = None
    warned_for: datetime | None = None
    parked: list[str] = field(default_factory=list)
    due_at: datetime | None = None

    def observe(self, event: EventModel, position: int) -> None:
        """Merge one fact."""
        if isinstance(event, SubscriptionReported):
            payer = event.payer_email or ""
            reports = self.payers.get(payer)
            if reports is None:
                reports = PayerReports(first_position=position, first_at=event.occurred_at)
                self.payers[payer] = reports
            reports.observe(event, position)
        elif isinstance(event, SuspenseClaimed) and position > self.claim_position:
            self.claimed_by, self.claim_product, self.claim_position = (
                event.customer_id,
                event.product,
                position,
            )
        elif isinstance(event, SuspenseWrittenOff):
            self.written_off = True

    @property
    def first_payer(self) -> str | None:
        """The e-mail this subscription was first reported with."""
        named = [payer for payer in self.payers if payer]
        return min(named, key=lambda payer: self.payers[payer].first_position, default=None)

    @property
    def in_use(self) -> bool:
        """Somebody said it was usable, or a charge succeeded."""
        return any(
            payer.active_at or any(cycle.succeeded for cycle in payer.cycles.values())
            for payer in self.payers.values()
        )

    @property
    def customer_ref(self) -> str | None:
        return next((reports.customer_ref for reports in self.payers.values() if reports.customer_ref), None)

    def reports_of(self, payers: set[str]) -> PayerReports:
        """Everything said with these e-mails and with none, as one."""
        chosen = [reports for payer, reports in sorted(self.payers.items()) if payer == "" or payer in payers]
        if len(chosen) == 1:
            return chosen[0]
        first = chosen[0]
        joined = replace(first, cancelled=[*first.cancelled], named=[*first.named], cycles={**first.cycles})
        for reports in chosen[1:]:
            _join(joined, reports)
        return joined


def hints_of(reports: PayerReports) -> tuple[ProductHint, ...]:
    """The product names as the provider gives them."""
    products = reports.naming.products if reports.naming else ()
    return tuple(ProductHint.model_validate(hint) for hint in products)


def _ending(fact: SubscriptionReported) -> Ending:
    return Ending(at=fact.occurred_at, expires_at=fact.expires_at, finished=fact.finished)


def _later(one: Ending | None, two: Ending | None) -> Ending | None:
    endings = [ending for ending in (one, two) if ending]
    return max(endings, key=lambda ending: ending.at, default=None)


def _add(known: list[T], new: T) -> None:
    if new not in known:
        known.append(new)


def _join(one: PayerReports, two: PayerReports) -> None:
    one.first_position = min(one.first_position, two.first_position)
    one.first_at = min(one.first_at, two.first_at)
    for name in ("active_at", "created_at", "expires_at", "anchor", "soon", "renewed_at"):
        setattr(one, name, _latest(getattr(one, name), getattr(two, name)))
    one.expired = _later(one.expired, two.expired)
    for ending in two.cancelled:
        _add(one.cancelled, ending)
    for products in two.named:
        _add(one.named, products)
    for stated in two.stated:
        one.state(stated)
    for name in ("customer_ref", "licence_code", "member_id"):
        setattr(one, name, getattr(one, name) or getattr(two, name))
    one.naming = two.naming if two.naming and two.naming.beats(one.naming) else one.naming
    for key, cycle in two.cycles.items():
        known = one.cycles.get(key)
        one.cycles[key] = known.joined(cycle) if known else cycle


def _earliest(one: datetime | None, two: datetime | None) -> datetime | None:
    return min(filter(None, (one, two)), default=None)


def _latest(one: datetime | None, two: datetime | None) -> datetime | None:
    return max(filter(None, (one, two)), default=None)
