"""Deciding on facts: bring cases up to date, ask the policies, and collect what is to be written. Reads, never writes.

Used by the rounds of fulfilment and by intake, when it decides on its own facts in its own transaction (processor/fulfilment/inline.py).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, cast

import msgspec

from eventstore.append import NewEvent
from eventstore.read import StoredEvent
from processor.cases.case import Case, PaymentCase, SubscriptionCase
from processor.cases.keys import CATALOG, NEW_PROGRAM, WaitKey, case_key
from processor.cases.payment_record import Closed
from processor.cases.world import World, made_of
from processor.fulfilment.desk import SQL, Cause, Desk, cause_of
from processor.policies.deciding import Step, decide
from processor.raised import place_of
from runtime.database import Connection
from runtime.tracing import tell_batch, tracer
from schemas.case_words import CaseWord
from schemas.catalog import Catalog
from schemas.errors import Permanent
from schemas.event_model import EventModel
from schemas.facts import FACTS, CatalogPublished, CustomerRegistered
from schemas.personal_facts import CustomerErased
from schemas.published_catalog import published_catalog
from schemas.streams import CUSTOMER, category
from schemas.trace_context import TRACEPARENT

FACT_TYPES = frozenset(
    {model.TYPE for model in FACTS if not model.TYPE.startswith("webhook.")} | {CustomerErased.TYPE}
)
BREATH = 10  # cases; deciding is CPU work, and intake's transaction holds the log's lock while it waits for its turn
TURNS = 100  # decisions on one case in a round; a few are usual, and without an end two cases that wake each other would stop all others


class Reported(msgspec.Struct, frozen=True):
    """One fact with its place in the log, and what its decisions will name as their cause."""

    position: int
    fact: EventModel
    cause: Cause


class Place(NamedTuple):
    """How far we are: the last thing that was waited for, and the case that did."""

    waited_for: str = ""
    case: str = ""


class PolicyFailed(Permanent):
    """A policy raised on a case: a bug of ours. The round is repeated without deciding that case."""

    def __init__(self, case: str, error: Exception) -> None:
        super().__init__(f"deciding {case} failed: {type(error).__name__}")
        self.case = case
        self.error = error


class ForAPerson(NamedTuple):
    """What somebody must look at. `about`: the case or the money; `place`: where a policy failed, empty where none did."""

    provider: str
    about: str
    reason: str
    cause: Cause
    place: str = ""


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
    parked: list[ForAPerson] = field(default_factory=list)
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


def about_to_come(events: Sequence[NewEvent], first: int) -> list[Reported]:
    """The facts among events of which the first is about to be appended at this position; they have their event ids already."""
    facts: list[Reported] = []
    for position, event in enumerate(events, first):
        if event.event.TYPE in FACT_TYPES:
            said = event.metadata
            cause = Cause(
                position,
                str(event.event_id),
                cast("str | None", said.get("correlation_id")),
                cast("str | None", said.get("delivery_id")),
                cast("str | None", said.get(TRACEPARENT)),
            )
            facts.append(Reported(position, event.event, cause))
    return facts


async def touch_due(connection: Connection, work: Work, limit: int) -> None:
    """Cases whose time has come: a subscription that ends, a grace that is over."""
    due = [row["case_key"] for row in await connection.fetch(SQL["due"], work.now, limit)]
    await work.desk.bring(connection, dict.fromkeys(due, Cause()))


async def touch_held(connection: Connection, work: Work, place: Place, limit: int) -> Place | None:
    """Take cases to the desk whose money is held because nobody had its payer's e-mail: customers may be made of such e-mails now.

    `LUNAS_UNKNOWN_CUSTOMER` may have been `suspense` when the money came. Nothing marks the moment it becomes `create`, so every leader goes through
    what waits for an e-mail once, a little per round: the next `limit` of those that wait. Returns how far that is, None at the end. Live payments are
    decided in between; deciding again changes only what is held.
    """
    rows = await connection.fetch(SQL["unknown_payers"], *place, limit)
    held = [row["case_key"] for row in rows if row["held"] and row["case_key"] not in work.desk.merged]
    await work.desk.bring(connection, dict.fromkeys(held, Cause()))
    return Place(rows[-1]["wait_key"], rows[-1]["case_key"]) if len(rows) == limit else None


async def prepare(connection: Connection, work: Work, facts: Sequence[Reported]) -> None:
    """Bring the cases that the facts concern up to date, and those that waited for what happened. `look` comes before it."""
    desk = work.desk
    each = [one.fact for one in facts]
    await desk.load_claimed(connection, each)
    told = {fact.customer_id for fact in each if isinstance(fact, (CustomerRegistered, CustomerErased))}
    await desk.load_customers(connection, told, set())
    woken: dict[WaitKey, Cause] = {}
    for one in facts:
        woken |= take_in(work, one)
    await wake(connection, work, woken)


def take_in(work: Work, one: Reported) -> dict[WaitKey, Cause]:
    """The cases and customers that a fact concerns learn of it. Returns what others may have waited for."""
    desk, fact, cause = work.desk, one.fact, one.cause
    if isinstance(fact, CustomerRegistered):
        return dict.fromkeys(desk.register(fact), cause)
    if isinstance(fact, CustomerErased):
        return dict.fromkeys(desk.erase(fact), cause)
    if isinstance(fact, CatalogPublished):
        work.catalog = published_catalog(fact.content)
        return {CATALOG: cause}
    concerned = desk.concerned(fact) if isinstance(fact, CaseWord) else [desk.case_of(fact).key]
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
    newest = max(woken.values(), key=lambda cause: cause.position)
    await work.desk.bring(connection, dict.fromkeys(keys, newest))


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
        await desk.bring(connection, called)


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
            if subscription := case.facts.subscription:
                subscriptions.add(subscription)
        ids.update(one for one in named if one)
    await desk.load_owners(connection, subscriptions)
    ids |= {owner for key in subscriptions if (owner := desk.owners.get(key))}
    await desk.load_customers(connection, ids, emails)
    if work.create_unknown:
        made = {made_of(email) for email in emails if not desk.by_email.get(email)}
        await desk.load_customers(connection, made, set())
    await desk.load_versions(connection)


def tell_work(work: Work, began: int) -> None:
    """In the traces of the facts that were decided on, where traces are on. `began`: epoch nanoseconds."""
    by = tracer()
    if by is not None:
        contexts = {cause.traceparent for cause in work.decided.values() if cause.traceparent is not None}
        tell_batch(by, "decide", sorted(contexts), began, {"lunas.decisions": len(work.new)})


def _concerned(case: PaymentCase) -> list[str | None]:
    """Customers who have something of a payment, bid for it, or are to have it by an operator's word."""
    has = [part.customer_id for part in case.record.parts.values() if not isinstance(part, Closed)]
    claimed = [claim.customer_id for claim in case.facts.claims.values()]
    corrected = [correction.customer_id for correction in case.facts.corrections.values()]
    return [*has, *claimed, *corrected]


