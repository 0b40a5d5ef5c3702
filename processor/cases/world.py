"""What a policy may know beside its case: the catalogue, the time it was given, the customers it asked for, and whose subscriptions are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import msgspec

from processor.cases.customer import CustomerRecord
from processor.cases.keys import WaitKey, case_key, customer_key, email_key
from processor.cases.payment_record import Owned
from providers.registry import traits_of
from providers.traits import Traits
from schemas.catalog import Catalog
from schemas.decisions import PaymentAssessed, SuspenseHeld
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

    def gone(self, customer_id: str) -> bool:
        """Whether they were erased and did not register again."""
        known = self.customers.get(customer_id)
        return known is not None and known.gone_at is not None


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

    Only something `received` may make a customer, and is refused to one who was erased: an abandoned attempt does neither. `owned`: whose it was by an e-mail, which stays that
    customer's whatever they changed it to. `waits` gets what would change the answer.
    """
    theirs = owned.customer_id if owned is not None else None
    if customer_ref:
        known = registered(world, waits, customer_ref)
        return _gone(world, known, theirs) if received else known
    if subscription:
        waits.add(case_key(subscription))
        remembered = world.subscription_owners.get(subscription)
        if remembered:
            waits.add(customer_key(remembered))
            return _gone(world, Owner(remembered), theirs) if received else Owner(remembered)
    answers = [_by_email(world, waits, email, owned, received) for email in emails]
    if not answers:
        return Owner(reason="customer_missing")
    found = next((answer for answer in answers if answer.customer_id), answers[0])
    erased = any(world.gone(one) for email in emails for one in world.by_email.get(email, ()))
    if found.reason == "customer_unknown" and world.create_unknown and received and not erased:
        made = made_of(emails[0])
        if world.gone(made):
            return found
        # Who was made of this address may have another one by now, and is still who paid with it.
        return Owner(made, email=emails[0], new=made not in world.customers)
    return found


def registered(world: World, waits: set[WaitKey], customer_id: str) -> Owner:
    """The customer of an id of ours, which somebody named."""
    waits.add(customer_key(customer_id))
    known = customer_id in world.customers
    return Owner(customer_id) if known else Owner(reason="customer_unknown")


def _gone(world: World, owner: Owner, theirs: str | None) -> Owner:
    """Nobody, when that customer was erased; what was `theirs` before stays theirs."""
    if owner.customer_id is None or owner.customer_id == theirs or not world.gone(owner.customer_id):
        return owner
    return Owner(reason="customer_unknown")


def made_of(email: str) -> str:
    """Id of the customer that whoever pays with an unknown address becomes."""
    return "cus_" + hashlib.sha256(email.encode()).hexdigest()[:20]


def _by_email(world: World, waits: set[WaitKey], email: str, owned: Owned | None, received: bool) -> Owner:
    if owned is not None and owned.email and owned.email == short(email):
        return Owner(owned.customer_id, email=email)
    waits.add(email_key(email))
    found = [one for one in world.by_email.get(email, ()) if not (received and world.gone(one))]
    if len(found) > 1:
        return Owner(reason="customer_ambiguous")
    return Owner(found[0], email=email) if found else Owner(reason="customer_unknown")


def short(words: str) -> str:
    """A short name of words, to recognise them by."""
    return hashlib.blake2b(words.encode(), digest_size=8).hexdigest()


def digest(view: PaymentAssessed | SuspenseHeld) -> str:
    """Short name of what readers are told, so that it is told again only when it changed: not of what was new, nor of what they do not see.

    It is kept with the cases, so the JSON that it is of must stay as it is.
    """
    shown = dict(vars(view))
    if isinstance(view, PaymentAssessed):
        shown["facts"], shown["whose"] = (), ""
        del shown["given"]
        if not view.contested_amount:
            del shown["contested_amount"]
        for name in ("fee_amount", "fee_claimed"):
            if shown[name] is None:
                del shown[name]
    return hashlib.blake2b(_JSON.encode(shown), digest_size=8).hexdigest()


_JSON = msgspec.json.Encoder()  # a third of what pydantic's takes
