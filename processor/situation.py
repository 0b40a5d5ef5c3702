"""What a policy may know beside its case: the catalogue, the customers it asked for, and the time it was given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from processor.stored_state import StoredState
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
class CustomerRecord(StoredState):
    """What fulfilment remembers of a customer. Rebuilt from the log like everything here.

    `topups` counts those not fully refunded. `charges` are payments of subscriptions that count although they are large (a person or the
    provider vouched for them) or no longer count (their money went back). `purchases` are periods bought outright, by product, case and
    part; `memberships` those announced, by case; `plan_rows` what was last said of the former, by product.
    """

    customer_id: str
    email: str | None = None
    known: bool = True
    topups: int = 0
    credit_tokens: int = 0
    chat_tokens: int = 0
    courses: dict[str, str] = field(default_factory=dict)
    plans: dict[str, PlanAccess] = field(default_factory=dict)
    purchases: dict[str, dict[str, Purchase]] = field(default_factory=dict)
    memberships: dict[str, Membership] = field(default_factory=dict)
    plan_rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    charges: dict[str, Literal["vouched", "refunded"]] = field(default_factory=dict)
    tier: TierState | None = None


class Decided(NamedTuple):
    """One decision to append."""

    stream: str
    event: EventModel


@dataclass(slots=True)
class Situation:
    """Read by policies; `decisions` is what they append to, `waits` what would make them look again, `wakes` who should look again now.

    `changed` are customers whose record changed without a decision of theirs.
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
    parked: list[tuple[str, str]] = field(default_factory=list)

    def say(self, stream: str, event: EventModel) -> None:
        """Append a decision."""
        self.decisions.append(Decided(stream, event))

    def say_of(self, customer_id: str, event: EventModel) -> None:
        """Append a decision to a customer's stream."""
        self.decisions.append(Decided(f"customer-{customer_id}", event))


class Owner(NamedTuple):
    """Whose payment it is, or why nobody's."""

    customer_id: str | None = None
    reason: str | None = None


def find_owner(
    situation: Situation,
    *,
    customer_ref: str | None,
    email: str | None,
    subscription: str | None = None,
    received: bool = True,
) -> Owner:
    """Our own reference first, then what the subscription remembers, then the payer's e-mail when exactly one customer has it.

    Only something `received` may make a customer: an abandoned attempt does not.
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
    if email:
        return _by_email(situation, email, create=situation.create_unknown and received)
    return Owner(reason="customer_missing")


def _by_email(situation: Situation, email: str, *, create: bool) -> Owner:
    situation.waits.add(f"email:{email}")
    found = situation.by_email.get(email, [])
    if len(found) > 1:
        return Owner(reason="customer_ambiguous")
    if found:
        return Owner(found[0])
    if create:
        return Owner(_create(situation, email))
    return Owner(reason="customer_unknown")


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
