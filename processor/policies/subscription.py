"""From facts about a subscription, what we said of it, and the world to what should be true now: whose it is, until when, or why it waits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from processor.cases.customer import CustomerRecord, Membership
from processor.cases.early_ending import early_end, ended_early
from processor.cases.keys import (
    CATALOG,
    WaitKey,
    charge_key,
    customer_key,
    email_key,
    plans_key,
    suspense_id,
)
from processor.cases.reports import Cycle, PayerReports
from processor.cases.subscription import SubscriptionFacts
from processor.cases.subscription_record import SubscriptionRecord
from processor.cases.subscription_state import Paid, SubscriptionState, state_of
from processor.cases.world import Owner, World, find_owner
from processor.grants.memberships import membership_of, paid_for, unpaid_since
from processor.grants.outcome import SubscriptionOutcome
from schemas.catalog import Product
from schemas.decision_model import Lessened, PartRefund
from schemas.decisions import SubscriptionDecision, SuspenseHeld
from schemas.periods import Period


def subscription_outcome(
    facts: SubscriptionFacts, record: SubscriptionRecord, world: World
) -> SubscriptionOutcome:
    """Pure. It depends on the record only by its pins: the first known owner keeps it, and a plan that left the catalogue was what its name meant."""
    if facts.written_off and record.owner is None:
        return SubscriptionOutcome(Owner(), frozenset())
    return _Deciding(facts, record, world).outcome()


class _Deciding:
    def __init__(self, facts: SubscriptionFacts, record: SubscriptionRecord, world: World) -> None:
        self.facts, self.record, self.world = facts, record, world
        self.announces = world.traits(facts.provider).announces_memberships
        self.policy = world.catalog.policy(facts.provider)
        self.soon = Period.parse(self.policy.expiring_soon).span
        self.waits: set[WaitKey] = set()

    def outcome(self) -> SubscriptionOutcome:
        owner = self._owner()
        strangers = self._strangers(owner)
        reports = self.facts.reports_without(strangers)
        product, problem = self._product(reports)
        reason = owner.reason or problem
        if reason is not None or owner.customer_id is None:
            held = self._held(reports, reason or "customer_missing", owner)
            return SubscriptionOutcome(owner, frozenset(self.waits), held=held, strangers=strangers)
        # Whoever paid becomes a customer, and has nothing yet.
        customer = self.world.customers.get(owner.customer_id) or CustomerRecord(owner.customer_id)
        membership, paid, unpaid = None, None, _uncharged(reports)
        if self.announces:
            self.waits.add(plans_key(customer.customer_id))
            membership = membership_of(self.facts, reports, self.world.catalog, self.record.called)
            memberships = {**customer.memberships, self.facts.key: membership}
            paid = paid_for(self.facts.key, customer.purchases, memberships, reports.stated)
            unpaid = unpaid_since(self.facts.key, customer.purchases, memberships, reports)
        product = _sold(product, paid, reports)
        counted, own = self._counted(reports, customer, product), self.facts.own
        sold = own.paid_for(counted.values()) if own else None
        if sold is not None and not self._claimed:
            product = sold.as_product()
        ended_at = own.ended_at if own else None
        back = self._lessened(counted, customer, product)
        state = state_of(reports, product, [*counted.values()], self.world.now, paid, ended_at, back)
        state, early = self._early(reports, state, paid)
        confirmed_by = self._confirmed_by(unpaid, product)
        late = confirmed_by is not None and self.world.now >= confirmed_by
        view = self._view(owner.customer_id, reports, product, state, membership)
        return SubscriptionOutcome(
            owner,
            frozenset(self.waits),
            view=view.amended(held="unconfirmed") if late else view,
            soon=self._soon(state, reports),
            strangers=strangers,
            early=early,
            unpaid=unpaid if late else None,
            due_at=self._due(state, confirmed_by),
        )

    def _counted(
        self, reports: PayerReports, customer: CustomerRecord, product: Product | None
    ) -> dict[str, Cycle]:
        """Charges that succeeded and count, by the name of their payment."""
        return {
            name: cycle
            for key, cycle in reports.cycles.items()
            if cycle.succeeded
            and self._counts(name := cycle.payment_id or key, cycle, customer)
            and not (name in customer.lessened and self._policy(cycle, product) == "end")
        }

    def _lessened(
        self, counted: Mapping[str, Cycle], customer: CustomerRecord, product: Product | None
    ) -> list[tuple[datetime, int, Lessened]]:
        """What went back of charges whose plans get shorter with it."""
        return [
            (cycle.start, 1, customer.lessened[name])
            for name, cycle in counted.items()
            if name in customer.lessened and self._policy(cycle, product) == "shorten"
        ]

    def _policy(self, cycle: Cycle, product: Product | None) -> PartRefund:
        """What a part of this charge that goes back does, on the terms of what was sold by it."""
        sold = self.facts.own.paid_for([cycle]) if self.facts.own and not self._claimed else None
        meant = sold or product
        return meant.part_refund if meant else "keep"

    def _early(
        self, reports: PayerReports, state: SubscriptionState, paid: Paid | None
    ) -> tuple[SubscriptionState, datetime | None]:
        """What the provider's word that it is over before its end makes of it, and that word while operators can do something about it."""
        early = early_end(reports, state, paid.newest if paid else None)
        if early is None or state.expires_at is None:
            return state, None
        told = early if self.world.now < state.expires_at else None
        return (ended_early(state, early) if self.policy.expired_early == "end" else state), told

    def _confirmed_by(self, unpaid: datetime | None, product: Product | None) -> datetime | None:
        """Until when the payment of an announced period should have been told; None when none is expected: there was one, or it costs nothing."""
        if unpaid is None or product is None or not product.price_idr:
            return None
        return unpaid + timedelta(minutes=self.policy.unconfirmed_after_minutes)

    def _owner(self) -> Owner:
        facts = self.facts
        if self.record.owner:
            return Owner(self.record.owner)
        if facts.claim:
            self.waits.add(customer_key(facts.claim.customer_id))
            known = facts.claim.customer_id in self.world.customers
            return Owner(facts.claim.customer_id) if known else Owner(reason="customer_unknown")
        return find_owner(
            self.world,
            self.waits,
            customer_ref=facts.customer_ref,
            emails=[facts.first_payer] if facts.first_payer else [],
            received=facts.in_use,
        )

    def _strangers(self, owner: Owner) -> frozenset[str]:
        """E-mails that are not the owner's. What was reported with them does not count: the code may have been passed on or guessed."""
        facts = self.facts
        if owner.customer_id is None or facts.claim or facts.customer_ref:
            return frozenset()
        others = set(facts.payers) - {"", facts.first_payer}
        strangers = {one for one in others if owner.customer_id not in self.world.by_email.get(one, ())}
        self.waits.update(map(email_key, strangers))
        return frozenset(strangers)

    def _product(self, reports: PayerReports) -> tuple[Product | None, str | None]:
        """What it is of, or why that is unclear."""
        if self._claimed is not None:
            return self._claimed, None
        if self.facts.own and self.facts.own.first:
            return self.facts.own.first.as_product(), None
        if not reports.hints:
            return None, None
        match = self.world.catalog.match(reports.hints)
        if match.product is not None:
            return match.product, None
        self.waits.add(CATALOG)
        # Without the plan a charge cannot become a period; a licence with its own end date can live without one.
        by_charges = not self.announces or reports.cycles or reports.anchor
        return None, match.reason if by_charges else None

    @property
    def _claimed(self) -> Product | None:
        """The plan that an operator said it is of."""
        named = (self.facts.claim and self.facts.claim.product) or ""
        claimed = self.world.catalog.product(named)
        return claimed if claimed is not None and claimed.kind == "plan" else None

    def _counts(self, name: str, cycle: Cycle, customer: CustomerRecord) -> bool:
        """A charge proved only by a static token counts up to the provider's threshold; above it when its payment was vouched for.

        A charge whose money went back does not count.
        """
        self.waits.add(charge_key(self.facts.provider, name))
        word = customer.charges.get(name)
        if word is not None:
            return word == "vouched"
        limit = self.world.catalog.policy(self.facts.provider).confirm_above_idr
        return not cycle.token_only or cycle.confirmed or cycle.amount is None or cycle.amount <= limit

    def _held(self, reports: PayerReports, reason: str, owner: Owner) -> SuspenseHeld | None:
        """The money of a charge waits in its own payment; only a subscription without one is shown as held itself."""
        if any(cycle.payment_id for cycle in reports.cycles.values()):
            return None
        return SuspenseHeld(
            case=self.facts.key,
            suspense_id=suspense_id(self.facts.key, "subscription"),
            provider=self.facts.provider,
            payment_id=self.facts.subscription_key,
            reason=reason,
            amount=None,
            payer_email=self.facts.first_payer,
            customer_id=owner.customer_id,
            since=reports.first_at,
        )

    def _view(
        self,
        customer_id: str,
        reports: PayerReports,
        product: Product | None,
        state: SubscriptionState,
        membership: Membership | None,
    ) -> SubscriptionDecision:
        return SubscriptionDecision(
            case=self.facts.key,
            subscription_id=self.facts.key,
            customer_id=customer_id,
            provider=self.facts.provider,
            plan=product.id if product else None,
            tier=product.tier if product else None,
            licence_code=reports.word("licence_code"),
            member_id=reports.word("member_id"),
            called=tuple(membership.plans) if membership else (),
            began=membership.began if membership else None,
            named=bool(membership and membership.named),
            **state._asdict(),
        )

    def _soon(self, state: SubscriptionState, reports: PayerReports) -> bool:
        now, ends = self.world.now, state.expires_at
        if ends is None or now >= ends or state.status not in ("active", "cancelled"):
            return False
        return now >= ends - self.soon or reports.soon == ends

    def _due(self, state: SubscriptionState, confirmed_by: datetime | None) -> datetime | None:
        moments = [state.expires_at, state.access_until, confirmed_by]
        moments.append(state.expires_at - self.soon if state.expires_at else None)
        return min((one for one in moments if one is not None and one > self.world.now), default=None)


def _uncharged(reports: PayerReports) -> datetime | None:
    """Since when a recurring plan is usable, due or announced, of which no charge was told, not even that one failed."""
    since = reports.active_at or reports.announced_at
    if since is None or reports.cycles or reports.cancelled or reports.expired:
        return None
    return max(since, reports.anchor or since)


def _sold(product: Product | None, paid: Paid | None, reports: PayerReports) -> Product | None:
    """The plan as it was sold, where only its payments tell, or where all that was announced went back with their money."""
    if paid is None:
        return product
    left_announced = paid.newest is None and paid.ends is not None
    if product is not None and (left_announced or not paid.overrules(reports)):
        return product
    terms = paid.terms.terms
    return Product(id=paid.product, kind="plan", tier=terms.tier, period=terms.period, grace=terms.grace)
