"""Whose held money it may be: customers ranked by what speaks for them, each reason with its points. Pure; nothing is decided by it.

Points are a scale of ours, not a probability: what only this payment and this customer share weighs most, what many share weighs little,
and a name alone never makes anybody likely. They add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from api.suspense.likeness import likeness

OWNER, REFERENCE, NAMED, EMAIL, PHONE = 100, 80, 70, 60, 50
EARLIER, ALIAS, MAILBOX, NAME = 40, 40, 15, 5
NEAR: Mapping[int, int] = {1: 30, 2: 15}
"""By characters that differ."""
OPEN, OPEN_SHARED, SAME_CHANNEL = 30, 10, 10
STRONG, LIKELY = 60, 30
BEFORE = timedelta(days=8)
"""How long after it was asked for somebody may still pay: a virtual account lives a day, and banks tell of what they find when they settle."""
CLOCKS = timedelta(minutes=5)
"""By how much the provider's clock may be behind ours."""


@dataclass(frozen=True, slots=True)
class HeldMoney:
    """What is known of it. E-mails are normalised, phone numbers E.164, names folded. Personal data."""

    amount: int | None
    paid_at: datetime
    customer_id: str | None = None
    emails: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    references: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A payment that a customer was asked for and has not made. `methods`: its method and channel."""

    request_id: str
    amount: int
    asked_at: datetime
    methods: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Person:
    """A customer who may be meant. `earlier`: payments of the same payer that were theirs."""

    customer_id: str
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    requests: tuple[OpenRequest, ...] = ()
    earlier: int = 0


@dataclass(frozen=True, slots=True)
class Sign:
    """One reason, of `schemas.candidate_reasons`, with what its sentence says."""

    reason: str
    points: int
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RankedCustomer:
    """A customer with everything that speaks for them, the weightiest first."""

    customer_id: str
    score: int
    signs: tuple[Sign, ...]

    @property
    def strength(self) -> str:
        return "strong" if self.score >= STRONG else "likely" if self.score >= LIKELY else "weak"


def rank(held: HeldMoney, people: Sequence[Person]) -> list[RankedCustomer]:
    """The best first; customers with the same score by their ids. Who has nothing that speaks for them is left out."""
    asked = {one.customer_id for one in people if _fitting(held, one) is not None}
    found = []
    for person in {one.customer_id: one for one in people}.values():
        signs = sorted(_signs(held, person, len(asked - {person.customer_id})), key=lambda sign: -sign.points)
        if signs:
            score = sum(sign.points for sign in signs)
            found.append(RankedCustomer(person.customer_id, score, tuple(signs)))
    return sorted(found, key=lambda one: (-one.score, one.customer_id))


def _signs(held: HeldMoney, person: Person, others: int) -> Iterator[Sign]:
    if person.customer_id == held.customer_id:
        yield Sign("owner", OWNER)
    named = [one for one in person.requests if one.request_id in held.references]
    if named:
        yield Sign("reference", REFERENCE, {"request": named[0].request_id})
    if person.customer_id.casefold() in {one.casefold() for one in held.named}:
        yield Sign("named", NAMED)
    yield from _by_email(held, person)
    if person.phone is not None and person.phone in held.phones:
        yield Sign("phone", PHONE)
    if person.earlier:
        yield Sign("earlier_payments", EARLIER, {"count": person.earlier})
    request = _fitting(held, person)
    if request is not None and not named:
        yield from _by_request(held, request, others)
    if person.name is not None and person.name in held.names:
        yield Sign("name", NAME)


def _by_email(held: HeldMoney, person: Person) -> Iterator[Sign]:
    points = {"email": EMAIL, "email_alias": ALIAS, "email_mailbox": MAILBOX}
    alike = [found for one in held.emails if person.email and (found := likeness(one, person.email))]
    signs = [
        Sign(one.reason, NEAR.get(one.signs, points.get(one.reason, 0)), {"signs": one.signs})
        for one in alike
    ]
    if signs:
        yield max(signs, key=lambda sign: sign.points)


def _by_request(held: HeldMoney, request: OpenRequest, others: int) -> Iterator[Sign]:
    minutes = max(int((held.paid_at - request.asked_at).total_seconds() // 60), 0)
    told = {"request": request.request_id, "amount": request.amount, "minutes": minutes, "others": others}
    yield Sign("open_request_shared", OPEN_SHARED, told) if others else Sign("open_request", OPEN, told)
    if held.methods & request.methods:
        yield Sign("open_request_channel", SAME_CHANNEL)


def _fitting(held: HeldMoney, person: Person) -> OpenRequest | None:
    """The newest request of exactly this amount that was open when the money came."""
    fitting = [
        one
        for one in person.requests
        if one.amount == held.amount and held.paid_at - BEFORE <= one.asked_at <= held.paid_at + CLOCKS
    ]
    return max(fitting, key=lambda one: (one.asked_at, one.request_id), default=None)
