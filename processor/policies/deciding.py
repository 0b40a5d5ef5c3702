"""Bring what was said of a case up to date with its facts: outcome, difference, and the record and customers that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from datetime import datetime

import msgspec
from msgspec import field

from processor.cases.case import Case, PaymentCase, SubscriptionCase
from processor.cases.customer import Bid, CustomerRecord
from processor.cases.keys import (
    WaitKey,
    charge_key,
    course_key,
    email_key,
    foreign_key,
    is_surplus,
    plans_key,
)
from processor.cases.payment_record import Change, Granted, Held, Standing
from processor.cases.recording import OF_CUSTOMER, count, give, topped_up
from processor.cases.world import Decided, World
from processor.grants.difference import difference
from processor.grants.outcome import PaymentOutcome, SubscriptionOutcome
from processor.grants.plans import rows_difference
from processor.grants.subscriptions import subscription_difference
from processor.grants.tiers import tier_difference
from processor.policies.payment import payment_outcome
from processor.policies.subscription import subscription_outcome
from schemas.decision_model import NOTHING, Decision, Given
from schemas.decisions import CreditGranted
from schemas.event_model import EventModel
from schemas.facts import CustomerRegistered

Customers = MutableMapping[str, CustomerRecord]


class Step(msgspec.Struct):
    """`changed` are customers whose record changed, `tiers` those whose tier may be another one now, and why. `calls`: cases that must look again
    whatever they wait for; `parked`: what an operator must see; `due_at`: when to look again without news.
    """

    world: World
    customers: Customers
    decisions: list[Decided] = field(default_factory=list)
    waits: set[WaitKey] = field(default_factory=set)
    wakes: set[WaitKey] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    tiers: dict[str, str] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)
    parked: list[tuple[str, str]] = field(default_factory=list)
    due_at: datetime | None = None


def decide(case: Case, world: World, customers: Customers) -> Step:
    """Changes the case's record and the customers only as the decisions say."""
    step = Step(world, customers)
    if isinstance(case, SubscriptionCase):
        wanted: PaymentOutcome | SubscriptionOutcome = _subscription(case, step)
    else:
        wanted = _payment(case, step)
    step.waits, step.due_at = set(wanted.waits), wanted.due_at
    for detail, reason, word in wanted.alarms:
        if word not in case.record.told:
            case.record.told.add(word)
            step.parked.append((detail, reason))
    for customer_id, reason in step.tiers.items():
        _say(case, tier_difference(step.customers[customer_id], case.key, reason, world), step)
    return step


def _payment(case: PaymentCase, step: Step) -> PaymentOutcome:
    wanted = payment_outcome(case.facts, case.record, step.world)
    step.calls |= wanted.calls
    before, void = case.record.given, {foreign_key(case.key, key) for key in case.record.void}
    _say(case, difference(case.facts, case.record, wanted, step.world), step)
    if case.record.given != before:
        _plans(case, before, void, step)
    return wanted


def _subscription(case: SubscriptionCase, step: Step) -> SubscriptionOutcome:
    wanted = subscription_outcome(case.facts, case.record, step.world)
    former = case.record.owner
    _say(case, subscription_difference(case.facts, case.record, wanted, step.world), step)
    whose = {wanted.view.customer_id: f"subscription_{wanted.view.status}"} if wanted.view is not None else {}
    if former is not None and case.record.owner != former:
        whose[former] = "subscription_withdrawn"
    for customer_id, reason in whose.items():
        if plans_key(customer_id) in step.wakes:
            _say(case, rows_difference(case.key, step.customers[customer_id], step.world.now), step)
        step.tiers[customer_id] = reason
    return wanted


def _say(case: Case, decisions: Iterable[Decided], step: Step) -> None:
    for decided in list(decisions):
        step.decisions.append(decided)
        follow(case, decided.event, step)


