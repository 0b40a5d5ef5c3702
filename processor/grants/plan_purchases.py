"""Plans bought by an order or a one-off payment: periods append, whatever order the payments came in. They end by the clock.

A purchase that its provider also announced as a membership is shown as that membership alone (processor/grants/memberships.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from processor.cases.payment import Grant, PaymentCase
from processor.cases.situation import CustomerRecord, PlanAccess, Purchase, Situation
from processor.grants.memberships import chain_of, links_of, newest_of, plans_key, provider_of, valid
from processor.grants.tiers import settle_tier
from schemas.decisions import (
    SubscriptionActivated,
    SubscriptionCancelled,
    SubscriptionDecision,
    SubscriptionMerged,
    SubscriptionRenewed,
    SubscriptionUpdated,
    SubscriptionWithdrawn,
)
from schemas.periods import Period


def add_purchase(
    case: PaymentCase,
    part: str,
    product: str,
    purchase: Purchase,
    customer: CustomerRecord,
    situation: Situation,
) -> None:
    """A part of a payment bought periods of a plan."""
    customer.purchases.setdefault(product, {})[f"{case.key} {part}"] = purchase
    _settle(case, "plan", customer, situation)


def move_purchase(
    case: PaymentCase, part: str, at: datetime, grant: Grant, customer: CustomerRecord, situation: Situation
) -> None:
    """Another fact of the same payment told an earlier time: what was bought began then."""
    purchase = customer.purchases.get(grant.product, {}).get(f"{case.key} {part}")
    if purchase is not None and purchase.at != at:
        purchase.at = at
        _settle(case, "plan", customer, situation)


def add_refunded(
    case: PaymentCase,
    part: str,
    product: str,
    purchase: Purchase,
    customer: CustomerRecord,
    situation: Situation,
) -> None:
    """A part would have bought periods of a plan, but its money went back first: a membership announced for it ends as well."""
    purchases = customer.purchases.setdefault(product, {})
    if f"{case.key} {part}" not in purchases:
        purchases[f"{case.key} {part}"] = purchase
        _refund(case, purchase, case.closed[part].refunds, customer, situation)


def end_purchase(
    case: PaymentCase, part: str, grant: Grant, customer: CustomerRecord, situation: Situation
) -> None:
    """All the money of a purchase went back: what it bought ends then."""
    purchase = customer.purchases.get(grant.product, {}).get(f"{case.key} {part}")
    if purchase is None:
        return
    _refund(case, purchase, grant.refunds, customer, situation)


def withdraw_purchase(
    case: PaymentCase, name: str, customer: CustomerRecord, situation: Situation, *, hide: bool = False
) -> None:
    """The part of a case by this name bought nothing after all.

    What was said of its plan stays said (it was cancelled when its money went back), unless it is to be hidden because it was never due.
    """
    products = [product for product, purchases in customer.purchases.items() if name in purchases]
    for product in products:
        del customer.purchases[product][name]
        if not customer.purchases[product]:
            del customer.purchases[product]
    if not products:
        return
    if hide:
        _hide(
            case, [product for product in products if product not in customer.purchases], customer, situation
        )
    _settle(case, "withdrawn" if hide else "refund", customer, situation)


def _hide(case: PaymentCase, products: list[str], customer: CustomerRecord, situation: Situation) -> None:
    for product in products:
        row = _Row(case.key, case.provider, product, customer)
        said = row.said
        customer.plans.pop(row.name, None)
        if said is not None and said.status not in ("merged", "withdrawn"):
            view = said.model_copy(update={"case": row.case, "status": "withdrawn"})
            _say(row, view, SubscriptionWithdrawn, situation)


def settle_purchases(case_key: str, customer: CustomerRecord, situation: Situation) -> None:
    """Say how long purchases last that no membership stands for, after a purchase or a membership of this customer changed.

    Leaves the customer's tier to the caller.
    """
    links = links_of(customer)
    for product, purchases in customer.purchases.items():
        alone = {name: purchase for name, purchase in purchases.items() if (product, name) not in links}
        newest = max(alone or purchases, key=lambda name: (purchases[name].at, name))
        row = _Row(case_key, provider_of(newest), product, customer)
        if not alone:
            _merge(row, max(links[product, name] for name in purchases), situation)
        elif valid(alone.values()):
            # They append to those that a membership stands for: nobody pays for the same days twice.
            _last(row, valid(purchases.values()), situation)
        else:
            _end(row, list(alone.values()), situation)


def _refund(
    case: PaymentCase,
    purchase: Purchase,
    refunds: Iterable[str],
    customer: CustomerRecord,
    situation: Situation,
) -> None:
    purchase.refunded_at = max(case.refunds[refund_id].at for refund_id in refunds)
    _settle(case, "refund", customer, situation)


def _settle(case: PaymentCase, reason: str, customer: CustomerRecord, situation: Situation) -> None:
    settle_purchases(case.key, customer, situation)
    settle_tier(customer, case.key, reason, situation)
    situation.changed.add(customer.customer_id)
    situation.wakes.add(plans_key(customer))


class _Row(NamedTuple):
    """What readers see of a customer's purchases of one plan; `case` is the one that changes it."""

    case: str
    provider: str
    product: str
    customer: CustomerRecord

    @property
    def name(self) -> str:
        return f"plan:{self.customer.customer_id}:{self.product}"

    @property
    def said(self) -> SubscriptionDecision | None:
        """What was last said of it."""
        said = self.customer.plan_rows.get(self.product)
        return SubscriptionDecision.model_validate(said) if said else None

    def view(self, terms: Purchase, **state: Any) -> SubscriptionDecision:
        return SubscriptionDecision(
            case=self.case,
            subscription_id=self.name,
            customer_id=self.customer.customer_id,
            provider=self.provider,
            plan=self.product,
            tier=terms.tier,
            **state,
        )


