"""Bring what was said of a payment up to date with its facts: outcome, difference, and the record and customers that follow from it."""

from __future__ import annotations

from collections.abc import MutableMapping

from processor.cases.case import PaymentCase
from processor.cases.customer import Bid, CustomerRecord
from processor.cases.keys import course_key, email_key, foreign_key, is_surplus
from processor.cases.payment_record import Change, Granted, Held, Standing
from processor.cases.recording import MOVES, apply, count, topped_up
from processor.cases.world import Decided, World
from processor.grants.difference import difference
from processor.grants.outcome import PaymentOutcome
from processor.grants.plans import NOTHING, settle_given
from processor.grants.step import Step
from processor.grants.tiers import settle_tier
from processor.policies.payment import payment_outcome
from schemas.decision_model import Decision
from schemas.decisions import CreditGranted
from schemas.facts import CustomerRegistered

Customers = MutableMapping[str, CustomerRecord]


def decide_payment(case: PaymentCase, world: World, customers: Customers) -> Step:
    """Changes the case's record and the customers only as the decisions say."""
    wanted = payment_outcome(case.facts, case.record, world)
    step = Step(world, waits=set(wanted.waits), calls=set(wanted.calls), due_at=wanted.due_at)
    reasons: dict[str, str] = {}
    for decided in difference(case.facts, case.record, wanted, world):
        step.decisions.append(decided)
        _apply(case, decided, customers, step, reasons)
    _give(case, wanted, customers, step, reasons)
    for customer_id, reason in reasons.items():
        settle_tier(customers[customer_id], case.key, reason, step)
    for detail, reason in wanted.alarms:
        word = f"{reason} {detail}"
        if word not in case.record.told:
            case.record.told.add(word)
            step.parked.append((detail, reason))
    return step


def _apply(
    case: PaymentCase, decided: Decided, customers: Customers, step: Step, reasons: dict[str, str]
) -> None:
    event = decided.event
    if isinstance(event, CustomerRegistered):
        customers[event.customer_id] = CustomerRecord(event.customer_id, event.email)
        step.changed.add(event.customer_id)
        step.wakes.add(email_key(event.email or ""))
    elif isinstance(event, Decision):
        follow(case, event, customers, step, reasons)


def follow(
    case: PaymentCase, event: Decision, customers: Customers, step: Step, reasons: dict[str, str]
) -> None:
    """What a decision changes: the record of its case, and its customers. `reasons`: why a tier may be another one now, by customer."""
    change = apply(case.record, event)
    customer = customers.get(getattr(event, "customer_id", None) or "")
    if customer is not None and isinstance(event, MOVES):
        step.changed.add(customer.customer_id)
        count(customer, event, change)
    if change is not None:
        _bid(case.key, change, customers, step)
        if customer is not None and topped_up(change[1]) != topped_up(change[2]):
            reasons[customer.customer_id] = _reason(event)


def _reason(event: Decision) -> str:
    return "first_topup" if isinstance(event, CreditGranted) else "refund"


def _bid(case: str, change: Change, customers: Customers, step: Step) -> None:
    """Purchases of one course wait for each other in the customer's state: the earliest has it."""
    key, *standing = change
    name = key if " " in key else foreign_key(case, key)
    before, after = (_bid_of(case, key, one) for one in standing)
    if before == after:
        return
    for bid, there in ((before, False), (after, True)):
        customer = customers.get(bid[0]) if bid else None
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
    if isinstance(part, Granted) and part.kind == "course" and not part.gone and part.at and part.customer_id:
        return part.customer_id, part.product, Bid(case, part.at, opened=True)
    if not isinstance(part, Held) or part.reason != "duplicate_purchase" or is_surplus(key):
        return None
    if part.product is None or part.customer_id is None:
        return None
    return part.customer_id, part.product, Bid(case, part.since)


def _give(
    case: PaymentCase, wanted: PaymentOutcome, customers: Customers, step: Step, reasons: dict[str, str]
) -> None:
    before = case.record.given
    if before == wanted.given:
        return
    for customer_id in sorted(before.keys() | wanted.given.keys()):
        customer = customers.get(customer_id)
        if customer is None:
            continue
        was, is_now = before.get(customer_id, NOTHING), wanted.given.get(customer_id, NOTHING)
        if settle_given(case.key, was, is_now, customer, step, in_hand=case.facts.in_hand):
            reasons.setdefault(customer_id, "plan")
    case.record.given = dict(wanted.given)
