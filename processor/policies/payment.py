"""From facts about a payment, what we said of it, and the world to what should be true now: grant each part once, or hold it for a reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from processor.cases.attempts import RequestOnly
from processor.cases.fees import fees_of
from processor.cases.joining import earliest
from processor.cases.keys import (
    CATALOG,
    MAIN,
    WaitKey,
    case_key,
    course_key,
    foreign_key,
    suspense_id,
)
from processor.cases.parts import Money, Part, Shelf, Ware, money_of, payment_id_of
from processor.cases.payment import PaymentFacts
from processor.cases.payment_record import Closed, Granted, Held, Owned, PaymentRecord, Standing
from processor.cases.reading import as_read
from processor.cases.refunds import place_refunds
from processor.cases.spoken import Claim
from processor.cases.world import Owner, World, find_owner, registered, short
from processor.grants.outcome import PaymentOutcome, Returned
from processor.policies.assessment import Assessment
from processor.policies.attesting import AWAITED, known_enough, waits_of
from schemas.decision_model import Bought, ChargeWord, Given, Lessened, PartRefund

CATALOG_PROBLEMS = frozenset({"unmapped_product", "ambiguous_product", "purpose_unknown"})
"""What a catalogue may have against a grant."""


def payment_outcome(facts: PaymentFacts, record: PaymentRecord, world: World) -> PaymentOutcome:
    """Pure. It depends on the record only by its pins: whose it was, the terms of the day, and what a person had a hand in."""
    read = as_read(facts, world.catalog.policy(facts.provider))
    return _Deciding(read, record.pins, world).outcome()


class _Asked(NamedTuple):
    """A part of the money, what was said of it, what of it went back, whose it is, and what a person said of it."""

    part: Part
    before: Standing | None
    refunds: dict[str, int]
    owner: Owner
    claim: Claim | None = None

    @property
    def back(self) -> int:
        return sum(self.refunds.values())

    @property
    def gone(self) -> bool:
        """All of it went back."""
        return bool(self.part.amount) and self.back == self.part.amount


class _Deciding:
    def __init__(self, facts: PaymentFacts, record: PaymentRecord, world: World) -> None:
        self.facts, self.record, self.world = facts, record, world
        self.waits: set[WaitKey] = set()
        self.calls: set[str] = set()
        self.given: dict[str, Given] = {}
        self.returned: dict[str, Returned] = {}
        self.in_hand, self.paid = facts.in_hand, facts.paid
        self.subscription = facts.subscription
        self.opened = _kept_courses(record) if self.in_hand else set()
        self.tolerance = world.catalog.policy(facts.provider).tolerance

    def outcome(self) -> PaymentOutcome:
        facts, record = self.facts, self.record
        emails = facts.emails()
        words = _words(facts, emails) if record.owned or self.paid else ""
        owner = self._owner(words, emails)
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
        told = Assessment(facts, parts, placed, owner, unconfirmed, lapsed, self.tolerance)
        finished = owner.reason is None and (parts or not self.paid)
        if finished and not any(isinstance(part, Held) for part in parts.values()):
            # Whose the subscription is may be taken back; all else is settled.
            self.waits &= self._charged_for()
        return PaymentOutcome(
            owner=owner,
            words=words,
            parts=parts,
            given=self.given,
            views=told.views(record, money.parts),
            alarms=told.alarms(record, money.parts, excessive),
            waits=frozenset(self.waits),
            calls=frozenset(self.calls),
            returned=self.returned,
            due_at=earliest(None if unconfirmed else confirmed_by, None if lapsed else ends),
            fee=fees_of(facts, facts.successes).rupiah,
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

    def _owner(self, words: str, emails: list[str]) -> Owner:
        """Whose payment it is; the same words lead to the same customer as when something was granted."""
        facts, owned = self.facts, self.record.owned
        if owned is not None and (self.in_hand or (owned.words == words and self._still(owned))):
            self.waits |= self._charged_for()
            return Owner(owned.customer_id)
        return find_owner(
            self.world,
            self.waits,
            customer_ref=facts.value("customer_ref"),
            emails=emails,
            subscription=self.subscription,
            received=self.paid,
            owned=owned,
        )

    def _charged_for(self) -> set[WaitKey]:
        """The subscription by which it is whose it is."""
        if self.subscription is None or self.facts.value("customer_ref") or self.in_hand:
            return set()
        return {case_key(self.subscription)}

    def _still(self, owned: Owned) -> bool:
        """A charge was its subscription's customer's, and is no longer when that was a mistake."""
        if owned.email or not self._charged_for():
            return True
        return self.world.subscription_owners.get(self.subscription or "") == owned.customer_id

    def _part(self, part: Part, refunds: dict[str, int], owner: Owner, money: Money) -> Standing | None:
        before = self.record.parts.get(part.key)
        asked = _Asked(part, before, refunds, owner)
        if self.in_hand:
            if isinstance(before, Closed):
                return before
            if isinstance(before, Granted):
                return self._granted(asked, money)
            held_id = suspense_id(self.facts.key, part.key)
            if held_id in self.facts.write_offs and isinstance(before, Held):
                return Closed(part.attempts, before.amount, refunds)
            claim = self.facts.claims.get(held_id)
            if claim is not None:
                meant = Shelf(self.facts, self.record, self.world).repurposed(part, claim.product)
                owner = registered(self.world, self.waits, claim.customer_id)
                asked = asked._replace(part=meant, owner=owner, claim=claim)
        problem = self._problem(asked)
        if problem is None and asked.part.ware is not None and not (asked.gone and self.in_hand):
            return self._granted(asked, money)
        if asked.gone:
            self.returned[part.key] = Returned(part.attempts, refunds)
            self._went_back(asked)
            return None
        return self._held(asked, problem or "unmapped_product")

    def _problem(self, asked: _Asked) -> str | None:
        """Why a part cannot be granted now, or None. The first reason a person would have to solve comes first."""
        part, owner = asked.part, asked.owner
        found = None if asked.claim else self.facts.order_problem()
        found = found or part.problem or owner.reason
        found = found or (None if asked.claim else self._untrusted(part, asked.before) or self._late(part))
        if found in CATALOG_PROBLEMS:
            self.waits.add(CATALOG)
        self.waits |= waits_of(found, self.facts, part)
        found = found or self._useless(asked)
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
        return None if known_enough(self.facts, part, policy) else AWAITED

    def _late(self, part: Part) -> str | None:
        """Paid after its request had ended, on the terms of the day when that does not buy it."""
        late = part.ware.late if part.ware is not None else "honour"
        if late == "honour" or not self.facts.late(part.attempts, self.tolerance):
            return None
        return "paid_late" if late == "hold" else "paid_late_refund"

    def _useless(self, asked: _Asked) -> str | None:
        """Nothing to credit, or a course that the customer has or that another purchase is to open."""
        part, ware = asked.part, asked.part.ware
        if ware is None or ware.kind not in ("credit", "course"):
            return None
        if ware.kind == "credit":
            return None if part.amount else "amount_unknown" if part.amount is None else "amount_zero"
        course = (asked.owner.customer_id, ware.name)
        if course in self.opened:
            return "duplicate_purchase"
        over = asked.gone or (ware.part_refund == "end" and bool(asked.refunds))
        if not self._may_open(*course, self.facts.paid_at(part.attempts), asked.before, over):
            return "duplicate_purchase"
        if not over:
            self.opened.add(course)
        return None

    def _may_open(
        self, customer_id: str | None, course: str, at: datetime | None, before: Standing | None, over: bool
    ) -> bool:
        """Of several purchases of a course the one that was paid first opens it; one that has it is asked to look again."""
        customer = self.world.customers.get(customer_id or "")
        if customer is None:
            return True
        mine = (at or self.world.now, self.facts.key)
        others = list(customer.bids(course, self.facts.key))
        kept = before if isinstance(before, Granted) and before.opens(customer_id, course) else None
        holders = [bid for bid in others if bid.opened]
        if over:
            return kept is not None or not holders
        first = all(mine < (bid.at, bid.case) for bid in others)
        if kept is not None and not kept.over:
            return first
        self.calls.update(bid.case for bid in holders if mine < (bid.at, bid.case))
        return first and not holders

    def _granted(self, asked: _Asked, money: Money) -> Granted:
        facts, part, before, refunds = self.facts, asked.part, asked.before, asked.refunds
        at = facts.paid_at(part.attempts) or self.world.now
        order_id = facts.order_key if facts.orders else payment_id_of(facts, part.attempts)
        if self.in_hand and isinstance(before, Granted):
            wanted = _dated(self._on_its_terms(part, before), at, order_id, refunds)
        else:
            ware = part.ware or Ware("sale", "unknown")
            wanted = Granted(
                kind=ware.kind,
                customer_id=asked.owner.customer_id,
                amount=part.amount,
                product=ware.name,
                attempts=part.attempts,
                quantity=part.quantity if ware.kind in ("tokens", "plan") else 1,
                tokens=_tokens(ware, part),
                at=at,
                order_id=order_id if ware.kind == "course" else "",
                what=part.what,
                terms=ware.terms,
                refunds=refunds,
                part_refund=ware.part_refund,
                late=ware.late,
                overpaid=ware.overpaid,
            )
            if isinstance(before, Granted) and _same_terms(before, wanted):
                wanted = _dated(before, at, order_id, refunds)
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

    def _held(self, asked: _Asked, reason: str) -> Held:
        facts, part = self.facts, asked.part
        return Held(
            suspense_id=suspense_id(facts.key, part.key),
            reason=reason,
            amount=None if part.amount is None else part.amount - asked.back,
            payment_id=payment_id_of(facts, part.attempts),
            since=facts.paid_at(part.attempts) or self.world.now,
            payer_email=facts.value("payer_email"),
            customer_id=asked.owner.customer_id,
            product=part.ware.name if part.ware and part.ware.kind in _PRODUCTS else None,
            refunded=asked.back,
        )

    def _give(self, part: Part, wanted: Granted, at: datetime, money: Money) -> None:
        """What the customer's plans and subscriptions are to know of a grant."""
        if wanted.kind == "plan" and wanted.terms and wanted.customer_id:
            ended = self._ended(wanted.refunds, wanted.part_refund) if wanted.over else None
            if part.key == MAIN and money.place:
                gave_way = Bought(at, wanted.terms, wanted.quantity, ended or self._ended(self.facts.refunds))
                self._given_to(wanted.customer_id).ended[wanted.product] = gave_way
                return
            bought = Bought(at, wanted.terms, wanted.quantity, ended, wanted.shortened)
            self._buy(wanted.customer_id, part.key, wanted.product, bought)
        elif wanted.kind == "sale":
            limit = self.world.catalog.policy(self.facts.provider).may_grant("token_only")
            if wanted.gone:
                self._charge(wanted.customer_id, part.attempts, "refunded")
            elif wanted.amount is not None and limit is not None and wanted.amount > limit:
                # Money above the threshold is granted only when somebody vouched for it.
                self._charge(wanted.customer_id, part.attempts, "vouched")
            if wanted.refunds and not wanted.gone:
                self._charge(wanted.customer_id, wanted.attempts, Lessened(wanted.refunded, wanted.rupiah))

    def _went_back(self, asked: _Asked) -> None:
        """Before it could buy anything: the subscription it charged for is told, or the membership of its plan."""
        part, ware, customer_id = asked.part, asked.part.ware, asked.owner.customer_id
        self._charge(customer_id, part.attempts, "refunded")
        if customer_id and ware is not None and ware.terms is not None:
            at = self.facts.paid_at(part.attempts) or self.world.now
            ended = self._ended(asked.refunds, ware.part_refund)
            self._buy(customer_id, part.key, ware.name, Bought(at, ware.terms, part.quantity, ended))

    def _ended(self, refunds: Iterable[str], policy: PartRefund = "keep") -> datetime:
        """With the first of its money, or with the last."""
        times = [self.facts.refunds[one].at for one in refunds]
        return min(times) if policy == "end" else max(times)

    def _charge(
        self, customer_id: str | None, attempts: tuple[str, ...], word: ChargeWord | Lessened
    ) -> None:
        """The subscription it charged for is told; what comes of that is for its plan to say."""
        if customer_id and self.subscription:
            given = self._given_to(customer_id)
            names = [attempt for attempt in attempts if attempt] or [self.facts.payment_key]
            if isinstance(word, Lessened):
                given.lessened.update(dict.fromkeys(names, word))
            else:
                given.charges.update(dict.fromkeys(names, word))

    def _buy(self, customer_id: str, part: str, product: str, bought: Bought) -> None:
        self._given_to(customer_id).purchases[foreign_key(self.facts.key, part)] = (product, bought)

    def _given_to(self, customer_id: str) -> Given:
        return self.given.setdefault(customer_id, Given())


