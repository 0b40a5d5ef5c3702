"""Plans bought outright, by an order or a one-off payment: periods append, whatever order the payments came in. They end by the clock."""

from __future__ import annotations

from processor.payment_case import PaymentCase
from processor.situation import CustomerRecord, PlanAccess, Situation
from processor.subscription_state import paid_time
from processor.tiers import settle_tier
from schemas.decisions import (
    SubscriptionActivated,
    SubscriptionCancelled,
    SubscriptionDecision,
    SubscriptionRenewed,
)
from schemas.periods import Period


def settle_purchases(case: PaymentCase, product: str, customer: CustomerRecord, situation: Situation) -> None:
    """Say how long a customer's purchases of a plan last, after one was added or taken back."""
    name = f"plan:{customer.customer_id}:{product}"
    purchases = list(customer.purchases.get(product, {}).values())
    if not purchases:
        _end(case, name, product, customer, situation)
        return
    terms = max(purchases, key=lambda purchase: (purchase.at, purchase.period))
    started, ends = paid_time([(one.at, one.quantity) for one in purchases], Period.parse(terms.period))
    until = Period.parse(terms.grace).after(ends) if terms.grace else ends
    model: type[SubscriptionDecision] = (
        SubscriptionRenewed if name in customer.plans else SubscriptionActivated
    )
    situation.say_of(
        customer.customer_id,
        model(
            case=case.key,
            subscription_id=name,
            customer_id=customer.customer_id,
            provider=case.provider,
            plan=product,
            tier=terms.tier,
            status="active",
            started_at=started,
            expires_at=ends,
            access_until=until,
            cancel_at_period_end=True,
        ),
    )
    customer.plans[name] = PlanAccess(tier=terms.tier or "", until=until)
    settle_tier(customer, case.key, "plan", situation)


def _end(case: PaymentCase, name: str, product: str, customer: CustomerRecord, situation: Situation) -> None:
    """All its money went back: access ends now."""
    customer.purchases.pop(product, None)
    plan = customer.plans.pop(name, None)
    situation.say_of(
        customer.customer_id,
        SubscriptionCancelled(
            case=case.key,
            subscription_id=name,
            customer_id=customer.customer_id,
            provider=case.provider,
            plan=product,
            tier=(plan.tier if plan else None) or None,
            status="cancelled",
            started_at=None,
            expires_at=situation.now,
            access_until=situation.now,
        ),
    )
    settle_tier(customer, case.key, "refund", situation)
