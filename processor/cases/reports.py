"""What was reported of a subscription with one payer's e-mail (or none), as values that join: in any order, any number of times, the same.

Every operation here commutes (earliest, latest, newest word, union), so there is one way in for a single report and for many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from msgspec import field
from msgspec.structs import replace

from processor.cases.attempts import Register, earliest, latest
from processor.cases.state import State
from schemas.facts import ProductHint, SubscriptionReported

T = TypeVar("T")


class Cycle(State, frozen=True):  # type: ignore[misc]
    """One charge of a recurring plan. Success is final; failures are ordered by time."""

    at: datetime
    starts_at: datetime | None = None
    succeeded: bool = False
    failing: bool = False
    amount: int | None = None
    payment_id: str | None = None
    token_only: bool = False
    confirmed: bool = False

    @property
    def start(self) -> datetime:
        return self.starts_at or self.at

    def joined(self, other: Cycle) -> Cycle:
        """The same charge as told by two sets of reports."""
        return Cycle(
            at=max(self.at, other.at),
            starts_at=earliest(self.starts_at, other.starts_at),
            succeeded=self.succeeded or other.succeeded,
            failing=self.failing or other.failing,
            amount=_largest(self.amount, other.amount),
            payment_id=_largest(self.payment_id, other.payment_id),
            token_only=self.token_only or other.token_only,
            confirmed=self.confirmed or other.confirmed,
        )


class Naming(State, frozen=True):  # type: ignore[misc]
    """How a report named the product. `reaches` is the end it stated, for reports without a time of their own."""

    products: list[dict[str, Any]]
    at: datetime
    change: bool
    reaches: datetime | None

    @property
    def newness(self) -> tuple[datetime, str]:
        return self.at, repr(self.products)

    def newer(self, other: Naming | None) -> Naming:
        """Of two of a kind: by time, or by the end they reach; at the same end an announced change is the newer word."""
        if other is None:
            return self
        if self.reaches and other.reaches:
            mine, its = (
                (self.reaches, self.change, self.newness),
                (other.reaches, other.change, other.newness),
            )
            return self if mine > its else other
        return self if self.newness > other.newness else other


class Ending(State, frozen=True):  # type: ignore[misc]
    """A cancellation or an expiry as reported; `expires_at` is the end the report names, `at` when it was said.

    `failed`: nobody wanted it, the provider stopped because a charge failed.
    """

    at: datetime
    expires_at: datetime | None = None
    finished: bool = False
    failed: bool = False


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
        return Stated(self.ends, earliest(self.at, other.at), earliest(self.changed_at, other.changed_at))


class PayerReports(State):
    """`naming` and `reaching`: the newest name of the product by time, and by the end that was stated with it; `named`: all it ever had.

    `stated`: the ends of what was announced as usable. `words`: our reference, licence code and member id, each the newest that was told.
    """

    first_position: int
    first_at: datetime
    active_at: datetime | None = None
    expires_at: datetime | None = None
    anchor: datetime | None = None
    cancelled: list[Ending] = field(default_factory=list)
    expired: Ending | None = None
    soon: datetime | None = None
    renewed_at: datetime | None = None
    naming: Naming | None = None
    reaching: Naming | None = None
    named: list[list[dict[str, Any]]] = field(default_factory=list)
    words: dict[str, Register] = field(default_factory=dict)
    cycles: dict[str, Cycle] = field(default_factory=dict)
    stated: list[Stated] = field(default_factory=list)
    announced_at: datetime | None = None

    def word(self, name: str) -> str | None:
        register = self.words.get(name)
        return register.value if register else None

    @property
    def products(self) -> list[dict[str, Any]]:
        """The product's name in force."""
        known = [one for one in (self.naming, self.reaching) if one]
        return max(known, key=lambda one: one.newness).products if known else []

    @property
    def hints(self) -> tuple[ProductHint, ...]:
        """The product's name in force, as the provider gives it."""
        return tuple(ProductHint.model_validate(hint) for hint in self.products)

    def join(self, other: PayerReports) -> None:
        """Take in what was told beside it."""
        self.first_position = min(self.first_position, other.first_position)
        self.first_at = min(self.first_at, other.first_at)
        self.announced_at = earliest(self.announced_at, other.announced_at)
        for name in ("active_at", "expires_at", "anchor", "soon", "renewed_at"):
            setattr(self, name, latest(getattr(self, name), getattr(other, name)))
        for name in ("naming", "reaching"):
            one = getattr(other, name)
            setattr(self, name, one.newer(getattr(self, name)) if one else getattr(self, name))
        self.expired = max(filter(None, (self.expired, other.expired)), key=_by_time, default=None)
        self.cancelled = _union(self.cancelled, other.cancelled, _by_time)
        self.named = _union(self.named, other.named, repr)
        stated = {one.ends: one for one in self.stated}
        _join_each(stated, {one.ends: one for one in other.stated})
        self.stated = [stated[ends] for ends in sorted(stated)]
        _join_each(self.cycles, other.cycles)
        for name, register in other.words.items():
            if register.beats(self.words.get(name)):
                self.words[name] = register

    def copied(self) -> PayerReports:
        """One that can be changed."""
        return replace(self, words={**self.words}, cycles={**self.cycles})


