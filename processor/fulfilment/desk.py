"""The cases and customers of one fulfilment round: loaded in bulk, changed in memory, saved together.

Nothing here decides and nothing here writes: what is to be written leaves as parts of one statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import orjson

from eventstore.queries import Piece, in_one_statement, load
from eventstore.read import STANDING, StoredEvent
from processor.cases.case import Case, PaymentCase, SubscriptionCase
from processor.cases.customer import CustomerRecord
from processor.cases.keys import WaitKey, customer_key, email_key
from processor.cases.names import key_of, names_of, number_of, payment_case, subscription_case
from processor.cases.packed import packed
from processor.cases.spoken import Claim
from runtime.database import Connection
from schemas import facts as f
from schemas import streams
from schemas.case_words import CaseWord
from schemas.email_address import mailbox_of
from schemas.event_model import EventModel
from schemas.personal_facts import CustomerErased
from schemas.plan_facts import PlanFact
from schemas.streams import StreamName
from schemas.trace_context import TRACEPARENT

SQL = load("fulfilment.sql", "processor")
LOOK_PARTS = (("found", SQL["look"]), ("log", STANDING))
LOOK = in_one_statement(LOOK_PARTS, SQL["looked"])


class Cause(msgspec.Struct):
    """The newest event that touched a case in this round."""

    position: int = 0
    event_id: str | None = None
    correlation_id: str | None = None
    delivery_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the log stands: position of its newest event, and the one that the next event gets. Exact only under the log's lock."""

    head: int
    next: int


class DeskQuestion(NamedTuple):
    """What facts most often ask for: names of cases, ids and e-mails of customers."""

    names: list[str]
    ids: list[str]
    emails: list[str]


def wanted_by(facts: Sequence[EventModel], more: Iterable[str] = ()) -> DeskQuestion:
    """`more`: further names of cases."""
    return DeskQuestion(
        sorted({*more, *(name for fact in facts for name in names_of(fact))}),
        sorted({one for fact in facts if (one := _customer_in(fact))}),
        sorted({one for fact in facts if (one := getattr(fact, "payer_email", None))}),
    )


class DeskAnswer(NamedTuple):
    """What somebody has looked for on our behalf, and the rows of it; others among them are not ours."""

    wanted: DeskQuestion
    rows: Sequence[Any]

    def covers(self, wanted: DeskQuestion) -> bool:
        """Whether all of it was looked for."""
        return all(set(asked).issuperset(mine) for asked, mine in zip(self.wanted, wanted, strict=True))