def _last(row: _Row, purchases: list[Purchase], situation: Situation) -> None:
    terms, started, ends = chain_of(purchases)
    until = Period.parse(terms.grace).after(ends) if terms.grace else ends
    row.customer.plans[row.name] = PlanAccess(tier=terms.tier or "", until=until)
    before = row.said
    model: type[SubscriptionDecision] = SubscriptionActivated
    if before is not None and before.status == "active" and before.expires_at is not None:
        model = SubscriptionRenewed if ends > before.expires_at else SubscriptionUpdated
    view = row.view(
        terms,
        status="active",
        started_at=started,
        expires_at=ends,
        access_until=until,
        cancel_at_period_end=True,
    )
    _say(row, view, model, situation)


def _end(row: _Row, purchases: list[Purchase], situation: Situation) -> None:
    """All its money went back. When the provider's clock is ahead of ours it ends now."""
    ended = min(max(one.refunded_at for one in purchases if one.refunded_at), situation.now)
    row.customer.plans.pop(row.name, None)
    view = row.view(
        newest_of(purchases), status="cancelled", started_at=None, expires_at=ended, access_until=ended
    )
    _say(row, view, SubscriptionCancelled, situation)


def _merge(row: _Row, into: str, situation: Situation) -> None:
    """Nothing of it stands alone any more. A row that nobody ever saw need not be taken away."""
    row.customer.plans.pop(row.name, None)
    before = row.said
    if before is None or before.status in ("merged", "withdrawn"):
        return
    merged = before.model_copy(update={"case": row.case, "status": "merged"})
    row.customer.plan_rows[row.product] = merged.model_dump(mode="json")
    situation.say_of(row.customer.customer_id, SubscriptionMerged(**vars(merged), into=into))


def _say(
    row: _Row, view: SubscriptionDecision, model: type[SubscriptionDecision], situation: Situation
) -> None:
    before = row.said
    if before is not None and before.model_copy(update={"case": row.case}) == view:
        return
    row.customer.plan_rows[row.product] = view.model_dump(mode="json")
    situation.say_of(row.customer.customer_id, model(**vars(view)))
