"""Fulfilment in memory: the real loop without a database, and the end state that their decisions add up to."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from eventstore.append import NewEvent
from processor.cases.case import Case, PaymentCase, SubscriptionCase
from processor.cases.customer import CustomerRecord
from processor.fulfilment.desk import Cause, Desk
from processor.fulfilment.work import Reported, Work, decide_all, prepare, touch_due
from projections.fold import fold_all
from projections.projection import Event
from projections.registry import BY_NAME
from schemas import decisions as d
from schemas.catalog import Catalog, MayarNames, Product, ScalevNames, fill_names, parse_catalog
from schemas.corrections import CourseDated, CourseWithdrawn
from schemas.event_model import EventModel
from schemas.events import decode, encode
from schemas.facts import (
    CatalogPublished,
    CustomerRegistered,
    SuspenseClaimed,
    SuspenseClaimWithdrawn,
    SuspenseWriteOffWithdrawn,
    SuspenseWrittenOff,
)
from tests.unit.processor.tables import Tables, run

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


def strict_club() -> Catalog:
    """The same; what a part of whose money goes back gets shorter or ends."""
    catalog = club()
    words = {"kelas-python": "end", "klub-a": "shorten", "klub-b": "end", "pro-bulanan": "shorten"}
    products = tuple(
        one.model_copy(update={"part_refund": words.get(one.id, "keep")}) for one in catalog.products
    )
    return catalog.model_copy(update={"products": products})


@dataclass
class Book:
    """Give it facts; read what was decided. Every call is a round of the real loop, with everything in tables in between."""

    catalog: Catalog = field(default_factory=shipped_catalog)
    now: datetime = NOON
    create_unknown: bool = False
    tables: Tables = field(default_factory=Tables)
    decisions: list[EventModel] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)
    parked: list[tuple[str, str]] = field(default_factory=list)
    rounds: list[tuple[list[Reported], list[NewEvent]]] = field(default_factory=list)
    positions: Any = field(default_factory=lambda: itertools.count(1))

    def customer(self, customer_id: str, email: str | None = None) -> Book:
        return self.give(CustomerRegistered(customer_id=customer_id, email=email))

    def give(self, *facts: EventModel) -> Book:
        """Facts in this order, each decided on before the next."""
        for fact in facts:
            self.give_together(fact)
        return self

    def give_together(self, *facts: EventModel) -> Book:
        """Facts of one round: all are known before any is decided on."""
        placed = [Reported(position := next(self.positions), fact, Cause(position)) for fact in facts]
        return self._round(placed)

    def wait(self, **span: float) -> Book:
        """Let time pass and the timers run."""
        self.now += timedelta(**span)
        return self._round([])

    def look_again(self) -> Book:
        """At every case, without news."""
        return self._round([], *self.tables.cases)

    def spend(self, customer_id: str, tokens: int) -> Book:
        """The customer used credit meanwhile."""
        record = self.record(customer_id)
        record.credit_tokens -= tokens
        self.tables.customers[customer_id] = (record.email, record.to_json())
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

    def unclaim(self, item: d.SuspenseHeld) -> Book:
        """The operator takes back what they said of it."""
        return self.give(
            SuspenseClaimWithdrawn(
                suspense_id=item.suspense_id, case=item.case, actor="sari", reason="wrong person"
            )
        )

    def write_off(self, reason: str | None = None) -> Book:
        item = self.held(reason)
        return self.give(
            SuspenseWrittenOff(suspense_id=item.suspense_id, case=item.case, actor="sari", reason="old")
        )

    def reopen(self, item: d.SuspenseHeld) -> Book:
        """The operator takes back that it was written off."""
        return self.give(
            SuspenseWriteOffWithdrawn(
                suspense_id=item.suspense_id, case=item.case, actor="sari", reason="the payer called"
            )
        )

    def change_catalog(self, catalog: Catalog) -> Book:
        published = CatalogPublished(version=catalog.version, content=catalog.model_dump(mode="json"))
        return self.give(published)

    def _round(self, facts: list[Reported], *touched: str) -> Book:
        work = Work(Desk(), self.now, self.catalog, self.create_unknown, {})
        run(self._decide(work, facts, touched))
        assert balanced_each(work.new)
        assert valid_each(work.new)
        self.tables.save(work)
        self.rounds.append((facts, work.new))
        self.catalog = work.catalog
        self.decisions += [decision.event for decision in work.new]
        self.streams += [decision.stream for decision in work.new]
        self.parked += [(alarm.about, alarm.reason) for alarm in work.parked]
        return self

    async def _decide(self, work: Work, facts: list[Reported], touched: Sequence[str]) -> None:
        connection: Any = self.tables
        await work.desk.look(connection, [one.fact for one in facts])
        await prepare(connection, work, facts)
        await touch_due(connection, work, limit=100)
        await work.desk.load_cases(connection, touched)
        for key in touched:
            work.desk.touch(key)
        await decide_all(connection, work)

    @property
    def cases(self) -> dict[str, Case]:
        """As they are stored."""
        kinds: dict[str, type[Case]] = {"subscription": SubscriptionCase, "payment": PaymentCase}
        return {key: kinds[row.kind].from_json(row.state) for key, row in self.tables.cases.items()}

    @property
    def payment_cases(self) -> dict[str, PaymentCase]:
        return {key: case for key, case in self.cases.items() if isinstance(case, PaymentCase)}

    def holders(self, customer_id: str) -> dict[str, str]:
        """The cases that opened the customer's courses."""
        courses = self.record(customer_id).courses.items()
        return {course: bid.case for course, bids in courses for bid in bids.values() if bid.opened}

    # What readers would see.

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.decisions if isinstance(event, kind)]

    def record(self, customer_id: str) -> CustomerRecord:
        return CustomerRecord.from_json(self.tables.customers[customer_id][1])

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
            row.model_dump(exclude={"facts", "case", "record", "merged", "whose", "given"})
            for row in self.payments().values()
        ]
        return {
            "ledger": {key: amount for key, amount in sorted(ledger.items()) if amount},
            "courses": {c: self.courses(c) for c in self.tables.customers},
            "read": {name: self._read(name) for name in ("balances", "enrollments")},
            "tiers": {c: self.tier(c) for c in self.tables.customers},
            "subscriptions": {
                c: [
                    row.model_dump(exclude={"case", "called", "claimed", "began", "named"})
                    for _, row in sorted(self.subscriptions(c).items())
                ]
                for c in self.tables.customers
            },
            "payments": sorted(payments, key=lambda row: str(row["payment_id"])),
            "suspense": sorted(_shown(item) for item in self.suspense().values()),
        }


_UNSEEN = {"position", "revoked_at"}


def _shown(held: d.SuspenseHeld) -> str:
    """What readers see of held money; its id and case are named after whatever came first."""
    return str(held.model_dump(mode="json", include={"reason", "amount", "payment_id", *_SHOWN}))


_SHOWN = {"payer_email", "customer_id", "product", "since"}


def balanced_each(decisions: Sequence[NewEvent]) -> bool:
    """Every single decision's postings sum to zero per unit."""
    for decision in decisions:
        totals: defaultdict[str, int] = defaultdict(int)
        for posting in getattr(decision.event, "postings", ()):
            totals[posting.unit] += posting.amount
        if any(totals.values()):
            return False
    return True


def valid_each(decisions: Sequence[NewEvent]) -> bool:
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
