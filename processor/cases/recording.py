"""How a decision changes the record of its payment, and what its customer is counted to have."""

from __future__ import annotations

from msgspec.structs import replace

from processor.cases.customer import CustomerRecord, Membership, PlanAccess, TierState, TopUp
from processor.cases.keys import MAIN, is_plan_row
from processor.cases.payment_record import Change, Closed, Granted, Held, Kind, Owned, PaymentRecord, Standing
from processor.cases.subscription_record import shown
from processor.cases.world import digest
from schemas import corrections as c
from schemas import decisions as d
from schemas.decision_model import Decision, Given, Grant, ValueMoved

GRANTS = (d.CreditGranted, d.TokensGranted, d.CourseEnrolled, d.SaleRecorded)
REFUNDS = (d.CreditClawedBack, d.TokensClawedBack, d.SaleRefunded)
WITHDRAWALS = (c.CreditWithdrawn, c.TokensWithdrawn, c.CourseWithdrawn, c.SaleWithdrawn)

OF_CUSTOMER = frozenset(d.DECISIONS) - {d.PaymentAssessed, d.FeeBooked, d.SuspenseHeld, d.SuspenseReleased}
"""Decisions on a customer's own stream."""


def apply(record: PaymentRecord, decision: Decision) -> Change | None:
    """Returns the part that changed."""
    if isinstance(decision, d.PaymentAssessed):
        _told(record, decision)
        return None
    if isinstance(decision, d.FeeBooked):
        # What was posted: of two cases that became one it is the sum, in whatever order the log tells.
        record.fee += decision.amount_idr - decision.before_idr
        return None
    if not isinstance(decision, ValueMoved):
        return None
    key = decision.part
    before = record.parts.get(key)
    after = _standing(before, decision)
    if after is None:
        record.parts.pop(key, None)
    else:
        record.parts[key] = after
    if isinstance(decision, Grant) and decision.whose:
        record.owned = Owned(getattr(decision, "customer_id"), decision.whose, decision.by or None)  # noqa: B009
    elif isinstance(decision, WITHDRAWALS) and (not record.granted or (key == MAIN and key in record.void)):
        record.owned = None
    return key, before, after


def _told(record: PaymentRecord, view: d.PaymentAssessed) -> None:
    record.assessed[view.record] = digest(view)
    if view.whose and record.owned is not None and view.customer_id == record.owned.customer_id:
        record.owned = replace(record.owned, words=view.whose)
    if view.record == view.case:
        record.merged = set(view.merged)
        record.given = view.given
        for name in view.merged:
            record.assessed.pop(name, None)
        record.untold = [position for position in record.untold if position not in view.facts]
        if record.void:
            record.void = {key: at for key, at in record.void.items() if at not in view.facts}


def _standing(before: Standing | None, decision: ValueMoved) -> Standing | None:
    if isinstance(decision, GRANTS):
        return _granted(decision)
    if isinstance(decision, d.SuspenseHeld):
        return Held.like(decision)
    if isinstance(decision, d.SuspenseReleased):
        return _released(before, decision)
    if isinstance(before, Granted):
        if isinstance(decision, REFUNDS):
            return replace(before, refunds={**before.refunds, decision.refund_id: decision.amount_idr})
        if isinstance(decision, c.CreditDated):
            return replace(before, at=decision.at)
        if isinstance(decision, c.CourseDated):
            return replace(before, at=decision.at, order_id=decision.order_id)
    return None if isinstance(decision, WITHDRAWALS) else before


_KINDS: dict[type[Decision], Kind] = {
    d.CreditGranted: "credit",
    d.TokensGranted: "tokens",
    d.CourseEnrolled: "course",
}