def follow(case: Case, event: EventModel, step: Step) -> None:
    """What a decision changes: the record of its case, and its customers. Nothing else changes what we said."""
    if not isinstance(event, Decision):
        if type(event) is CustomerRegistered:
            step.customers[event.customer_id] = CustomerRecord(event.customer_id, event.email)
            step.changed.add(event.customer_id)
            step.wakes.add(email_key(event.email or ""))
        return
    change: Change | None = None
    if isinstance(case, PaymentCase):
        given = case.record.given
        change = case.apply(event)
        if case.record.given != given:
            _give(case, given, step)
        if change is not None:
            _bid(case.key, change, step)
    else:
        case.apply(event)
    if type(event) in OF_CUSTOMER:
        _count(case.key, event, change, step)


def _count(case: str, event: Decision, change: Change | None, step: Step) -> None:
    """What the customer has now, and what that leads to."""
    customer = step.customers.get(getattr(event, "customer_id", None) or "")
    if customer is None:
        return
    announced = customer.memberships.get(case)
    step.changed.add(customer.customer_id)
    count(customer, event, change)
    if customer.memberships.get(case) != announced:
        # Which purchases it stands for may be others now.
        step.wakes.add(plans_key(customer.customer_id))
    if change is not None and topped_up(change[1]) != topped_up(change[2]):
        step.tiers[customer.customer_id] = "first_topup" if isinstance(event, CreditGranted) else "refund"


def _bid(case: str, change: Change, step: Step) -> None:
    """Purchases of one course wait for each other in the customer's state: the earliest has it."""
    key, *standing = change
    name = key if " " in key else foreign_key(case, key)
    before, after = (_bid_of(case, key, one) for one in standing)
    if before == after:
        return
    for bid, there in ((before, False), (after, True)):
        customer = step.customers.get(bid[0]) if bid else None
        if bid is None or customer is None:
            continue
        bids = customer.courses.setdefault(bid[1], {})
        if there:
            bids[name] = bid[2]
        else:
            bids.pop(name, None)
            step.wakes.add(course_key(bid[0], bid[1]))
        if not bids:
            del customer.courses[bid[1]]
        step.changed.add(bid[0])


def _bid_of(case: str, key: str, part: Standing | None) -> tuple[str, str, Bid] | None:
    """Customer, course and bid of a part that opened a course or would."""
    if isinstance(part, Granted) and part.kind == "course" and not part.over and part.at and part.customer_id:
        return part.customer_id, part.product, Bid(case, part.at, opened=True)
    if not isinstance(part, Held) or part.reason != "duplicate_purchase" or is_surplus(key):
        return None
    if part.product is None or part.customer_id is None:
        return None
    return part.customer_id, part.product, Bid(case, part.since)


def _give(case: PaymentCase, before: Mapping[str, Given], step: Step) -> None:
    """What a payment gives the plans and subscriptions of customers has changed."""
    for customer, was, now in _given(case, before, step):
        give(customer, was, now)
        step.changed.add(customer.customer_id)
        told = (was.charges, now.charges, was.lessened, now.lessened)
        step.wakes.update(charge_key(case.provider, name) for names in told for name in names)
        if was.purchases != now.purchases:
            step.wakes.add(plans_key(customer.customer_id))
            step.tiers.setdefault(customer.customer_id, "plan")


def _given(
    case: PaymentCase, before: Mapping[str, Given], step: Step
) -> Iterator[tuple[CustomerRecord, Given, Given]]:
    """Customers whom a payment gives something else now: what it gave them, and what it gives."""
    after = case.record.given
    for customer_id in sorted(before.keys() | after.keys()):
        customer = step.customers.get(customer_id)
        was, now = before.get(customer_id, NOTHING), after.get(customer_id, NOTHING)
        if customer is not None and was != now:
            yield customer, was, now


def _plans(case: PaymentCase, before: Mapping[str, Given], unclaimed: set[str], step: Step) -> None:
    """What readers see of plans that were bought.

    What bought nothing after all is withdrawn from them; after a person's word it stays what was said of it, until they take it back
    (`unclaimed`).
    """
    for customer, was, now in _given(case, before, step):
        if was.purchases == now.purchases:
            continue
        gone = {product for product, _ in was.purchases.values()} - customer.purchases.keys()
        void = {product for name, (product, _) in was.purchases.items() if name in unclaimed}
        shown = [one for one in sorted(gone) if one in now.ended or one in void or not case.facts.in_hand]
        rows = rows_difference(case.key, customer, step.world.now, shown, now.ended)
        _say(case, rows, step)