@dataclass(slots=True)
class Desk:
    """All state of one round."""

    cases: dict[str, Case] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    new_aliases: dict[str, str] = field(default_factory=dict)
    merged: set[str] = field(default_factory=set)
    stored: set[str] = field(default_factory=set)
    customers: dict[str, CustomerRecord] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)  # ids of customers we looked for, found or not
    changed_customers: set[str] = field(default_factory=set)
    by_email: dict[str, list[str]] = field(default_factory=dict)
    owners: dict[str, str | None] = field(default_factory=dict)
    versions: dict[StreamName, int] = field(default_factory=dict)
    dirty: dict[str, Cause] = field(default_factory=dict)
    waits: dict[str, set[WaitKey]] = field(default_factory=dict)

    async def look(
        self,
        connection: Connection,
        facts: Sequence[EventModel],
        more: Iterable[str] = (),
        looked: DeskAnswer | None = None,
    ) -> Standing:
        """What facts most often ask for, in one statement: the cases they name, the customers they may be of, and where the log stands.

        `more`: further names of cases. `looked`: what was found in the caller's own statement, in this transaction and under the log's lock.
        """
        wanted = wanted_by(facts, more)
        if looked is None or not looked.covers(wanted):
            looked = DeskAnswer(wanted, await connection.fetch(LOOK, *wanted))
        standing = {"head": 0, "next": 0}
        for row in looked.rows:
            if row["what"] == "case":
                if row["name"] in self.new_aliases:
                    continue  # we know better since: whoever looks twice (a preview) has decided in between
                self.aliases[row["name"]] = row["key"]
                if row["key"] not in self.cases:
                    self._take_in(row["key"], row["kind"], row["state"])
            elif row["what"] == "customer":
                self._know(row["state"], row["number"])
            elif row["what"] in standing:
                standing[row["what"]] = row["number"]
        self.asked.update(looked.wanted.ids)
        self._asked_emails(looked.wanted.emails)
        return Standing(**standing)

    async def load_cases(self, connection: Connection, keys: Iterable[str]) -> None:
        """Cases by key; unknown keys are left out."""
        missing = sorted(set(keys) - self.cases.keys())
        if not missing:
            return
        for row in await connection.fetch(SQL["cases"], missing):
            self._take_in(row["case_key"], row["kind"], row["state"])

    async def load_claimed(self, connection: Connection, facts: Sequence[EventModel]) -> None:
        """Cases that operators' words are about, and subscriptions that those charged for: also where a fact beside the word tells of it."""
        words = [fact.case for fact in facts if isinstance(fact, CaseWord)]
        await self.load_cases(connection, words)
        charged: list[str | None] = [
            subscription_case(fact.provider, fact.subscription_key)
            for fact in facts
            if words and isinstance(fact, f.PaymentFact) and fact.subscription_key
        ]
        for case in map(self.cases.get, words):
            charged.append(case.facts.subscription if isinstance(case, PaymentCase) else None)
        await self.load_cases(connection, filter(None, charged))

    async def load_customers(self, connection: Connection, ids: set[str], emails: set[str]) -> None:
        """Customers by id and by e-mail, and the versions of their streams."""
        wanted_ids = sorted(ids - self.customers.keys() - self.asked)
        wanted_emails = sorted(emails - self.by_email.keys())
        if not (wanted_ids or wanted_emails):
            return
        for row in await connection.fetch(SQL["customers"], wanted_ids, wanted_emails):
            self._know(row["state"], row["version"])
        self.asked.update(wanted_ids)
        self._asked_emails(wanted_emails)

    async def load_owners(self, connection: Connection, keys: set[str]) -> None:
        """Owners of subscription cases that payments ask about."""
        missing = sorted(keys - self.owners.keys())
        if missing:
            rows = await connection.fetch(SQL["owners"], missing)
            self.owners |= dict.fromkeys(missing) | {row["case_key"]: row["customer_id"] for row in rows}
        for key in keys & self.cases.keys():
            case = self.cases[key]
            self.owners[key] = case.owner or self.owners.get(key)

    async def load_versions(self, connection: Connection) -> None:
        """Versions of the streams of customers who are new to us."""
        missing = [stream for stream in map(streams.customer, self.customers) if stream not in self.versions]
        if missing:
            rows = await connection.fetch(SQL["stream_versions"], missing)
            self.versions |= dict.fromkeys(missing, 0) | {row["stream"]: row["version"] for row in rows}

    def case_of(self, event: EventModel) -> Case:
        """The case a fact belongs to; made when there is none, joined when the fact shows that two are one."""
        names = names_of(event)
        found = list(dict.fromkeys([self.aliases[name] for name in names if name in self.aliases]))
        found += [name for name in names if name in self.cases and name not in found]
        found, names, apart = self._without_contradictions(event, found, names)
        case = self.cases[found[0]] if found else self._make(event)
        for other in found[1:]:
            case = self._absorb(case, self.cases[other])
        for name in names:
            self._point(name, case.key)
        if isinstance(case, PaymentCase):
            case.facts.names.update(names)
            case.facts.contradicts |= apart
        return case

    def _without_contradictions(
        self, event: EventModel, found: list[str], names: tuple[str, ...]
    ) -> tuple[list[str], tuple[str, ...], set[str]]:
        """Cases and names of a fact without orders of another number that merely share an id with it; those are told apart."""
        own = set(names)
        other = {
            key
            for key in found
            if isinstance(case := self.cases[key], PaymentCase)
            and case.facts.numbers
            and not {payment_case(case.facts.provider, known) for known in case.facts.numbers} & own
            and self.aliases.get(names[0]) != key
            and names[0] != key
        }
        if not other or number_of(event) is None:
            return found, names, set()
        kept = tuple(name for name in names if name not in other and self.aliases.get(name) not in other)
        return [key for key in found if key not in other], kept, other

    def _point(self, name: str, key: str) -> None:
        if self.aliases.get(name) != key:
            self.aliases[name] = self.new_aliases[name] = key

    def concerned(self, word: CaseWord) -> list[str]:
        """Cases that an operator's word is about: the one that holds money and, when it is claimed, the subscription it charged for."""
        case = self.cases.get(word.case)
        keys = [word.case]
        if isinstance(case, PaymentCase):
            said: CaseWord | Claim | None = word
            if isinstance(word, f.SuspenseClaimWithdrawn):
                said = case.facts.claims.get(word.suspense_id)
            if isinstance(said, f.SuspenseClaimed | Claim) and said.product != "credit":
                keys.append(case.facts.subscription or "")
        return [key for key in keys if key in self.cases]

    def touch(self, key: str, cause: Cause | None = None) -> None:
        """This case must be decided again."""
        current = self.dirty.get(key)
        if current is None or (cause and cause.position >= current.position):
            self.dirty[key] = cause or Cause()

    async def bring(self, connection: Connection, keys: Mapping[str, Cause]) -> None:
        """These cases must be decided again, if they are not to be anyway; unknown ones are left out."""
        await self.load_cases(connection, keys)
        for key, cause in keys.items():
            if key in self.cases and key not in self.dirty:
                self.dirty[key] = cause

    def register(self, event: f.CustomerRegistered) -> set[WaitKey]:
        """Take a customer in; returns what cases may have waited for."""
        record = self.customers.get(event.customer_id) or CustomerRecord(customer_id=event.customer_id)
        email = mailbox_of(event.email)
        woken = {customer_key(event.customer_id)} | {email_key(e) for e in (record.email, email) if e}
        if record.email and record.email in self.by_email:
            self.by_email[record.email] = [c for c in self.by_email[record.email] if c != event.customer_id]
        record.email, record.gone_at = email, None
        self.customers[event.customer_id] = record
        self.changed_customers.add(event.customer_id)
        self.index({event.customer_id})
        return woken

    def erase(self, event: CustomerErased) -> set[WaitKey]:
        """Who was erased gets nothing more; returns what cases that are not granted yet may have waited for."""
        record = self.customers.get(event.customer_id)
        if record is None:
            return set()
        record.gone_at = event.at
        self.changed_customers.add(event.customer_id)
        return {customer_key(event.customer_id)} | ({email_key(record.email)} if record.email else set())

    def index(self, customers: Iterable[str]) -> None:
        """Customers whose record changed can be found by their address."""
        for customer_id in customers:
            record = self.customers[customer_id]
            known = self.by_email.get(record.email or "")
            if known is not None and customer_id not in known:
                known.append(customer_id)
                known.sort()

    def _know(self, state: str, version: int | None) -> None:
        record = CustomerRecord.from_json(state)
        if record.customer_id not in self.customers:
            self.customers[record.customer_id] = record
            self.versions[streams.customer(record.customer_id)] = version or 0

    def _asked_emails(self, emails: Iterable[str]) -> None:
        """From now on we know who has these, and who has them not."""
        self.by_email |= {email: [] for email in emails if email not in self.by_email}
        self.index(self.customers)

    def _take_in(self, key: str, kind: str, state: str) -> None:
        model = SubscriptionCase if kind == "subscription" else PaymentCase
        self.cases[key] = model.from_json(state)
        self.stored.add(key)

    def _make(self, event: EventModel) -> Case:
        provider: str = getattr(event, "provider")  # noqa: B009 - every fact of a case has one
        name = key_of(event)
        case: Case
        if isinstance(event, (f.SubscriptionReported, PlanFact)):
            case = SubscriptionCase.new(subscription_case(provider, name), provider, name)
        else:
            case = PaymentCase.new(payment_case(provider, name), provider, name)
        self.cases[case.key] = case
        return case

    def _absorb(self, case: Case, other: Case) -> Case:
        """Make two cases of one payment one; returns the one that stays."""
        if other is case or not isinstance(case, PaymentCase) or not isinstance(other, PaymentCase):
            return case
        if other.record.settled and case.record.settled:
            if case.facts.reusable or other.facts.reusable:
                return case
            if case.facts.in_hand or other.facts.in_hand:
                # Both counted money before we learned that they are one, and a person had a hand in it: a person must look.
                case.record.apart.add(other.key)
                return case
        elif other.record.settled:
            case, other = other, case
        case.absorb(other)
        self.merged.add(other.key)
        self.dirty.pop(other.key, None)
        del self.cases[other.key]
        for name in other.facts.names:
            self._point(name, case.key)
        self.touch(case.key)
        return case


