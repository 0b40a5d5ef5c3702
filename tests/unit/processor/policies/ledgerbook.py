"""Fulfilment in memory: the real cases and policies without a database, and the end state that their decisions add up to."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from processor.cases.situation import CustomerRecord, Decided, Situation
from processor.cases.subscription import SubscriptionCase
from processor.fulfilment.desk import Cause, Desk
from processor.policies.payment import decide_payment
from processor.policies.subscription import decide_subscription
from projections.fold import fold_all
from projections.projection import Event
from projections.registry import BY_NAME
from schemas import decisions as d
from schemas.catalog import Catalog, MayarNames, Product, ScalevNames, fill_names, parse_catalog
from schemas.corrections import CourseDated, CourseWithdrawn
from schemas.event_model import EventModel
from schemas.events import decode, encode
from schemas.facts import CustomerRegistered, SuspenseClaimed, SuspenseWrittenOff

VARIANT = "variant_kelas_python"
NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


def shipped_catalog() -> Catalog:
    """The catalogue in the project's root, with a variant for its course."""
    path = Path(__file__).parents[4] / "catalog.toml"
    return fill_names(parse_catalog(path.read_text(encoding="utf-8")), variant=VARIANT)


def club() -> Catalog:
    """The shipped catalogue with two membership plans and chat tokens in the store."""
    catalog = shipped_catalog()
    plans = tuple(
        Product(
            id=name,
            kind="plan",
            tier=tier,
            period="1 month",
            grace="2 days",
            mayar=MayarNames(tier_names=(name,)),
        )
        for name, tier in (("klub-a", "pro"), ("klub-b", "bpp"))
    )
    chat = Product(
        id="chat-10", kind="tokens", chat_tokens=10, scalev=ScalevNames(variant_unique_ids=("variant_chat",))
    )
    return catalog.model_copy(update={"products": (*catalog.products, *plans, chat)})


