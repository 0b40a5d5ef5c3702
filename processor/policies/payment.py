"""From facts about a payment, what we said of it, and the world to what should be true now: grant each part once, or hold it for a reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec.structs import replace

from processor.cases.attempts import RequestOnly, earliest
from processor.cases.keys import (
    CATALOG,
    MAIN,
    WaitKey,
    course_key,
    customer_key,
    foreign_key,
    suspense_id,
)
from processor.cases.names import subscription_case
from processor.cases.parts import Money, Part, Ware, money_of, payment_id_of, repurposed
from processor.cases.payment import PaymentFacts
from processor.cases.payment_record import Closed, Granted, Held, PaymentRecord, Standing
from processor.cases.refunds import place_refunds
from processor.cases.spoken import Claim
from processor.cases.taken_back import as_read
from processor.cases.world import Owner, World, find_owner, short
from processor.grants.outcome import PaymentOutcome, Returned
from processor.policies.alarms import alarms_of
from processor.policies.assessment import views_of
from schemas.decision_model import Bought, Given, Lessened, PartRefund

CATALOG_PROBLEMS = frozenset({"unmapped_product", "ambiguous_product", "purpose_unknown"})
"""What a catalogue may have against a grant."""


def payment_outcome(facts: PaymentFacts, record: PaymentRecord, world: World) -> PaymentOutcome:
    """Pure. It depends on the record only by its pins: whose it was, the terms of the day, and what a person had a hand in."""
    read = as_read(facts, world.catalog.policy(facts.provider))
    return _Deciding(read, record.pins, world).outcome()


class _Deciding:
    def __init__(self, facts: PaymentFacts, record: PaymentRecord, world: World) -> None:
        self.facts, self.record, self.world = facts, record, world
        self.waits: set[WaitKey] = set()
        self.calls: set[str] = set()
        self.given: dict[str, Given] = {}
        self.returned: dict[str, Returned] = {}
        self.in_hand, self.paid = facts.in_hand, facts.paid
        self.opened = _kept_courses(record) if self.in_hand else set()

    def outcome(self) -> PaymentOutcome:
        facts, record = self.facts, self.record
        words = _words(facts) if record.owned or self.paid else ""
        owner = self._owner(words)
        money = money_of(facts, record, self.world)
        placed, excessive = place_refunds(facts, record, money)
        parts: dict[str, Standing] = {}
        if self.in_hand:
            parts = {key: part for key, part in record.settled.items() if " " not in key}
        for part in money.parts:
            standing = self._part(part, placed[part.key], owner, money)
            if standing is not None:
                parts[part.key] = standing
            else:
                parts.pop(part.key, None)
        confirmed_by = self._confirmed_by()
        unconfirmed = confirmed_by is not None and self.world.now >= confirmed_by
        ends = self._ends()
        lapsed = ends is not None and self.world.now >= ends
        finished = owner.reason is None and (parts or not self.paid)
        if finished and not any(isinstance(part, Held) for part in parts.values()):
            self.waits.clear()
        return PaymentOutcome(
            owner=owner,
            words=words,
            parts=parts,
            given=self.given,
            views=views_of(
                facts, record, money.parts, parts, placed, owner, unconfirmed=unconfirmed, lapsed=lapsed
            ),
            alarms=alarms_of(facts, record, money.parts, parts, excessive, unconfirmed=unconfirmed),
            waits=frozenset(self.waits),
            calls=frozenset(self.calls),
            returned=self.returned,
            due_at=earliest(None if unconfirmed else confirmed_by, None if lapsed else ends),
        )

    def _ends(self) -> datetime | None:
        """When a request of ours lapses that nothing was paid for; None when it is over already."""
        facts = self.facts
        if facts.request is None or self.paid or facts.refused_for is not None:
            return None
        return facts.request.expires_at

    def _confirmed_by(self) -> datetime | None:
        """Until when money that was announced should have been told."""
        since = self.facts.announced_at
        if since is None:
            return None
        policy = self.world.catalog.policy(self.facts.provider)
        return since + timedelta(minutes=policy.unconfirmed_after_minutes)

    def _owner(self, words: str) -> Owner:
        """Whose payment it is; the same words lead to the same customer as when something was granted."""
        facts, owned = self.facts, self.record.owned
        if owned is not None and (self.in_hand or owned.words == words):
            return Owner(owned.customer_id)
        subscription = facts.value("subscription_key")
        return find_owner(
            self.world,
            self.waits,
            customer_ref=facts.value("customer_ref"),
            emails=facts.emails(),
            subscription=subscription_case(facts.provider, subscription) if subscription else None,
            received=self.paid,
            owned=owned,
        )

    def _part(self, part: Part, refunds: dict[str, int], owner: Owner, money: Money) -> Standing | None:
        before = self.record.parts.get(part.key)
        if self.in_hand and not isinstance(before, Held | None):
            if isinstance(before, Granted):
                return self._granted(part, before, refunds, owner, money)
            return before
        claim = None
        if self.in_hand:
            held_id = suspense_id(self.facts.key, part.key)
            if held_id in self.facts.write_offs and isinstance(before, Held):
                return Closed(part.attempts, before.amount, refunds)
            claim = self.facts.claims.get(held_id)
        if claim is not None:
            part = repurposed(part, self.facts, self.record, self.world, claim.product)
            owner = self._claimed_by(claim)
        problem = self._problem(part, owner, claim, before, refunds)
        back = sum(refunds.values())
        gone = bool(part.amount) and back == part.amount
        if problem is None and part.ware is not None and not (gone and self.in_hand):
            return self._granted(part, before, refunds, owner, money)
        if gone:
            self.returned[part.key] = Returned(part.attempts, refunds)
            self._went_back(part, part.ware, refunds, owner)
            return None
        return self._held(part, problem or "unmapped_product", back, owner)

    def _claimed_by(self, claim: Claim) -> Owner:
        self.waits.add(customer_key(claim.customer_id))
        known = claim.customer_id in self.world.customers
        return Owner(claim.customer_id) if known else Owner(reason="customer_unknown")

    def _problem(
        self,
        part: Part,
        owner: Owner,
        claim: Claim | None,
        before: Standing | None,
        refunds: dict[str, int],
    ) -> str | None:
        """Why a part cannot be granted now, or None. The first reason a person would have to solve comes first."""
        found = None if claim else self.facts.order_problem()
        found = found or part.problem or owner.reason
        found = found or (None if claim else self._untrusted(part, before))
        if found in CATALOG_PROBLEMS:
            self.waits.add(CATALOG)
        found = found or self._useless(part, owner, before, refunds)
        if found == "duplicate_purchase" and part.ware and part.ware.kind == "course" and owner.customer_id:
            self.waits.add(course_key(owner.customer_id, part.ware.name))
        return found

    def _untrusted(self, part: Part, before: Standing | None) -> str | None:
        if part.underpaid:
            return "underpaid"
        if self.facts.reusable and RequestOnly in part.attempts:
            # Nobody can tell which payment of this code it is, and each is announced by itself.
            return "payload_without_id"
        if isinstance(before, Granted) and before.amount == part.amount and _same_money(before, part):
            return None  # the policy of its day let it pass
        policy = self.world.catalog.policy(self.facts.provider)
        attempts = [self.facts.attempts[attempt] for attempt in part.attempts]
        for attempt in attempts:
            if attempt.untrusted_time:
                return attempt.untrusted_time
        if policy.payload_without_id == "hold" and any(attempt.without_id for attempt in attempts):
            return "payload_without_id"
        large = part.amount is not None and part.amount > policy.confirm_above_idr
        return "awaiting_confirmation" if large and any(attempt.unproved for attempt in attempts) else None

    def _useless(
        self, part: Part, owner: Owner, before: Standing | None, refunds: dict[str, int]
    ) -> str | None:
        """Nothing to credit, or a course that the customer has or that another purchase is to open."""
        ware = part.ware
        if ware is None or ware.kind not in ("credit", "course"):
            return None
        if ware.kind == "credit":
            return None if part.amount else "amount_unknown" if part.amount is None else "amount_zero"
        if (owner.customer_id, ware.name) in self.opened:
            return "duplicate_purchase"
        over = bool(part.amount) and sum(refunds.values()) == part.amount
        over = over or (ware.part_refund == "end" and bool(refunds))
        if not self._may_open(ware.name, owner, self.facts.paid_at(part.attempts), before, over):
            return "duplicate_purchase"
        if not over:
            self.opened.add((owner.customer_id, ware.name))
        return None

    def _may_open(
        self, course: str, owner: Owner, at: datetime | None, before: Standing | None, over: bool
    ) -> bool:
        """Of several purchases of a course the one that was paid first opens it; one that has it is asked to look again."""
        customer = self.world.customers.get(owner.customer_id or "")
        if customer is None:
            return True
        mine = (at or self.world.now, self.facts.key)
        others = list(customer.bids(course, self.facts.key))
        kept = before if isinstance(before, Granted) and _is_of(before, course, owner) else None
        holders = [bid for bid in others if bid.opened]
        if over:
            return kept is not None or not holders
        first = all(mine < (bid.at, bid.case) for bid in others)
        if kept is not None and not kept.over:
            return first
        self.calls.update(bid.case for bid in holders if mine < (bid.at, bid.case))
        return first and not holders

    def _granted(
        self, part: Part, before: Standing | None, refunds: dict[str, int], owner: Owner, money: Money
    ) -> Granted:
        facts = self.facts
        at = facts.paid_at(part.attempts) or self.world.now
        order_id = facts.order_key if facts.orders else payment_id_of(facts, part.attempts)
        if self.in_hand and isinstance(before, Granted):
            wanted = self._on_its_terms(part, before)
        else:
            ware = part.ware or Ware("sale", "unknown")
            wanted = Granted(
                kind=ware.kind,
                customer_id=owner.customer_id,
                amount=part.amount,
                product=ware.name,
                attempts=part.attempts,
                quantity=part.quantity if ware.kind in ("tokens", "plan") else 1,
                tokens=_tokens(ware, part),
                at=at,
                order_id=order_id if ware.kind == "course" else "",
                what=part.what,
                terms=ware.terms,
                part_refund=ware.part_refund,
            )
            if isinstance(before, Granted) and same_terms(before, wanted):
                wanted = before
        wanted = _dated(wanted, at, order_id, {**refunds})
        self._give(part, wanted, at, money)
        return wanted

    def _on_its_terms(self, part: Part, before: Granted) -> Granted:
        """An earlier program left the terms of a plan with its customer alone."""
        customer = self.world.customers.get(before.customer_id or "")
        if before.kind != "plan" or before.terms is not None or customer is None:
            return before
        name = foreign_key(self.facts.key, part.key)
        bought = customer.purchases.get(before.product, {}).get(name)
        return replace(before, terms=bought.terms, quantity=bought.quantity) if bought else before

    def _held(self, part: Part, reason: str, back: int, owner: Owner) -> Held:
        facts = self.facts
        return Held(
            suspense_id=suspense_id(facts.key, part.key),
            reason=reason,
            amount=None if part.amount is None else part.amount - back,
            payment_id=payment_id_of(facts, part.attempts),
            since=facts.paid_at(part.attempts) or self.world.now,
            payer_email=facts.value("payer_email"),
            customer_id=owner.customer_id,
            product=part.ware.name if part.ware and part.ware.kind in _PRODUCTS else None,
            refunded=back,
        )

    def _give(self, part: Part, wanted: Granted, at: datetime, money: Money) -> None:
        if wanted.kind == "plan" and wanted.terms and wanted.customer_id:
            ended = self._ended(wanted.refunds, wanted.part_refund) if wanted.over else None
            if part.key == MAIN and money.place:
                gave_way = Bought(at, wanted.terms, wanted.quantity, ended or self._last(self.facts.refunds))
                self.given.setdefault(wanted.customer_id, Given()).ended[wanted.product] = gave_way
                return
            bought = Bought(at, wanted.terms, wanted.quantity, ended, wanted.shortened)
            self._buy(wanted.customer_id, part.key, wanted.product, bought)
        elif wanted.kind == "sale":
            limit = self.world.catalog.policy(self.facts.provider).confirm_above_idr
            if wanted.gone:
                self._charge(wanted.customer_id, part.attempts, "refunded")
            elif wanted.amount is not None and wanted.amount > limit:
                # Money above the threshold is granted only when somebody vouched for it.
                self._charge(wanted.customer_id, part.attempts, "vouched")
            if wanted.refunds and not wanted.gone:
                self._lessen(wanted)

    def _went_back(self, part: Part, ware: Ware | None, refunds: dict[str, int], owner: Owner) -> None:
        """Before it could buy anything: the subscription it charged for is told, or the membership of its plan."""
        if owner.customer_id is None:
            return
        self._charge(owner.customer_id, part.attempts, "refunded")
        if ware is not None and ware.terms is not None:
            at = self.facts.paid_at(part.attempts) or self.world.now
            bought = Bought(at, ware.terms, part.quantity, self._ended(refunds, ware.part_refund))
            self._buy(owner.customer_id, part.key, ware.name, bought)

    def _ended(self, refunds: Iterable[str], policy: PartRefund) -> datetime:
        """With the first of its money, or with the last."""
        return min(self.facts.refunds[one].at for one in refunds) if policy == "end" else self._last(refunds)

    def _last(self, refunds: Iterable[str]) -> datetime:
        return max(self.facts.refunds[one].at for one in refunds)

    def _charge(
        self, customer_id: str | None, attempts: tuple[str, ...], word: Literal["vouched", "refunded"]
    ) -> None:
        if customer_id and self.facts.value("subscription_key"):
            given = self.given.setdefault(customer_id, Given())
            for name in self._charged_as(attempts):
                given.charges[name] = word

    def _lessen(self, wanted: Granted) -> None:
        """The subscription it charged for is told: what comes of that is for its plan to say."""
        if wanted.customer_id and self.facts.value("subscription_key"):
            given = self.given.setdefault(wanted.customer_id, Given())
            for name in self._charged_as(wanted.attempts):
                given.lessened[name] = Lessened(wanted.refunded, wanted.rupiah)

    def _charged_as(self, attempts: tuple[str, ...]) -> list[str]:
        return [attempt for attempt in attempts if attempt] or [self.facts.payment_key]

    def _buy(self, customer_id: str, part: str, product: str, bought: Bought) -> None:
        given = self.given.setdefault(customer_id, Given())
        given.purchases[foreign_key(self.facts.key, part)] = (product, bought)


_PRODUCTS = frozenset({"course", "tokens", "plan"})


def _is_of(part: Granted, course: str, owner: Owner) -> bool:
    return (part.kind, part.product, part.customer_id) == ("course", course, owner.customer_id)


def _kept_courses(record: PaymentRecord) -> set[tuple[str | None, str]]:
    """Courses that stay whose they are: nobody needs a further seat of one beside their own."""
    courses = (part for part in record.granted.values() if part.kind == "course" and not part.over)
    return {(part.customer_id, part.product) for part in courses}


def _words(facts: PaymentFacts) -> str:
    return short(f"{facts.value('customer_ref')} {facts.value('subscription_key')} {facts.emails()}")


def _tokens(ware: Ware, part: Part) -> int:
    if ware.kind == "credit":
        return (part.amount or 0) * ware.rate
    return ware.rate * part.quantity if ware.kind == "tokens" else 0


def same_terms(one: Granted, two: Granted) -> bool:
    """The same was bought with the same money by the same customer."""
    kept: dict[str, Any] = {"attempts": (), "at": None, "order_id": "", "what": "", "refunds": {}}
    money = one.attempts in (two.attempts, (RequestOnly,))
    return money and replace(one, **kept) == replace(two, **kept)


def _same_money(before: Granted, part: Part) -> bool:
    return before.attempts in (part.attempts, (RequestOnly,))


def _dated(wanted: Granted, at: datetime, order_id: str, refunds: dict[str, int]) -> Granted:
    """When it was paid, and what of it went back. Only credit and courses tell readers a date, courses that are over too."""
    if wanted.kind == "course" and wanted.order_id:
        return replace(wanted, at=at, order_id=order_id, refunds=refunds)
    dated = wanted.kind == "credit" and wanted.at is not None
    return replace(wanted, at=at if dated else wanted.at, refunds=refunds)
