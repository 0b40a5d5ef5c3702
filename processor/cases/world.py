"""What a policy may know beside its case: the catalogue, the time it was given, the customers it asked for, and whose subscriptions are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from processor.cases.customer import CustomerRecord
from processor.cases.keys import WaitKey, case_key, customer_key, email_key
from processor.cases.payment_record import Owned
from providers.registry import traits_of
from providers.traits import Traits
from schemas.catalog import Catalog
from schemas.event_model import EventModel
from schemas.streams import StreamName


@dataclass(frozen=True, slots=True)
class World:
    """Read by policies, changed by none of them. `create_unknown`: whoever paid becomes a customer."""

    catalog: Catalog
    now: datetime
    customers: Mapping[str, CustomerRecord]
    by_email: Mapping[str, Sequence[str]]
    subscription_owners: Mapping[str, str | None] = field(default_factory=dict)
    create_unknown: bool = False
    traits: Callable[[str], Traits] = traits_of


class Decided(NamedTuple):
    """One decision to append."""

    stream: StreamName
    event: EventModel


class Owner(NamedTuple):
    """Whose payment it is, or why nobody's. `email`: found by this address; `new`: and made of it."""

    customer_id: str | None = None
    reason: str | None = None
    email: str | None = None
    new: bool = False


def find_owner(
    world: World,
    waits: set[WaitKey],
    *,
    customer_ref: str | None,
    emails: Sequence[str],
    subscription: str | None = None,
    received: bool = True,
    owned: Owned | None = None,
) -> Owner:
    """Our own reference first, then what the subscription remembers, then the first of the payer's e-mails that exactly one customer has.

    Only something `received` may make a customer: an abandoned attempt does not. `owned`: whose it was by an e-mail, which stays that
    customer's whatever they changed it to. `waits` gets what would change the answer.
    """
    if customer_ref:
        waits.add(customer_key(customer_ref))
        known = customer_ref in world.customers
        return Owner(customer_ref) if known else Owner(reason="customer_unknown")
    if subscription:
        waits.add(case_key(subscription))
        remembered = world.subscription_owners.get(subscription)
        if remembered:
            return Owner(remembered)
    answers = [_by_email(world, waits, email, owned) for email in emails]
    if not answers:
        return Owner(reason="customer_missing")
    found = next((answer for answer in answers if answer.customer_id), answers[0])
    if found.reason == "customer_unknown" and world.create_unknown and received:
        made = made_of(emails[0])
        # Who was made of this address may have another one by now, and is still who paid with it.
        return Owner(made, email=emails[0], new=made not in world.customers)
    return found


def made_of(email: str) -> str:
    """Id of the customer that whoever pays with an unknown address becomes."""
    return "cus_" + hashlib.sha256(email.encode()).hexdigest()[:20]


def _by_email(world: World, waits: set[WaitKey], email: str, owned: Owned | None) -> Owner:
    if owned is not None and owned.email and owned.email == short(email):
        return Owner(owned.customer_id, email=email)
    waits.add(email_key(email))
    found = world.by_email.get(email, ())
    if len(found) > 1:
        return Owner(reason="customer_ambiguous")
    return Owner(found[0], email=email) if found else Owner(reason="customer_unknown")


def short(words: str) -> str:
    """A short name of words, to recognise them by."""
    return hashlib.blake2b(words.encode(), digest_size=8).hexdigest()


def digest(view: EventModel) -> str:
    """Short name of what readers are told, so that it is told again only when it changed."""
    words = view.__pydantic_serializer__.to_json(view, exclude=_NOT_SHOWN)
    return hashlib.blake2b(words, digest_size=8).hexdigest()


_NOT_SHOWN = {"given"}
