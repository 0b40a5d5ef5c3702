"""Plans bought by an order or a one-off payment: periods append, whatever order the payments came in. They end by the clock.

A purchase that its provider also announced as a membership is shown as that membership alone (processor/grants/memberships.py).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from processor.cases.customer import CustomerRecord, PlanAccess
from processor.cases.keys import charge_key, plans_key
from processor.cases.payment_record import Bought, Given
from processor.grants.memberships import chain_of, links_of, newest_of, provider_of, valid
from processor.grants.step import Step
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

NOTHING = Given()


def settle_given(
    case_key: str, before: Given, now: Given, customer: CustomerRecord, step: Step, *, in_hand: bool
) -> bool:
    """What a payment gives a customer's plans and subscriptions has changed. Whether periods are among it.

    What bought nothing after all is withdrawn from readers; after a person's word it stays what was said of it.
    """
    if before == now:
        return False
    provider = case_key.partition(":")[0]
    hand_over(before, now, customer)
    step.wakes.update(charge_key(provider, name) for name in before.charges.keys() | now.charges.keys())
    step.changed.add(customer.customer_id)
    if before.purchases == now.purchases:
        return False
    gone = [product for product, purchases in customer.purchases.items() if not purchases]
    for product in gone:
        del customer.purchases[product]
        row = _Row(case_key, provider, product, customer)
        if product in now.ended:
            _end(row, [now.ended[product]], step)
        elif not in_hand:
            _hide(row, step)
    settle_purchases(case_key, customer, step)
    step.wakes.add(plans_key(customer.customer_id))
    return True


def hand_over(before: Given, now: Given, customer: CustomerRecord) -> None:
    """The customer remembers what is given now instead of what was given before."""
    for name in before.charges.keys() - now.charges.keys():
        customer.charges.pop(name, None)
    customer.charges |= now.charges
    for name, (product, _) in before.purchases.items():
        customer.purchases.get(product, {}).pop(name, None)
    for name, (product, bought) in now.purchases.items():
        customer.purchases.setdefault(product, {})[name] = bought


def _hide(row: _Row, step: Step) -> None:
    said = row.said
    row.customer.plans.pop(row.name, None)
    if said is not None and said.status not in ("merged", "withdrawn"):
        view = said.model_copy(update={"case": row.case, "status": "withdrawn"})
        _say(row, view, SubscriptionWithdrawn, step)


def settle_purchases(case_key: str, customer: CustomerRecord, step: Step) -> None:
    """Say how long purchases last that no membership stands for, after a purchase or a membership of this customer changed.

    Leaves the customer's tier to the caller.
    """
    links = links_of(customer)
    for product, purchases in customer.purchases.items():
        alone = {name: purchase for name, purchase in purchases.items() if (product, name) not in links}
        newest = max(alone or purchases, key=lambda name: (purchases[name].at, name))
        row = _Row(case_key, provider_of(newest), product, customer)
        if not alone:
            _merge(row, max(links[product, name] for name in purchases), step)
        elif valid(alone.values()):
            # They append to those that a membership stands for: nobody pays for the same days twice.
            _last(row, valid(purchases.values()), step)
        else:
            _end(row, list(alone.values()), step)


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

    def view(self, terms: Bought, **state: Any) -> SubscriptionDecision:
        return SubscriptionDecision(
            case=self.case,
            subscription_id=self.name,
            customer_id=self.customer.customer_id,
            provider=self.provider,
            plan=self.product,
            tier=terms.terms.tier,
            **state,
        )


def _last(row: _Row, purchases: list[Bought], step: Step) -> None:
    terms, started, ends = chain_of(purchases)
    until = Period.parse(terms.terms.grace).after(ends) if terms.terms.grace else ends
    row.customer.plans[row.name] = PlanAccess(tier=terms.terms.tier or "", until=until)
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
    _say(row, view, model, step)


def _end(row: _Row, purchases: list[Bought], step: Step) -> None:
    """All its money went back. When the provider's clock is ahead of ours it ends now."""
    ended = min(max(one.refunded_at for one in purchases if one.refunded_at), step.world.now)
    row.customer.plans.pop(row.name, None)
    view = row.view(
        newest_of(purchases), status="cancelled", started_at=None, expires_at=ended, access_until=ended
    )
    _say(row, view, SubscriptionCancelled, step)


def _merge(row: _Row, into: str, step: Step) -> None:
    """Nothing of it stands alone any more. A row that nobody ever saw need not be taken away."""
    row.customer.plans.pop(row.name, None)
    before = row.said
    if before is None or before.status in ("merged", "withdrawn"):
        return
    merged = before.model_copy(update={"case": row.case, "status": "merged"})
    row.customer.plan_rows[row.product] = merged.model_dump(mode="json")
    step.say_of(row.customer.customer_id, SubscriptionMerged(**vars(merged), into=into))


def _say(row: _Row, view: SubscriptionDecision, model: type[SubscriptionDecision], step: Step) -> None:
    before = row.said
    if before is not None and before.model_copy(update={"case": row.case}) == view:
        return
    row.customer.plan_rows[row.product] = view.model_dump(mode="json")
    step.say_of(row.customer.customer_id, model(**vars(view)))