def _customer_in(fact: EventModel) -> str | None:
    """The customer a fact names, if any."""
    if isinstance(fact, (f.CustomerRegistered, CustomerErased)):
        return fact.customer_id
    named: str | None = getattr(fact, "customer_ref", None)
    return named


def pieces_of(
    desk: Desk, decided: Mapping[str, Cause], due: Mapping[str, datetime | None], *, pack: bool = False
) -> list[Piece]:
    """What writes cases, names, waits and customers: parts of one statement. `pack`: what waits for nothing is stored packed; statements look into the rest."""
    pieces: list[Piece] = []
    cases = [desk.cases[key] for key in decided if key in desk.cases]
    if cases:
        columns = (
            [case.key for case in cases],
            ["subscription" if isinstance(case, SubscriptionCase) else "payment" for case in cases],
            [case.owner for case in cases],
            [
                packed(case.to_json()) if pack and not desk.waits.get(case.key) else case.to_json()
                for case in cases
            ],
            [due.get(case.key) for case in cases],
            [decided[case.key].position for case in cases],
        )
        pieces.append((SQL["save_cases"], columns))
    if desk.merged:
        pieces.append((SQL["delete_cases"], (sorted(desk.merged),)))
    if desk.new_aliases:
        names = (list(desk.new_aliases), list(desk.new_aliases.values()))
        pieces += [(SQL["point_aliases"], names), (SQL["add_aliases"], names)]
    return pieces + _waits(desk, decided) + _customers(desk)


def _waits(desk: Desk, decided: Mapping[str, Cause]) -> list[Piece]:
    pairs = [(wait, key) for key in decided for wait in sorted(desk.waits.get(key, ()))]
    columns = ([wait for wait, _ in pairs], [key for _, key in pairs])
    known = desk.stored & {*decided, *desk.merged}
    pieces: list[Piece] = [(SQL["clear_waits"], (sorted(known), *columns))] if known else []
    return [*pieces, (SQL["save_waits"], columns)] if pairs else pieces


def _customers(desk: Desk) -> list[Piece]:
    changed = [desk.customers[customer_id] for customer_id in sorted(desk.changed_customers)]
    if not changed:
        return []
    columns = (
        [record.customer_id for record in changed],
        [record.email for record in changed],
        [record.to_json() for record in changed],
    )
    return [(SQL["save_customers"], columns)]


def cause_of(event: StoredEvent) -> Cause:
    """What a decision will name as its cause."""
    context = orjson.loads(event.metadata)
    return Cause(
        position=event.position,
        event_id=str(event.event_id),
        correlation_id=context.get("correlation_id"),
        delivery_id=context.get("delivery_id"),
        traceparent=context.get(TRACEPARENT),
    )
