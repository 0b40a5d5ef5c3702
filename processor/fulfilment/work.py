"""Deciding on facts: bring cases up to date, ask the policies, and collect what is to be written. Reads, never writes.

Used by the rounds of fulfilment and by intake, when it decides on its own facts in its own transaction (processor/fulfilment/inline.py).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from eventstore.append import NewEvent
from eventstore.read import StoredEvent
from processor.cases.case import Case, PaymentCase, SubscriptionCase
from processor.cases.keys import CATALOG, NEW_PROGRAM, WaitKey, case_key
from processor.cases.names import subscription_case
from processor.cases.payment_record import Closed
from processor.cases.world import World, made_of
from processor.fulfilment.desk import SQL, Cause, Desk, cause_of
from processor.grants.step import Step
from processor.policies.deciding import decide
from runtime.database import Connection
from schemas.catalog import Catalog
from schemas.errors import Permanent
from schemas.event_model import EventModel
from schemas.facts import CatalogPublished, CustomerRegistered, SuspenseFact
from schemas.streams import CUSTOMER, category

BREATH = 10  # cases; deciding is CPU work, and intake's transaction holds the log's lock while it waits for its turn
TURNS = 100  # decisions on one case in a round; a few are usual, and without an end two cases that wake each other would stop all others


@dataclass(frozen=True, slots=True)
class Reported:
    """One fact with its place in the log, and what its decisions will name as their cause."""

    position: int
    fact: EventModel
    cause: Cause


class PolicyFailed(Permanent):
    """A policy raised on a case: a bug of ours. The round is repeated without deciding that case."""

    def __init__(self, case: str, error: Exception) -> None:
        super().__init__(f"deciding {case} failed: {type(error).__name__}")
        self.case = case
        self.error = error


@dataclass(slots=True)
class Work:
    """What is decided in one go: cases and customers on the desk, decisions to append, what to show to an operator."""

    desk: Desk
    now: datetime
    catalog: Catalog
    create_unknown: bool
    undecidable: Mapping[str, PolicyFailed]
    decided: dict[str, Cause] = field(default_factory=dict)
    due: dict[str, datetime | None] = field(default_factory=dict)
    new: list[NewEvent] = field(default_factory=list)
    parked: list[tuple[str, str, str, Cause]] = field(default_factory=list)
    turns: Counter[str] = field(default_factory=Counter)

    def world(self) -> World:
        """What policies may know, as it is on the desk: what is loaded or decided later is seen in it too."""
        desk = self.desk
        return World(self.catalog, self.now, desk.customers, desk.by_email, desk.owners, self.create_unknown)

    def expected(self) -> dict[str, int]:
        """Versions of the customers' streams that the decisions rest on."""
        customers = {event.stream for event in self.new if category(event.stream) == CUSTOMER}
        return {stream: self.desk.versions.get(stream, 0) for stream in customers}


def reported(events: Sequence[StoredEvent]) -> list[Reported]:
    """Facts as read from the log. Raises UnknownEventVersion."""
    return [Reported(event.position, event.decoded(), cause_of(event)) for event in events]


def about(event: NewEvent, position: int) -> Reported:
    """A fact that is about to be appended at `position`; it has its event id already."""
    said = event.metadata
    cause = Cause(position, str(event.event_id), str(said["correlation_id"]), str(said["delivery_id"]))
    return Reported(position, event.event, cause)


async def touch_due(connection: Connection, work: Work, limit: int) -> None:
    """Cases whose time has come: a subscription that ends, a grace that is over."""
    due = [row["case_key"] for row in await connection.fetch(SQL["due"], work.now, limit)]
    await work.desk.load_cases(connection, due)
    for key in due:
        if key in work.desk.cases:
            work.desk.touch(key)


async def prepare(connection: Connection, work: Work, facts: Sequence[Reported]) -> None:
    """Bring the cases that the facts concern up to date, and those that waited for what happened. `look` comes before it."""
    desk = work.desk
    each = [one.fact for one in facts]
    await desk.load_claimed(connection, each)
    registered = {fact.customer_id for fact in each if isinstance(fact, CustomerRegistered)}
    await desk.load_customers(connection, registered, set())
    woken: dict[WaitKey, Cause] = {}
    for one in facts:
        woken |= _take_in(work, one)
    await wake(connection, work, woken)


def _take_in(work: Work, one: Reported) -> dict[WaitKey, Cause]:
    """What cases may have waited for and this fact brings."""
    desk, fact, cause = work.desk, one.fact, one.cause
    if isinstance(fact, CustomerRegistered):
        return dict.fromkeys(desk.register(fact), cause)
    if isinstance(fact, CatalogPublished):
        work.catalog = Catalog.model_validate(fact.content)
        return {CATALOG: cause}
    concerned = desk.concerned(fact) if isinstance(fact, SuspenseFact) else [desk.case_of(fact).key]
    for key in concerned:
        desk.cases[key].observe(fact, one.position)
        desk.touch(key, cause)
    return {}


