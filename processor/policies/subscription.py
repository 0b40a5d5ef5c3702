"""From facts about a subscription, what we said of it, and the world to what should be true now: whose it is, until when, or why it waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from processor.cases.customer import CustomerRecord, Membership
from processor.cases.keys import (
    CATALOG,
    WaitKey,
    charge_key,
    confirmation_key,
    customer_key,
    email_key,
    plans_key,
    suspense_id,
)
from processor.cases.paid_time import Back
from processor.cases.reports import Cycle, PayerReports
from processor.cases.subscription import SubscriptionFacts
from processor.cases.subscription_record import SubscriptionRecord
from processor.cases.subscription_state import Paid, SubscriptionState, early_end, ended_early, state_of
from processor.cases.world import Owner, World, find_owner, registered
from processor.grants.memberships import (
    Memberships,
    announced_ends,
    bought_of,
    membership_of,
    paid_for,
    unpaid_since,
    valid,
)
from processor.grants.outcome import Alarm, SubscriptionOutcome
from processor.grants.stated_ends import Believed, Beyond, believed
from processor.policies.announcing import CountedReports, LevelReports, Vouched, begun, counted
from processor.policies.attesting import AWAITED
from schemas.catalog import Product
from schemas.decision_model import PartRefund
from schemas.decisions import SubscriptionDecision, SuspenseHeld
from schemas.periods import Period


def subscription_outcome(
    facts: SubscriptionFacts, record: SubscriptionRecord, world: World
) -> SubscriptionOutcome:
    """Pure. It depends on the record only by its pins: the first known owner keeps it, and a plan that left the catalogue was what its name meant."""
    if facts.written_off and record.pinned is None:
        return SubscriptionOutcome(Owner(), frozenset())
    return _Deciding(facts, record, world).outcome()


class _Deciding:
    def __init__(self, facts: SubscriptionFacts, record: SubscriptionRecord, world: World) -> None:
        self.facts, self.record, self.world = facts, record, world
        self.announces = world.traits(facts.provider).announces_memberships
        self.policy = world.catalog.policy(facts.provider)
        self.soon = Period.parse(self.policy.expiring_soon).span
        self.waits: set[WaitKey] = set()
        self.alarms: list[Alarm] = []
        self.due: list[datetime] = []
        self.owner = self._owner()
        self.strangers = self._strangers()
        for email in sorted(self.strangers):
            self._tell("licence_of_another_customer", email)
        self.reports = facts.reports_without(self.strangers)
        named = facts.claim and world.catalog.product(facts.claim.product or "")
        self.claimed = named if named and named.kind == "plan" else None
        self.announced = self._announced()
        self.reports = self.announced.reports
        self.product, self.problem = self._product()

    def outcome(self) -> SubscriptionOutcome:
        customer_id, reason = self.owner.customer_id, self.owner.reason or self.problem
        if reason is not None or customer_id is None:
            held = self._held(reason or "customer_missing")
            return SubscriptionOutcome(self.owner, frozenset(self.waits), tuple(self.alarms), held=held)
        # Whoever paid becomes a customer, and has nothing yet.
        customer = self.world.customers.get(customer_id) or CustomerRecord(customer_id)
        membership, paid, beyond, unpaid = None, None, None, _uncharged(self.reports)
        if self.announces:
            membership = membership_of(self.facts, self.reports, self.world.catalog, self.record.called)
            paid, beyond, unpaid = self._bought(customer, membership)
        self.product = _sold(self.product, paid, self.reports)
        state = self._state(customer, paid)
        late = self._unconfirmed(unpaid)
        if beyond is not None and self._is_late(beyond.told_at):
            self._tell("end_beyond_paid", f"end_beyond_paid {beyond.ends.isoformat()}")
        view = self._view(customer_id, state, membership)
        awaited = self._await()
        return SubscriptionOutcome(
            self.owner,
            frozenset(self.waits),
            tuple(self.alarms),
            view=view.amended(held=AWAITED if awaited else "unconfirmed") if awaited or late else view,
            soon=self._soon(state),
            held=self._held(AWAITED) if awaited and not self.facts.written_off else None,
            due_at=self._due(state),
        )

    def _announced(self) -> CountedReports:
        """What was announced as far as enough is known of it."""
        said = [LevelReports(*one) for one in self.facts.by_level(self.strangers)]
        if self.announces:
            return counted(self.reports, said, self._price, self.policy, self._vouched())
        own = self.facts.own.first if self.facts.own else None
        price = own.amount if own else self._price(self.reports)
        return CountedReports(begun(self.reports, said, price, self.policy))

    def _price(self, reports: PayerReports) -> int | None:
        """Rupiah of one period of the plan that they name."""
        named = self.world.catalog.match(reports.hints).product if reports.hints else None
        return named.price_idr if named is not None else None

    def _vouched(self) -> Vouched:
        """What its payments and people of ours say of it."""
        facts, customer = self.facts, self.world.customers.get(self.owner.customer_id or "")
        claimed = facts.claim.position if facts.claim else 0
        if customer is None:
            return Vouched(claimed=claimed)
        membership = membership_of(facts, self.reports, self.world.catalog, self.record.called)
        linked = bought_of(facts.key, customer.purchases, {**customer.memberships, facts.key: membership})
        stay = {product: left for product, of_it in linked.items() if (left := valid(of_it))}
        ends = announced_ends([one for left in stay.values() for one in left], self.reports.stated)
        plans = [self.world.catalog.product(product) for product in stay]
        prices = [plan.price_idr for plan in plans if plan and plan.price_idr is not None]
        return Vouched(bool(stay), ends, max(prices, default=None), claimed)

    def _await(self) -> bool:
        """Whether more was announced than is granted on what is known of it; who can be asked is asked."""
        if self.announced.price is None:
            return False
        if self.announced.askable:
            self.waits.add(confirmation_key(self.facts.provider))
        return True

    def _tell(self, reason: str, word: str) -> None:
        self.alarms.append((self.facts.subscription_key, reason, word))

    def _is_late(self, since: datetime) -> bool:
        """Whether the money for what was announced then should have been told by now; it is looked at again when it should."""
        by = since + timedelta(minutes=self.policy.unconfirmed_after_minutes)
        self.due.append(by)
        return self.world.now >= by

    def _unconfirmed(self, since: datetime | None) -> bool:
        """An announced period whose payment did not come. None is expected where there was one, or where it costs nothing."""
        if since is None or self.product is None or not self.product.price_idr or not self._is_late(since):
            return False
        self._tell("payment_unconfirmed", f"payment_unconfirmed {since.isoformat()}")
        return True

    def _bought(
        self, customer: CustomerRecord, membership: Membership
    ) -> tuple[Paid | None, Beyond | None, datetime | None]:
        """What payments bought of it, the end that is not believed, and since when a payment is awaited."""
        key, purchases = self.facts.key, customer.purchases
        self.waits.add(plans_key(customer.customer_id))
        memberships = {**customer.memberships, key: membership}
        trusted = self._believed(customer, memberships)
        self.reports = trusted.reports
        paid = trusted.bounded(paid_for(key, purchases, memberships, self.reports.stated))
        return paid, trusted.beyond, unpaid_since(key, purchases, memberships, self.reports)

    def _state(self, customer: CustomerRecord, paid: Paid | None) -> SubscriptionState:
        counted, now = self._counted(customer), self.world.now
        self.product = self._charged_for(counted.values()) or self.product
        back = self._lessened(counted, customer)
        ended_at = self.facts.own.ended_at if self.facts.own else None
        sent_back = self._sent_back(customer)
        state = state_of(
            self.reports, self.product, [*counted.values()], now, paid, ended_at, back, sent_back=sent_back
        )
        early = early_end(self.reports, state, paid.newest if paid else None)
        if early is None:
            return state
        if state.expires_at is not None and now < state.expires_at:
            # Operators are told while they can do something about it.
            self._tell("subscription_expired_early", f"expired_early {early.isoformat()}")
        return ended_early(state, early) if self.policy.expired_early == "end" else state

    def _believed(self, customer: CustomerRecord, memberships: Memberships) -> Believed:
        """The same with no end further than what is paid for. Of what nobody knows which plan it is, it is no longer than the longest."""
        if self.product is None:
            period = self.world.catalog.longest_plan(self.facts.provider)
        else:
            period = Period.parse(self.product.period) if self.product.period else None
        if period is None:
            return Believed(self.reports)
        return believed(self.facts.key, customer.purchases, memberships, self.reports, period)

    def _counted(self, customer: CustomerRecord) -> dict[str, Cycle]:
        """Charges that succeeded and count, by the name of their payment."""
        return {
            name: cycle
            for key, cycle in self.reports.cycles.items()
            if cycle.succeeded
            and self._counts(name := cycle.payment_id or key, cycle, customer)
            and not (name in customer.lessened and self._part_refund(cycle) == "end")
        }

    def _sent_back(self, customer: CustomerRecord) -> bool:
        """Whether there was a charge that does not count any more because its money went back."""
        return any(
            cycle.succeeded and (customer.charges.get(name) == "refunded" or name in customer.lessened)
            for key, cycle in self.reports.cycles.items()
            if (name := cycle.payment_id or key)
        )

    def _lessened(self, counted: Mapping[str, Cycle], customer: CustomerRecord) -> list[Back]:
        """What went back of charges whose plans get shorter with it."""
        return [
            (cycle.start, 1, customer.lessened[name])
            for name, cycle in counted.items()
            if name in customer.lessened and self._part_refund(cycle) == "shorten"
        ]

    def _part_refund(self, cycle: Cycle) -> PartRefund:
        """What a part of this charge that goes back does, on the terms of what was sold by it."""
        meant = self._charged_for([cycle]) or self.product
        return meant.part_refund if meant else "keep"

    def _charged_for(self, cycles: Iterable[Cycle]) -> Product | None:
        """The plan of our own checkout that the newest of these charges was for, unless an operator said what it is of."""
        own = self.facts.own if not self.claimed else None
        sold = own.paid_for(cycles) if own else None
        return sold.as_product() if sold else None

    def _owner(self) -> Owner:
        facts = self.facts
        if self.record.pinned:
            return Owner(self.record.pinned)
        if facts.claim:
            return registered(self.world, self.waits, facts.claim.customer_id)
        return find_owner(
            self.world,
            self.waits,
            customer_ref=facts.customer_ref,
            emails=[facts.first_payer] if facts.first_payer else [],
            received=facts.in_use,
        )

    def _strangers(self) -> frozenset[str]:
        """E-mails that are not the owner's. What was reported with them does not count: the code may have been passed on or guessed."""
        facts, owner = self.facts, self.owner.customer_id
        if owner is None or facts.claim or facts.customer_ref:
            return frozenset()
        others = set(facts.payers) - {"", facts.first_payer}
        strangers = {one for one in others if owner not in self.world.by_email.get(one, ())}
        self.waits.update(map(email_key, strangers))
        return frozenset(strangers)

    def _product(self) -> tuple[Product | None, str | None]:
        """What it is of, or why that is unclear."""
        if self.claimed is not None:
            return self.claimed, None
        if self.facts.own and self.facts.own.first:
            return self.facts.own.first.as_product(), None
        if not self.reports.hints:
            return None, None
        match = self.world.catalog.match(self.reports.hints)
        if match.product is not None:
            return match.product, None
        self.waits.add(CATALOG)
        # Without the plan a charge cannot become a period; a licence with its own end date can live without one.
        by_charges = not self.announces or self.reports.cycles or self.reports.anchor
        return None, match.reason if by_charges else None

    def _counts(self, name: str, cycle: Cycle, customer: CustomerRecord) -> bool:
        """A charge counts as far as its attestation allows; above that when its payment was vouched for.

        A charge whose money went back does not count.
        """
        self.waits.add(charge_key(self.facts.provider, name))
        word = customer.charges.get(name)
        if word is not None:
            return word == "vouched"
        if customer.gone_at is not None and min(cycle.start, cycle.at) > customer.gone_at:
            # Its money is held. What was paid before they were erased stays, and so does what a person vouched for.
            self.waits.add(customer_key(customer.customer_id))
            return False
        limit = self.policy.may_grant(cycle.level)
        return limit is None or cycle.amount is None or cycle.amount <= limit

    def _held(self, reason: str) -> SuspenseHeld | None:
        """The money of a charge waits in its own payment; only a subscription without one is shown as held itself."""
        if any(cycle.payment_id for cycle in self.reports.cycles.values()):
            return None
        return SuspenseHeld(
            case=self.facts.key,
            suspense_id=suspense_id(self.facts.key, "subscription"),
            provider=self.facts.provider,
            payment_id=self.facts.subscription_key,
            reason=reason,
            amount=None,
            payer_email=self.facts.first_payer,
            customer_id=self.owner.customer_id,
            since=self.reports.first_at,
        )

    def _view(
        self, customer_id: str, state: SubscriptionState, membership: Membership | None
    ) -> SubscriptionDecision:
        product, reports = self.product, self.reports
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

    def _soon(self, state: SubscriptionState) -> bool:
        now, ends = self.world.now, state.expires_at
        if ends is None or now >= ends or state.status not in ("active", "cancelled"):
            return False
        return now >= ends - self.soon or self.reports.soon == ends

    def _due(self, state: SubscriptionState) -> datetime | None:
        moments = [state.expires_at, state.access_until, *self.due]
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
