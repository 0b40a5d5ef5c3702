"""What was reported of a subscription with one payer's e-mail (or none), as values that join: in any order, any number of times, the same.

Every operation here commutes (earliest, latest, newest word, union), so there is one way in for a single report and for many.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Annotated, Any

from msgspec import field

from processor.cases.attempts import Register, Surest
from processor.cases.attesting import level_of
from processor.cases.joining import Earliest, Ever, Latest, each, in_order, joined, latest
from processor.cases.state import State
from schemas.attestation import Attestation
from schemas.facts import ProductHint, SubscriptionReported


class Cycle(State, frozen=True):  # type: ignore[misc]
    """One charge of a recurring plan. Success is final; failures are ordered by time."""

    at: Annotated[datetime, max]
    starts_at: Earliest = None
    succeeded: Ever = False
    failing: Ever = False
    amount: Annotated[int | None, latest] = None
    payment_id: Annotated[str | None, latest] = None
    token_only: Ever = False
    confirmed: Ever = False
    attestation: Surest = None

    @property
    def level(self) -> Attestation | None:
        """How much we know of its success; None where an earlier program did not keep more than that somebody vouched for it."""
        unproved = self.attestation is None and self.token_only and not self.confirmed
        return "token_only" if unproved else self.attestation

    @property
    def start(self) -> datetime:
        return self.starts_at or self.at


class Naming(State, frozen=True):  # type: ignore[misc]
    """How a report named the product. `reaches` is the end it stated, for reports without a time of their own."""

    products: list[dict[str, Any]]
    at: datetime
    change: bool
    reaches: datetime | None

    @property
    def newness(self) -> tuple[datetime, str]:
        return self.at, repr(self.products)

    def newer(self, other: Naming) -> Naming:
        """Of two of a kind: by time, or by the end they reach; at the same end an announced change is the newer word."""
        if self.reaches and other.reaches:
            mine = (self.reaches, self.change, self.newness)
            return self if mine > (other.reaches, other.change, other.newness) else other
        return self if self.newness > other.newness else other


def _newer(one: Naming | None, two: Naming | None) -> Naming | None:
    return two.newer(one) if one and two else one or two


class Ending(State, frozen=True):  # type: ignore[misc]
    """A cancellation or an expiry as reported; `expires_at` is the end the report names, `at` when it was said.

    `failed`: nobody wanted it, the provider stopped because a charge failed.
    """

    at: datetime
    expires_at: datetime | None = None
    finished: bool = False
    failed: bool = False

    @property
    def newness(self) -> tuple[datetime, str]:
        return self.at, repr(self)


class Stated(State, frozen=True):  # type: ignore[misc]
    """An end that was stated: since when it was announced as usable, and since when as another tier. Said again, it is the same period.

    `received_at`: when we first heard of it, which may be long after its date, and `first_position` where in the log; earlier programs kept neither.
    """

    ends: datetime
    at: Earliest = None
    changed_at: Earliest = None
    received_at: Earliest = None
    first_position: Annotated[int, min] = 0

    @property
    def times(self) -> list[datetime]:
        return [time for time in (self.at, self.changed_at) if time is not None]

    @property
    def told_at(self) -> datetime:
        """When we first heard of it, as far as is known."""
        return self.received_at or min(self.times, default=self.ends)


def _each_end(one: list[Stated], two: list[Stated]) -> list[Stated]:
    """Each end once, with the earliest time of each kind."""
    known = each(joined)({stated.ends: stated for stated in one}, {stated.ends: stated for stated in two})
    return sorted(known.values(), key=attrgetter("ends"))


class PayerReports(State):
    """`naming` and `reaching`: the newest name of the product by time, and by the end that was stated with it; `named`: all it ever had.

    `stated`: the ends of what was announced as usable. `words`: our reference, licence code and member id, each the newest that was told.
    """

    first_position: Annotated[int, min]
    first_at: Annotated[datetime, min]
    active_at: Latest = None
    expires_at: Latest = None
    anchor: Latest = None
    cancelled: Annotated[list[Ending], in_order(attrgetter("newness"))] = field(default_factory=list)
    expired: Annotated[Ending | None, partial(latest, key=attrgetter("newness"))] = None
    soon: Latest = None
    renewed_at: Latest = None
    naming: Annotated[Naming | None, _newer] = None
    reaching: Annotated[Naming | None, _newer] = None
    named: Annotated[list[list[dict[str, Any]]], in_order(repr)] = field(default_factory=list)
    words: Annotated[dict[str, Register], each(Register.newer)] = field(default_factory=dict)
    cycles: Annotated[dict[str, Cycle], each(joined)] = field(default_factory=dict)
    stated: Annotated[list[Stated], _each_end] = field(default_factory=list)
    announced_at: Earliest = None

    def word(self, name: str) -> str | None:
        register = self.words.get(name)
        return register.value if register else None

    @property
    def products(self) -> list[dict[str, Any]]:
        """The product's name in force."""
        known = [one for one in (self.naming, self.reaching) if one]
        return max(known, key=lambda one: one.newness).products if known else []

    @property
    def naming_key(self) -> str:
        """The name it gives the product, as a short text; empty without one."""
        products = self.products
        return hashlib.sha256(repr(products).encode()).hexdigest()[:12] if products else ""

    @property
    def hints(self) -> tuple[ProductHint, ...]:
        """The product's name in force, as the provider gives it."""
        return tuple(ProductHint.model_validate(hint) for hint in self.products)


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
    paid, level = fact.report in ("activated", "renewed"), level_of(fact)
    return Cycle(
        at=fact.occurred_at,
        starts_at=fact.starts_at,
        succeeded=paid,
        failing=fact.report == "renewal_failed",
        amount=fact.amount if paid else None,
        payment_id=fact.payment_id if paid else None,
        token_only=fact.token_only,
        confirmed=paid and level != "token_only",
        attestation=level if paid else None,
    )


def _say(told: PayerReports, fact: SubscriptionReported) -> None:
    report, at, ends = fact.report, fact.occurred_at, fact.expires_at
    if report in ("activated", "renewed", "tier_changed"):
        told.active_at, told.expires_at, told.anchor = at, ends, fact.starts_at
        told.renewed_at = at if report == "renewed" else None
        if ends is not None:
            changed = report == "tier_changed"
            began, renamed = (None, at) if changed else (at, None)
            told.stated = [Stated(ends, began, renamed, fact.told_at or at, told.first_position)]
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