async def wake(connection: Connection, work: Work, woken: dict[WaitKey, Cause]) -> None:
    """Cases that waited for one of these must be decided again."""
    if not woken:
        return
    rows = await connection.fetch(SQL["waiting"], sorted(woken))
    keys = [row["case_key"] for row in rows if row["case_key"] not in work.desk.merged]
    # Cases decided earlier in this round wait in memory only.
    keys += [key for key, waits in work.desk.waits.items() if key in work.desk.cases and waits & woken.keys()]
    await work.desk.load_cases(connection, keys)
    newest = max(woken.values(), key=lambda cause: cause.position)
    for key in keys:
        if key not in work.desk.dirty:
            work.desk.touch(key, newest)


async def decide_all(connection: Connection, work: Work) -> None:
    """Subscriptions first: payments of theirs ask them for their customer. A subscription that finds its customer wakes its payments."""
    desk = work.desk
    while desk.dirty:
        batch, desk.dirty = desk.dirty, {}
        await load_answers(connection, work, batch)
        world = work.world()
        ordered = sorted(
            batch, key=lambda key: (isinstance(desk.cases[key], PaymentCase), batch[key].position, key)
        )
        happened: dict[WaitKey, Cause] = {}
        called: dict[str, Cause] = {}
        for number, key in enumerate(ordered, 1):
            if number % BREATH == 0:
                await asyncio.sleep(0)
            case, cause = desk.cases[key], batch[key]
            before = case.owner
            step = _decide(work, case, world, cause)
            for wait in step.wakes:
                happened[wait] = cause
            for other in step.calls:
                called[other] = cause
            if isinstance(case, SubscriptionCase) and case.owner != before:
                desk.owners[key] = case.owner
                happened[case_key(key)] = cause
        await wake(connection, work, happened)
        await _call(connection, desk, called)


async def _call(connection: Connection, desk: Desk, called: dict[str, Cause]) -> None:
    """Cases that another one asked to look again."""
    await desk.load_cases(connection, called)
    for key, cause in called.items():
        if key in desk.cases and key not in desk.dirty:
            desk.touch(key, cause)


async def load_answers(connection: Connection, work: Work, batch: Mapping[str, Cause]) -> None:
    """What policies may ask about these cases."""
    desk = work.desk
    ids: set[str] = set()
    emails: set[str] = set()
    subscriptions: set[str] = set()
    for key in batch:
        case = desk.cases[key]
        named: list[str | None] = [case.owner]
        if isinstance(case, SubscriptionCase):
            named += [case.facts.customer_ref, case.facts.claim.customer_id if case.facts.claim else None]
            emails.update(payer for payer in case.facts.payers if payer)
        else:
            named += [case.facts.value("customer_ref"), *case.record.given, *_concerned(case)]
            emails.update(case.facts.emails())
            subscription = case.facts.value("subscription_key")
            if subscription:
                subscriptions.add(subscription_case(case.provider, subscription))
        ids.update(one for one in named if one)
    await desk.load_owners(connection, subscriptions)
    ids |= {owner for key in subscriptions if (owner := desk.owners.get(key))}
    await desk.load_customers(connection, ids, emails)
    if work.create_unknown:
        made = {made_of(email) for email in emails if not desk.by_email.get(email)}
        await desk.load_customers(connection, made, set())
    await desk.load_versions(connection)


def _concerned(case: PaymentCase) -> list[str | None]:
    """Customers who have something of a payment, bid for it, or are to have it by an operator's word."""
    has = [part.customer_id for part in case.record.parts.values() if not isinstance(part, Closed)]
    return [*has, *[claim.customer_id for claim in case.facts.claims.values()]]


def _decide(work: Work, case: Case, world: World, cause: Cause) -> Step:
    """Returns what it led to: what happened that others may have waited for, and whom it calls."""
    desk, key = work.desk, case.key
    if key in work.undecidable:
        step = Step(world, waits={NEW_PROGRAM})
        step.parked.append((key, "policy_failed"))
    else:
        work.turns[key] += 1
        if work.turns[key] > TURNS:
            raise PolicyFailed(key, RecursionError("its decisions come to no end"))
        try:
            step = decide(case, world, desk.customers)
        except Exception as error:
            # Whatever a policy trips over concerns one case; the others must go on. Re-raised by name, never swallowed.
            raise PolicyFailed(key, error) from error
        desk.index(step.changed)
    work.due[key] = step.due_at
    known = work.decided.get(key)
    if known is None or known.position <= cause.position:
        work.decided[key] = cause
    desk.waits[key] = step.waits
    desk.changed_customers |= step.changed
    work.parked += [(case.provider, detail, reason, cause) for detail, reason in step.parked]
    metadata = {
        "correlation_id": cause.correlation_id,
        "causation_id": cause.event_id,
        "delivery_id": cause.delivery_id,
        "catalog_version": work.catalog.version,
    }
    for decision in step.decisions:
        work.new.append(NewEvent(decision.stream, decision.event, metadata))
    return step