@dataclass
class Book:
    """Give it facts; read what was decided."""

    catalog: Catalog = field(default_factory=shipped_catalog)
    now: datetime = NOON
    create_unknown: bool = False
    desk: Desk = field(default_factory=Desk)
    decisions: list[EventModel] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)
    parked: list[tuple[str, str]] = field(default_factory=list)
    positions: Any = field(default_factory=lambda: itertools.count(1))

    def customer(self, customer_id: str, email: str | None = None) -> Book:
        return self.give(CustomerRegistered(customer_id=customer_id, email=email))

    def give(self, *facts: EventModel) -> Book:
        """Facts in this order, each decided on before the next."""
        for fact in facts:
            self._take(fact, next(self.positions))
        return self

    def give_together(self, *facts: EventModel) -> Book:
        """Facts of one round: all are known before any is decided on."""
        for fact in facts:
            self._observe(fact, next(self.positions))
        self._decide()
        return self

    def wait(self, **span: float) -> Book:
        """Let time pass and the timers run."""
        self.now += timedelta(**span)
        for key, case in list(self.desk.cases.items()):
            if isinstance(case, SubscriptionCase) and case.due_at is not None and case.due_at <= self.now:
                self.desk.touch(key)
        self._decide()
        return self

    def held(self, reason: str | None = None) -> d.SuspenseHeld:
        """The one held item (with this reason)."""
        (item,) = [h for h in self.suspense().values() if reason in (None, h.reason)]
        return item

    def claim(self, customer_id: str, product: str | None = None, reason: str | None = None) -> Book:
        """An operator says whose the one held item (with this reason) is."""
        item = self.held(reason)
        return self.give(
            SuspenseClaimed(
                suspense_id=item.suspense_id,
                case=item.case,
                customer_id=customer_id,
                product=product,
                actor="sari",
                reason="spoke to the customer",
            )
        )

    def write_off(self, reason: str | None = None) -> Book:
        item = self.held(reason)
        return self.give(
            SuspenseWrittenOff(suspense_id=item.suspense_id, case=item.case, actor="sari", reason="old")
        )

    def change_catalog(self, catalog: Catalog) -> Book:
        self.catalog = catalog
        self._wake({"catalog"})
        self._decide()
        return self

    def _take(self, fact: EventModel, position: int) -> None:
        self._observe(fact, position)
        self._decide()

    def _observe(self, fact: EventModel, position: int) -> None:
        desk = self.desk
        if isinstance(fact, CustomerRegistered):
            self._wake(desk.register(fact))
        elif isinstance(fact, SuspenseClaimed | SuspenseWrittenOff):
            for key in desk.concerned(fact):
                desk.cases[key].observe(fact, position)
                desk.touch(key)
        else:
            case = desk.case_of(fact)
            case.observe(fact, position)
            desk.touch(case.key, Cause(position=position))

    def _wake(self, keys: set[str]) -> None:
        for key, waits in list(self.desk.waits.items()):
            if waits & keys and key in self.desk.cases:
                self.desk.touch(key)

    def _decide(self) -> None:
        desk = self.desk
        turns = itertools.count()
        while desk.dirty:
            assert next(turns) < 100, "cases wake each other for ever"
            batch, desk.dirty = desk.dirty, {}
            for key in sorted(batch, key=lambda k: not isinstance(desk.cases[k], SubscriptionCase)):
                self._decide_case(key)

    def _decide_case(self, key: str) -> None:
        desk, case = self.desk, self.desk.cases[key]
        emails: defaultdict[str, list[str]] = defaultdict(list)
        for record in sorted(desk.customers.values(), key=lambda record: record.customer_id):
            emails[record.email or ""].append(record.customer_id)
        owners = {name: one.owner for name, one in desk.cases.items() if isinstance(one, SubscriptionCase)}
        situation = Situation(self.catalog, self.now, desk.customers, emails, owners, self.create_unknown)
        before = case.owner
        if isinstance(case, SubscriptionCase):
            decide_subscription(case, situation)
            if case.owner != before:
                self._wake({f"case:{key}"})
        else:
            decide_payment(case, situation)
        # Between two rounds everything is stored as JSON.
        desk.cases[key] = type(case).from_json(case.to_json())
        for name, record in list(desk.customers.items()):
            desk.customers[name] = CustomerRecord.from_json(record.to_json())
        assert balanced_each(situation.decisions)
        assert valid_each(situation.decisions)
        desk.waits[key] = situation.waits
        self.decisions += [decision.event for decision in situation.decisions]
        self.streams += [decision.stream for decision in situation.decisions]
        self.parked += situation.parked
        self._wake(situation.wakes)
        for other in situation.recalls & desk.cases.keys():
            desk.touch(other)

    # What readers would see.

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.decisions if isinstance(event, kind)]

    def record(self, customer_id: str) -> CustomerRecord:
        return self.desk.customers[customer_id]

    def credit(self, customer_id: str) -> int:
        return self.balance(f"tokens:{customer_id}", "TOKEN")

    def chat(self, customer_id: str) -> int:
        return self.balance(f"chat:{customer_id}", "CHAT")

    def balance(self, account: str, unit: str = "IDR") -> int:
        """Credit balance of an account, from the postings alone."""
        postings = [p for event in self.decisions for p in getattr(event, "postings", ())]
        return -sum(p.amount for p in postings if (p.account, p.unit) == (account, unit))

    def _read(self, name: str) -> list[str]:
        """Rows of a projection as readers see them."""
        projection = BY_NAME[name]
        state = projection.new_state()
        log = [
            Event(position, event.TYPE, stream, orjson.loads(encode(event)))
            for position, (event, stream) in enumerate(zip(self.decisions, self.streams, strict=True), 1)
        ]
        fold_all(projection, state, log)
        rows = [
            {
                key: value
                for key, value in asdict(row).items()
                if value and key not in _UNSEEN and not self._usual(key, value)
            }
            for row in getattr(state, name).values()
        ]
        return sorted(str(row) for row in rows if len(row) > 1 and row.get("status") != "withdrawn")

    def _usual(self, key: str, value: Any) -> bool:
        """Nobody told of a tier has the first one."""
        return key in ("tier", "fallback_tier") and value == self.catalog.first_tier

    def suspense(self) -> dict[str, d.SuspenseHeld]:
        held: dict[str, d.SuspenseHeld] = {}
        for event in self.decisions:
            if isinstance(event, d.SuspenseHeld):
                held[event.suspense_id] = event
            elif isinstance(event, d.SuspenseReleased):
                held.pop(event.suspense_id, None)
        return held

    def reasons(self) -> list[str]:
        return sorted(item.reason for item in self.suspense().values())

    def payments(self) -> dict[str, d.PaymentAssessed]:
        rows: dict[str, d.PaymentAssessed] = {}
        for event in self.of(d.PaymentAssessed):
            rows[event.record] = event
            for gone in event.merged:
                rows.pop(gone, None)
        return rows

    def payment(self) -> d.PaymentAssessed:
        (row,) = self.payments().values()
        return row

    def courses(self, customer_id: str) -> set[str]:
        owned: dict[str, str] = {}
        for event in self.decisions:
            if getattr(event, "customer_id", None) != customer_id:
                continue
            if isinstance(event, d.CourseEnrolled):
                owned[event.course] = event.order_id
            former = getattr(event, "former_order_id", getattr(event, "order_id", ""))
            if isinstance(event, CourseDated | CourseWithdrawn | d.CourseRevoked):
                mine = owned.get(event.course) == former and owned.pop(event.course)
                if mine and isinstance(event, CourseDated):
                    owned[event.course] = event.order_id
        return set(owned)

    def subscriptions(self, customer_id: str) -> dict[str, d.SubscriptionDecision]:
        rows = [e for e in self.of(d.SubscriptionDecision) if e.customer_id == customer_id]
        newest = {row.subscription_id: row for row in rows}
        return {name: row for name, row in newest.items() if row.status not in ("merged", "withdrawn")}

    def subscription(self, customer_id: str) -> d.SubscriptionDecision:
        (row,) = self.subscriptions(customer_id).values()
        return row

    def tier(self, customer_id: str) -> str:
        changes = [e for e in self.of(d.TierChanged) if e.customer_id == customer_id]
        return changes[-1].tier if changes else self.catalog.first_tier

    def end_state(self) -> dict[str, Any]:
        """Everything a reader could tell apart, without positions and without what depends on when a decision was made."""
        ledger: defaultdict[tuple[str, str], int] = defaultdict(int)
        for event in self.decisions:
            for posting in getattr(event, "postings", ()):
                ledger[posting.account, posting.unit] += posting.amount
        payments = [
            row.model_dump(exclude={"facts", "case", "record", "merged"}) for row in self.payments().values()
        ]
        return {
            "ledger": {key: amount for key, amount in sorted(ledger.items()) if amount},
            "courses": {c: self.courses(c) for c in self.desk.customers},
            "read": {name: self._read(name) for name in ("balances", "enrollments")},
            "tiers": {c: self.tier(c) for c in self.desk.customers},
            "subscriptions": {
                c: [row.model_dump(exclude={"case"}) for _, row in sorted(self.subscriptions(c).items())]
                for c in self.desk.customers
            },
            "payments": sorted(payments, key=lambda row: str(row["payment_id"])),
            "suspense": sorted(_shown(item) for item in self.suspense().values()),
        }