def _decide(work: Work, case: Case, world: World, cause: Cause) -> Step:
    """Returns what it led to: what happened that others may have waited for, and whom it calls."""
    desk, key, place = work.desk, case.key, ""
    if key in work.undecidable:
        place = place_of(work.undecidable[key].error)
        step = Step(world, desk.customers, waits={NEW_PROGRAM})
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
        if step.changed:
            desk.index(step.changed)
    work.due[key] = step.due_at
    known = work.decided.get(key)
    if known is None or known.position <= cause.position:
        work.decided[key] = cause
    desk.waits[key] = step.waits
    desk.changed_customers |= step.changed
    for detail, reason in step.parked:
        work.parked.append(ForAPerson(case.provider, detail, reason, cause, place))
    metadata = metadata_of(cause, work.catalog.version)
    for decision in step.decisions:
        work.new.append(NewEvent(decision.stream, decision.event, metadata))
    return step


def metadata_of(cause: Cause, catalog: str | None) -> dict[str, object]:
    """What decisions say of their cause. What is not known is left out; so is what belongs together by its delivery, which says it already."""
    said = {
        "correlation_id": None if cause.correlation_id == cause.delivery_id else cause.correlation_id,
        "causation_id": cause.event_id,
        "delivery_id": cause.delivery_id,
        "catalog_version": catalog,
        TRACEPARENT: cause.traceparent,
    }
    return {name: value for name, value in said.items() if value is not None}