def reported(fact: SubscriptionReported, position: int) -> PayerReports:
    """One report, alone."""
    told = PayerReports(position, fact.occurred_at)
    for name in ("customer_ref", "licence_code", "member_id"):
        if value := getattr(fact, name):
            told.words[name] = Register(fact.occurred_at, value)
    if fact.products:
        products = [hint.model_dump() for hint in fact.products]
        reaches = None if fact.timed else fact.expires_at
        naming = Naming(products, fact.occurred_at, fact.report == "tier_changed", reaches)
        told.named = [products]
        setattr(told, "reaching" if reaches else "naming", naming)
    if fact.cycle_id:
        told.cycles[fact.cycle_id] = _cycle(fact)
    else:
        _say(told, fact)
    return told


def _cycle(fact: SubscriptionReported) -> Cycle:
    paid = fact.report in ("activated", "renewed")
    return Cycle(
        at=fact.occurred_at,
        starts_at=fact.starts_at,
        succeeded=paid,
        failing=fact.report == "renewal_failed",
        amount=fact.amount if paid else None,
        payment_id=fact.payment_id if paid else None,
        token_only=fact.token_only,
        confirmed=paid and not fact.token_only,
    )


def _say(told: PayerReports, fact: SubscriptionReported) -> None:
    report, at, ends = fact.report, fact.occurred_at, fact.expires_at
    if report in ("activated", "renewed", "tier_changed"):
        told.active_at, told.expires_at, told.anchor = at, ends, fact.starts_at
        told.renewed_at = at if report == "renewed" else None
        if ends is not None:
            told.stated = [Stated(ends, None, at) if report == "tier_changed" else Stated(ends, at)]
    elif report == "created":
        told.expires_at = ends
        told.announced_at = at if fact.announced else None
    elif report == "cancelled":
        told.cancelled = [Ending(at, ends, fact.finished, fact.failure_code is not None)]
    elif report == "expired":
        told.expired = Ending(at, ends, fact.finished)
    elif report == "expiring_soon":
        told.soon = told.expires_at = ends
    elif report == "renewal_failed":
        told.cycles[""] = Cycle(at, failing=True)


def _join_each(known: dict[Any, Any], more: dict[Any, Any]) -> None:
    for key, one in more.items():
        known[key] = known[key].joined(one) if key in known else one


def _union(known: list[T], more: Iterable[T], order: Callable[[T], Any]) -> list[T]:
    new = [one for one in more if one not in known]
    return sorted([*known, *new], key=order) if new else known


def _by_time(ending: Ending) -> tuple[datetime, str]:
    return ending.at, repr(ending)


def _largest(one: Any, two: Any) -> Any:
    return max((value for value in (one, two) if value is not None), default=None)