_UNSEEN = {"position", "revoked_at"}


def _shown(held: d.SuspenseHeld) -> str:
    """What readers see of held money; its id and case are named after whatever came first."""
    return str(held.model_dump(mode="json", include={"reason", "amount", "payment_id", *_SHOWN}))


_SHOWN = {"payer_email", "customer_id", "product", "since"}


def balanced_each(decisions: Sequence[Decided]) -> bool:
    """Every single decision's postings sum to zero per unit."""
    for decision in decisions:
        totals: defaultdict[str, int] = defaultdict(int)
        for posting in getattr(decision.event, "postings", ()):
            totals[posting.unit] += posting.amount
        if any(totals.values()):
            return False
    return True


def valid_each(decisions: Sequence[Decided]) -> bool:
    """Every decision, also one that was built without validation, is what a reader of the log will make of it."""
    return all(decode(one.event.TYPE, one.event.VERSION, encode(one.event)) == one.event for one in decisions)


def balanced(book: Book) -> bool:
    """The ledger sums to zero per unit."""
    totals: defaultdict[str, int] = defaultdict(int)
    for event in book.decisions:
        for posting in getattr(event, "postings", ()):
            totals[posting.unit] += posting.amount
    return not any(totals.values())


def permutations(facts: Sequence[EventModel]) -> list[tuple[EventModel, ...]]:
    return list(itertools.permutations(facts))
