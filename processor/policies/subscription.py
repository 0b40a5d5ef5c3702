"""From the reports about a subscription to decisions on its customer's stream. Pure: no clock, no I/O."""

from __future__ import annotations

from datetime import datetime, timedelta

from processor.cases.customer import CustomerRecord, PlanAccess
from processor.cases.keys import CATALOG, charge_key, customer_key, email_key, suspense_id
from processor.cases.subscription import Cycle, PayerReports, SubscriptionCase, hints_of
from processor.cases.subscription_state import Paid, SubscriptionState, state_of
from processor.cases.world import Owner, World, digest, find_owner
from processor.grants.memberships import announce, paid_for
from processor.grants.plans import settle_purchases
from processor.grants.step import Step
from processor.grants.tiers import settle_tier
from processor.policies.deciding import Customers
from schemas import streams
from schemas.catalog import Product
from schemas.decisions import (
    SubscriptionActivated,
    SubscriptionCancelled,
    SubscriptionCreated,
    SubscriptionDecision,
    SubscriptionExpired,
    SubscriptionExpiringSoon,
    SubscriptionPastDue,
    SubscriptionRenewed,
    SubscriptionTierChanged,
    SubscriptionUpdated,
    SuspenseHeld,
    SuspenseReleased,
)
from schemas.facts import CustomerRegistered

EXPIRING_SOON = timedelta(days=3)
"""Before its end a subscription is announced as expiring, once per end."""

_BY_STATUS: dict[str, type[SubscriptionDecision]] = {
    "pending": SubscriptionCreated,
    "active": SubscriptionActivated,
    "past_due": SubscriptionPastDue,
    "cancelled": SubscriptionCancelled,
    "expired": SubscriptionExpired,
}


def decide_subscription(case: SubscriptionCase, world: World, customers: Customers) -> Step:
    """Bring the decisions about a subscription up to date. Mutates the case's record of what was decided."""
    step = Step(world)
    _decide(case, customers, step)
    return step


def _decide(case: SubscriptionCase, customers: Customers, step: Step) -> None:
    if case.written_off and case.owner is None:
        _release(case, step)
        return
    owner = subscription_owner(case, customers, step)
    payers = _payers_of(case, owner, step)
    reports = case.reports_of(payers)
    product, problem = _product(case, reports, step)
    reason = owner.reason or problem
    if reason is not None or owner.customer_id is None:
        _hold(case, reports, reason or "customer_missing", owner, step)
        return
    _release(case, step)
    case.owner = owner.customer_id
    paid = _paid(case, reports, step)
    left_announced = paid is not None and paid.newest is None and paid.ends is not None
    if paid and (product is None or (paid.overrules(reports) and not left_announced)):
        product = _bought(paid)
    counted = [c for key, c in reports.cycles.items() if c.succeeded and _counts(key, c, case, step)]
    state = state_of(reports, product, counted, step.world.now, paid)
    _say(case, reports, product, state, step)
    _settle_plan(case, product, state, step)
    case.due_at = _due(state, step)


def owned_reports(case: SubscriptionCase, step: Step) -> PayerReports:
    """What counts of the reports about a subscription whose owner is known."""
    return case.reports_of(_payers_of(case, Owner(case.owner), step))


def subscription_owner(case: SubscriptionCase, customers: Customers, step: Step) -> Owner:
    """Whose subscription it is; the first known owner keeps it."""
    if case.owner:
        return Owner(case.owner)
    if case.claimed_by:
        step.waits.add(customer_key(case.claimed_by))
        known = case.claimed_by in step.world.customers
        return Owner(case.claimed_by) if known else Owner(reason="customer_unknown")
    owner = find_owner(
        step.world,
        step.waits,
        customer_ref=case.customer_ref,
        emails=[case.first_payer] if case.first_payer else [],
        received=case.in_use,
    )
    if owner.new and owner.customer_id and owner.email:
        _register(owner.customer_id, owner.email, customers, step)
    return owner


def _register(customer_id: str, email: str, customers: Customers, step: Step) -> None:
    """Whoever paid becomes a customer."""
    customers[customer_id] = CustomerRecord(customer_id, email)
    step.say_of(customer_id, CustomerRegistered(customer_id=customer_id, email=email, source="payment"))
    step.wakes.add(email_key(email))


def _payers_of(case: SubscriptionCase, owner: Owner, step: Step) -> set[str]:
    """E-mails that belong to the owner. A report with somebody else's e-mail is parked: the code may have been passed on or guessed."""
    if owner.customer_id is None or case.claimed_by or case.customer_ref:
        return set(case.payers)
    mine = {payer for payer in case.payers if owner.customer_id in step.world.by_email.get(payer, ())}
    mine.add(case.first_payer or "")
    for payer in sorted(set(case.payers) - mine - {""}):
        step.waits.add(email_key(payer))
        if payer not in case.parked:
            case.parked.append(payer)
            step.parked.append((case.subscription_key, "licence_of_another_customer"))
    return mine


def _product(case: SubscriptionCase, reports: PayerReports, step: Step) -> tuple[Product | None, str | None]:
    claimed = step.world.catalog.product(case.claim_product or "")
    if claimed is not None and claimed.kind == "plan":
        return claimed, None
    hints = hints_of(reports)
    if not hints:
        return None, None
    match = step.world.catalog.match(hints)
    if match.product is None:
        step.waits.add(CATALOG)
        # Without the plan a charge cannot become a period; a licence with its own end date can live without one.
        by_charges = (
            not step.world.traits(case.provider).announces_memberships or reports.cycles or reports.anchor
        )
        return None, match.reason if by_charges else None
    return match.product, None


