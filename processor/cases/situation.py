"""What a policy may know beside its case: the catalogue, the customers it asked for, and the time it was given."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from processor.cases.stored_state import StoredState
from schemas.catalog import Catalog
from schemas.event_model import EventModel
from schemas.facts import CustomerRegistered


@dataclass(slots=True)
class TierState(StoredState):
    """The tier last decided."""

    tier: str
    until: datetime | None
    fallback_tier: str


@dataclass(slots=True)
class PlanAccess(StoredState):
    """A plan that lifts its holder to a tier until a moment (None = no end known)."""

    tier: str
    until: datetime | None


@dataclass(slots=True)
class Purchase(StoredState):
    """Periods of a plan bought by a one-off payment, on the terms of that day. `refunded_at`: when the last of its money had gone back."""

    at: datetime
    quantity: int
    period: str
    grace: str | None
    tier: str | None
    refunded_at: datetime | None = None


@dataclass(slots=True)
class Membership(StoredState):
    """A membership as its provider announced it: since when, whether anybody said of what, and every plan it was ever called."""

    provider: str
    began: datetime
    named: bool
    plans: list[str] = field(default_factory=list)


@dataclass(slots=True)
class TopUp(StoredState):
    """A top-up: when it was paid, in rupiah."""

    at: datetime
    amount_idr: int


@dataclass(slots=True)
class Heir(StoredState):
    """A case that was paid (`at`) before the one that has a course, and is to have it instead."""

    case: str
    at: datetime


TOP_UPS = 3
"""Newest top-ups that are remembered: when one turns out not to have been due, readers are told which one is the last now."""


@dataclass(slots=True)
class CustomerRecord(StoredState):
    """What fulfilment remembers of a customer. Rebuilt from the log like everything here.

    `topups` counts those not fully refunded; `last_topups` are the newest. `courses` are held by a case (`course_times`: paid when); `course_heirs` get it
    when its holder gave it back. `charges` are payments of subscriptions that count although they are large (a person or the
    provider vouched for them) or no longer count (their money went back). `purchases` are periods bought outright, by product, case and
    part; `memberships` those announced, by case; `plan_rows` what was last said of the former, by product.
    """

    customer_id: str
    email: str | None = None
    known: bool = True
    topups: int = 0
    last_topups: list[TopUp] = field(default_factory=list)
    credit_tokens: int = 0
    chat_tokens: int = 0
    courses: dict[str, str] = field(default_factory=dict)
    course_times: dict[str, datetime] = field(default_factory=dict)
    course_heirs: dict[str, Heir] = field(default_factory=dict)
    plans: dict[str, PlanAccess] = field(default_factory=dict)
    purchases: dict[str, dict[str, Purchase]] = field(default_factory=dict)
    memberships: dict[str, Membership] = field(default_factory=dict)
    plan_rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    charges: dict[str, Literal["vouched", "refunded"]] = field(default_factory=dict)
    tier: TierState | None = None

    def topped_up(self, top_up: TopUp) -> None:
        """Remember a top-up among the newest."""
        self.last_topups = sorted([*self.last_topups, top_up], key=_by_time)[-TOP_UPS:]

    def not_topped_up(self, top_up: TopUp) -> None:
        """Forget a top-up that was not due."""
        if top_up in self.last_topups:
            self.last_topups.remove(top_up)

    def open_course(self, course: str, case: str, at: datetime) -> None:
        """A case that was paid then has the course."""
        self.courses[course], self.course_times[course] = case, at
        self.course_heirs.pop(course, None)

    def close_course(self, course: str) -> None:
        """Nobody has the course any more."""
        self.courses.pop(course, None)
        self.course_times.pop(course, None)

    @property
    def last_topup(self) -> TopUp | None:
        """The newest top-up that stays, as far as we remember."""
        return self.last_topups[-1] if self.last_topups else None


def _by_time(top_up: TopUp) -> tuple[datetime, int]:
    return (top_up.at, top_up.amount_idr)


class Decided(NamedTuple):
    """One decision to append."""

    stream: str
    event: EventModel


@dataclass(slots=True)
class Situation:
    """Read by policies; `decisions` is what they append to, `waits` what would make them look again, `wakes` who should look again now.

    `changed` are customers whose record changed without a decision of theirs, `recalls` cases that must look again whatever they wait for.
    """

    catalog: Catalog
    now: datetime
    customers: dict[str, CustomerRecord]
    by_email: dict[str, list[str]]
    subscription_owners: dict[str, str | None] = field(default_factory=dict)
    create_unknown: bool = False
    decisions: list[Decided] = field(default_factory=list)
    waits: set[str] = field(default_factory=set)
    wakes: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    recalls: set[str] = field(default_factory=set)
    parked: list[tuple[str, str]] = field(default_factory=list)

    def say(self, stream: str, event: EventModel) -> None:
        """Append a decision."""
        self.decisions.append(Decided(stream, event))

    def say_of(self, customer_id: str, event: EventModel) -> None:
        """Append a decision to a customer's stream."""
        self.decisions.append(Decided(f"customer-{customer_id}", event))


class Owner(NamedTuple):
    """Whose payment it is, or why nobody's. `email`: found by this address."""

    customer_id: str | None = None
    reason: str | None = None
    email: str | None = None


def find_owner(
    situation: Situation,
    *,
    customer_ref: str | None,
    emails: Sequence[str],
    subscription: str | None = None,
    received: bool = True,
    former: Owner | None = None,
) -> Owner:
    """Our own reference first, then what the subscription remembers, then the first of the payer's e-mails that exactly one customer has.

    Only something `received` may make a customer: an abandoned attempt does not. `former`: whose it was by an e-mail, which stays that
    customer's whatever they changed it to.
    """
    if customer_ref:
        situation.waits.add(f"customer:{customer_ref}")
        known = customer_ref in situation.customers
        return Owner(customer_ref) if known else Owner(reason="customer_unknown")
    if subscription:
        situation.waits.add(f"case:{subscription}")
        remembered = situation.subscription_owners.get(subscription)
        if remembered:
            return Owner(remembered)
    answers = [
        former if former is not None and email == former.email else _by_email(situation, email)
        for email in emails
    ]
    if not answers:
        return Owner(reason="customer_missing")
    found = next((answer for answer in answers if answer.customer_id), answers[0])
    if found.reason == "customer_unknown" and situation.create_unknown and received:
        return Owner(_create(situation, emails[0]))
    return found


def _by_email(situation: Situation, email: str) -> Owner:
    situation.waits.add(f"email:{email}")
    found = situation.by_email.get(email, [])
    if len(found) > 1:
        return Owner(reason="customer_ambiguous")
    return Owner(found[0], email=email) if found else Owner(reason="customer_unknown")


def _create(situation: Situation, email: str) -> str:
    customer_id = "cus_" + hashlib.sha256(email.encode()).hexdigest()[:20]
    situation.customers[customer_id] = CustomerRecord(customer_id=customer_id, email=email)
    situation.by_email.setdefault(email, []).append(customer_id)
    situation.say_of(customer_id, CustomerRegistered(customer_id=customer_id, email=email, source="payment"))
    situation.wakes.add(f"email:{email}")
    return customer_id


def suspense_id(case: str, part: str) -> str:
    """Stable id of the held money of one part of a case."""
    return "sus_" + hashlib.sha256(f"{case}\n{part}".encode()).hexdigest()[:16]


def digest(view: EventModel) -> str:
    """Short name of what readers are told, so that it is told again only when it changed."""
    return hashlib.blake2b(view.model_dump_json().encode(), digest_size=8).hexdigest()