_PRODUCTS = frozenset({"course", "tokens", "plan"})


def _kept_courses(record: PaymentRecord) -> set[tuple[str | None, str]]:
    """Courses that stay whose they are: nobody needs a further seat of one beside their own."""
    courses = (part for part in record.granted.values() if part.kind == "course" and not part.over)
    return {(part.customer_id, part.product) for part in courses}


def _words(facts: PaymentFacts, emails: list[str]) -> str:
    return short(f"{facts.value('customer_ref')} {facts.value('subscription_key')} {emails}")


def _tokens(ware: Ware, part: Part) -> int:
    if ware.kind == "credit":
        return (part.amount or 0) * ware.rate
    return ware.rate * part.quantity if ware.kind == "tokens" else 0


def _same_terms(one: Granted, two: Granted) -> bool:
    """The same was bought with the same money by the same customer."""
    bare = [replace(part.undated, attempts=(), what="") for part in (one, two)]
    return _same_money(one, two) and bare[0] == bare[1]


def _same_money(before: Granted, now: Part | Granted) -> bool:
    return before.attempts in (now.attempts, (RequestOnly,))


def _dated(wanted: Granted, at: datetime, order_id: str, refunds: dict[str, int]) -> Granted:
    """When it was paid, and what of it went back. Only credit and courses tell readers a date, courses that are over too."""
    if wanted.kind == "course" and wanted.order_id:
        return replace(wanted, at=at, order_id=order_id, refunds=refunds)
    dated = wanted.kind == "credit" and wanted.at is not None
    return replace(wanted, at=at if dated else wanted.at, refunds=refunds)