def _paid(case: SubscriptionCase, reports: PayerReports, step: Step) -> Paid | None:
    """What payments are known to have bought of it, where the provider announces one purchase as a payment and as a membership."""
    if not step.world.traits(case.provider).announces_memberships:
        return None
    customer = step.world.customers[case.owner or ""]
    if announce(case, reports, customer, step):
        settle_purchases(case.key, customer, step)
    return paid_for(case.key, customer, reports.stated)


def _bought(paid: Paid) -> Product:
    """The plan as it was sold."""
    terms = paid.terms.terms
    return Product(id=paid.product, kind="plan", tier=terms.tier, period=terms.period, grace=terms.grace)


def _counts(key: str, cycle: Cycle, case: SubscriptionCase, step: Step) -> bool:
    """A charge proved only by a static token counts up to the provider's threshold; above it when its payment was vouched for.

    A charge whose money went back does not count.
    """
    name = cycle.payment_id or key
    step.waits.add(charge_key(case.provider, name))
    word = step.world.customers[case.owner or ""].charges.get(name)
    if word is not None:
        return word == "vouched"
    limit = step.world.catalog.policy(case.provider).confirm_above_idr
    return not cycle.token_only or cycle.confirmed or cycle.amount is None or cycle.amount <= limit


def _hold(case: SubscriptionCase, reports: PayerReports, reason: str, owner: Owner, step: Step) -> None:
    """Wait. The money of a charge waits in its own payment; only a subscription without one is shown as held itself."""
    if any(cycle.payment_id for cycle in reports.cycles.values()):
        _release(case, step)
        return
    view = SuspenseHeld(
        case=case.key,
        suspense_id=suspense_id(case.key, "subscription"),
        provider=case.provider,
        payment_id=case.subscription_key,
        reason=reason,
        amount=None,
        payer_email=case.first_payer,
        customer_id=owner.customer_id,
        since=reports.first_at,
    )
    said = digest(view)
    if (case.held, case.held_said) == (reason, said):
        return
    case.held, case.held_said = reason, said
    step.say(streams.case(case.key), view)


def _release(case: SubscriptionCase, step: Step) -> None:
    if case.held is None:
        return
    case.held = None
    step.say(
        streams.case(case.key),
        SuspenseReleased(
            case=case.key,
            suspense_id=suspense_id(case.key, "subscription"),
            provider=case.provider,
            payment_id=case.subscription_key,
            resolution="written_off" if case.written_off else "granted",
            at=step.world.now,
        ),
    )


def _say(
    case: SubscriptionCase,
    reports: PayerReports,
    product: Product | None,
    state: SubscriptionState,
    step: Step,
) -> None:
    view = SubscriptionDecision(
        case=case.key,
        subscription_id=case.key,
        customer_id=case.owner or "",
        provider=case.provider,
        plan=product.id if product else None,
        tier=product.tier if product else None,
        status=state.status,
        licence_code=reports.licence_code,
        member_id=reports.member_id,
        started_at=state.started_at,
        expires_at=state.expires_at,
        access_until=state.access_until,
        cancel_at_period_end=state.cancel_at_period_end,
    )
    before = SubscriptionDecision.model_validate(case.snapshot) if case.snapshot else None
    if before != view:
        case.snapshot = view.model_dump(mode="json")
        model = _name_of(before, view)
        step.say_of(view.customer_id, model(**vars(view)))
    _warn(case, view, reports, step)


def _name_of(before: SubscriptionDecision | None, now: SubscriptionDecision) -> type[SubscriptionDecision]:
    if before is None:
        return _BY_STATUS[now.status]
    longer = (
        before.expires_at is not None and now.expires_at is not None and now.expires_at > before.expires_at
    )
    if longer and now.status == "active":
        return SubscriptionRenewed
    if before.status != now.status:
        return _BY_STATUS[now.status]
    if before.plan != now.plan:
        return SubscriptionTierChanged
    return SubscriptionUpdated


def _warn(case: SubscriptionCase, view: SubscriptionDecision, reports: PayerReports, step: Step) -> None:
    ends = view.expires_at
    if ends is None or view.status not in ("active", "cancelled") or case.warned_for == ends:
        return
    if step.world.now < ends and (step.world.now >= ends - EXPIRING_SOON or reports.soon == ends):
        case.warned_for = ends
        step.say_of(view.customer_id, SubscriptionExpiringSoon(**vars(view)))


def _settle_plan(
    case: SubscriptionCase, product: Product | None, state: SubscriptionState, step: Step
) -> None:
    customer = step.world.customers[case.owner or ""]
    usable = state.status in ("active", "past_due", "cancelled") and (
        state.access_until is None or state.access_until > step.world.now
    )
    if product and product.tier and usable:
        customer.plans[case.key] = PlanAccess(tier=product.tier, until=state.access_until)
    else:
        customer.plans.pop(case.key, None)
    settle_tier(customer, case.key, f"subscription_{state.status}", step)


def _due(state: SubscriptionState, step: Step) -> datetime | None:
    moments = [state.expires_at, state.access_until]
    if state.expires_at is not None:
        moments.append(state.expires_at - EXPIRING_SOON)
    return min((moment for moment in moments if moment is not None and moment > step.world.now), default=None)