def _granted(decision: d.CreditGranted | d.TokensGranted | d.CourseEnrolled | d.SaleRecorded) -> Granted:
    """What was bought, by the names that grants of its kind have for it."""
    bought = vars(decision)
    terms = bought.get("terms")
    return Granted(
        kind=_KINDS.get(type(decision)) or ("plan" if terms else "sale"),
        customer_id=decision.customer_id,
        amount=decision.amount_idr,
        product=bought.get("product") or bought.get("course", "credit"),
        attempts=decision.attempts or (decision.payment_id,),
        quantity=bought.get("quantity", 1),
        tokens=bought.get("tokens") or bought.get("chat_tokens", 0),
        at=decision.at,
        order_id=bought.get("order_id", ""),
        what=decision.what,
        terms=terms,
        part_refund=decision.part_refund,
        late=decision.if_late,
        overpaid=decision.if_overpaid,
    )


def _released(before: Standing | None, decision: d.SuspenseReleased) -> Standing | None:
    if decision.resolution == "written_off" and isinstance(before, Held):
        return Closed(decision.attempts, before.amount, dict(decision.refunds))
    return None


def count(customer: CustomerRecord, decision: Decision, change: Change | None) -> None:
    """What a decision changes of a customer."""
    if isinstance(decision, d.CreditGranted):
        customer.credit_tokens += decision.tokens
        customer.topped_up(TopUp(decision.at, decision.amount_idr))
    elif isinstance(decision, (d.CreditClawedBack, c.CreditWithdrawn)):
        customer.credit_tokens -= decision.tokens
    elif isinstance(decision, d.TokensGranted):
        customer.chat_tokens += decision.chat_tokens
    elif isinstance(decision, (d.TokensClawedBack, c.TokensWithdrawn)):
        customer.chat_tokens -= decision.chat_tokens
    elif isinstance(decision, d.SubscriptionDecision):
        _subscription(customer, decision)
    elif isinstance(decision, d.TierChanged):
        customer.tier = TierState(decision.tier, decision.until, decision.fallback_tier)
    if change is not None:
        _change(customer, decision, change)


def give(customer: CustomerRecord, before: Given, now: Given) -> None:
    """The customer remembers what a payment gives now instead of what it gave before."""
    for name in before.charges.keys() - now.charges.keys():
        customer.charges.pop(name, None)
    customer.charges |= now.charges
    for name in before.lessened.keys() - now.lessened.keys():
        customer.lessened.pop(name, None)
    customer.lessened |= now.lessened
    for name, (product, _) in before.purchases.items():
        customer.purchases.get(product, {}).pop(name, None)
    for name, (product, bought) in now.purchases.items():
        customer.purchases.setdefault(product, {})[name] = bought
    customer.purchases = {product: known for product, known in customer.purchases.items() if known}


def announced(customer: CustomerRecord, view: d.SubscriptionDecision) -> None:
    """What a membership is called, its customer remembers."""
    if view.began is not None:
        known = Membership(view.provider, view.began, view.named, list(view.called))
        customer.memberships[view.subscription_id] = known


def _subscription(customer: CustomerRecord, decision: d.SubscriptionDecision) -> None:
    """What is over by the clock alone stays: it lifts nobody any more."""
    announced(customer, decision)
    if isinstance(decision, d.SubscriptionWithdrawn):
        customer.memberships.pop(decision.subscription_id, None)
    if decision.tier and decision.status in ("active", "past_due", "cancelled"):
        customer.plans[decision.subscription_id] = PlanAccess(decision.tier, decision.access_until)
    else:
        customer.plans.pop(decision.subscription_id, None)
    if is_plan_row(decision.subscription_id):
        customer.plan_rows[decision.plan or ""] = shown(decision)


def _change(customer: CustomerRecord, decision: Decision, change: Change) -> None:
    _, before, after = change
    if isinstance(decision, (c.CreditWithdrawn, c.CreditDated)) and isinstance(before, Granted) and before.at:
        customer.not_topped_up(TopUp(before.at, before.amount or 0))
    if isinstance(decision, c.CreditDated) and isinstance(after, Granted):
        customer.topped_up(TopUp(decision.at, after.amount or 0))
    customer.topups += topped_up(after) - topped_up(before)


def topped_up(part: Standing | None) -> bool:
    """A top-up that counts: not all of it went back."""
    return isinstance(part, Granted) and part.kind == "credit" and not part.gone
