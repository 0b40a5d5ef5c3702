"""Cases and customers built from the log in the tables of a connection that are beside the live ones: most of it while everything goes on, the rest at once.

What the log says is folded a page at a time. What it does not say (what cases wait for, when they are due) their policies are asked for once they are folded, and
again when something they wait for has happened since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from eventstore import checkpoints
from eventstore.read import StoredEvent, read_page
from processor.cases.case import PaymentCase, SubscriptionCase
from processor.cases.customer import CustomerRecord
from processor.cases.keys import WaitKey, case_key, charge_key, customer_key, email_key, plans_key
from processor.cases.recording import announced, give
from processor.fulfilment.desk import SQL, Cause, Desk, pieces_of
from processor.fulfilment.following import Following
from processor.fulfilment.work import FACT_TYPES, Work, load_answers
from processor.policies.deciding import decide
from processor.policies.payment import payment_outcome
from processor.policies.subscription import subscription_outcome
from runtime.database import Connection
from schemas.decision_model import NOTHING, Given
from schemas.decisions import DECISIONS, SubscriptionDecision

DECISION_TYPES = [model.TYPE for model in DECISIONS]
TYPES = sorted({*FACT_TYPES, *DECISION_TYPES})
PAGE = 500  # events or cases at a time
CLOSE = 2_000  # events that are left for the end: about a second under the log's lock
COUNTED_FROM = (
    8  # pages; a plan that was made for tables without rows is kept for as long as nobody counts them
)
KNOWN = ("known_cases", "known_aliases", "known_waits", "known_customers")
ROUNDS = 8  # of going after what came meanwhile; where a log grows as fast as it is folded, the end takes what is left


@dataclass
class BuiltCases:
    """`position`: up to where. `undecided`: cases about which this program would say something that the log does not say.
    `unsaid`: those whose decisions, by earlier programs, do not say what the plans of customers know of them.
    """

    position: int = 0
    cases: int = 0
    customers: int = 0
    undecided: list[str] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


class Building:
    """`create_unknown`: as settings say; `pack`: as they say that cases are stored. Up to its `position`, what is in the tables is what it built."""

    def __init__(
        self, connection: Connection, consumer: str, *, create_unknown: bool = False, pack: bool = False
    ) -> None:
        self.following = Following(datetime.min.replace(tzinfo=UTC))
        self._connection = connection
        self._consumer = consumer
        self._create_unknown = create_unknown
        self._pack = pack
        self._position = 0
        self._pages = 0
        # Once all were asked about: cases that are to be asked again, and what others may have waited for.
        self._asked = False
        self._touched: set[str] = set()
        self._woken: set[WaitKey] = set()
        # Cases of which earlier programs did not say everything, unless a decision that is still to be folded does; and those that are to say something.
        self._silent: set[str] = set()
        self._undecided: set[str] = set()

    async def most(self, position: int) -> None:
        """Up to the checkpoint `position`, and after it until little is left."""
        await self._tell_the_time()
        await self._fold(position)
        await self._finish_all()
        for _ in range(ROUNDS):
            done = self._position
            await self._fold(await checkpoints.read(self._connection, self._consumer))
            await self._finish_touched()
            if self._position - done <= CLOSE:
                return

    async def rest(self, position: int) -> BuiltCases:
        """Up to the checkpoint `position`, within the transaction that looks at the live tables or replaces them."""
        await self._tell_the_time()
        await self._fold(position)
        await self._fold_overtaken()
        await self._finish_touched()
        said = await self._say_what_is_unsaid()
        await self._finish_touched()
        return BuiltCases(
            position=self._position,
            cases=await self._connection.fetchval(SQL["built_cases"]),
            customers=await self._connection.fetchval(SQL["built_customers"]),
            undecided=sorted(self._undecided),
            unsaid=said,
        )

    async def _tell_the_time(self) -> None:
        self.following.now = await self._connection.fetchval(SQL["now"])

    async def _fold(self, through: int) -> None:
        """What is folded stays folded: whoever takes a checkpoint back takes nothing out of the live tables."""
        position = self._position
        while position < through:
            page = await read_page(self._connection, position, TYPES, PAGE)
            events = [event for event in page.events if event.position <= through]
            if events:
                await self._take(events)
            position = page.through
        self._position = max(self._position, through)

    async def _fold_overtaken(self) -> None:
        """Decisions behind the checkpoint: where something came into the log between what a round read and what it decided, they lie there until the next
        round. The live tables hold them; without them a rebuild would decide, and grant, once more. The facts between them are for that next round."""
        position = self._position
        while decisions := (await read_page(self._connection, position, DECISION_TYPES, PAGE)).events:
            await self._take(decisions)
            position = decisions[-1].position

    async def count(self) -> None:
        """What was built is counted, so that statements are planned for as many as there are: nobody else counts tables of one connection."""
        for name in KNOWN:
            await self._connection.execute(SQL[name])

    async def _take(self, events: Sequence[StoredEvent]) -> None:
        self._pages += 1
        if self._pages >= COUNTED_FROM and self._pages.bit_count() == 1:
            await self.count()
        desk = await self.following.page(self._connection, events)
        await self._save(desk, dict(desk.dirty), {})
        if self._asked:
            self._touch(desk)

    def _touch(self, desk: Desk) -> None:
        self._touched |= desk.dirty.keys()
        self._silent -= desk.merged
        self._undecided -= desk.merged
        self._woken |= self.following.woken
        self._woken |= {case_key(key) for key in desk.dirty if isinstance(desk.cases[key], SubscriptionCase)}
        self._wake(desk.customers[customer] for customer in desk.changed_customers)

    def _wake(self, customers: Iterable[CustomerRecord]) -> None:
        """Whatever may have waited for a change of these: who is asked in vain says what they said."""
        for customer in customers:
            self._woken |= {customer_key(customer.customer_id), plans_key(customer.customer_id)}
            if customer.email:
                self._woken.add(email_key(customer.email))

    async def _finish_all(self) -> None:
        """Everything that was folded so far is asked about: once."""
        self._asked = True
        after = ""
        while rows := await self._connection.fetch(SQL["case_keys"], after, PAGE):
            keys = [row["case_key"] for row in rows]
            await self._finish(keys)
            after = keys[-1]

    async def _finish_touched(self) -> None:
        seen: set[str] = set()
        while True:
            if self._woken:
                rows = await self._connection.fetch(SQL["waiting"], sorted(self._woken))
                self._touched |= {row["case_key"] for row in rows}
                self._woken.clear()
            keys = sorted(self._touched - seen)
            self._touched.clear()
            if not keys:
                return
            seen.update(keys)
            for first in range(0, len(keys), PAGE):
                await self._finish(keys[first : first + PAGE])

    async def _finish(self, keys: Sequence[str]) -> None:
        """What these cases wait for and when they are due; those that are gone are left out."""
        work = await self._work(keys)
        for key in list(work.desk.cases):
            if _given(work, key) or _announced(work, key) is not None:
                self._silent.add(key)
            else:
                self._silent.discard(key)
            self._decide(work, key)
        await self._save(work.desk, dict.fromkeys(work.desk.cases, Cause()), work.due)

    async def _work(self, keys: Sequence[str]) -> Work:
        work = Work(Desk(), self.following.now, self.following.catalog, self._create_unknown, {})
        await work.desk.load_cases(self._connection, keys)
        await load_answers(self._connection, work, dict.fromkeys(work.desk.cases, Cause()))
        return work

    def _decide(self, work: Work, key: str) -> None:
        """Decide once more, on copies: what says nothing is as it should be; anything else is for the next round."""
        desk, case = work.desk, work.desk.cases[key]
        copy, customers = type(case).from_json(case.to_json()), _Copies(desk.customers)
        step = decide(copy, replace(work.world(), customers=customers), customers)
        desk.waits[key] = step.waits
        work.due[key] = step.due_at
        self._touched |= step.calls
        if step.decisions:
            self._undecided.add(key)
            work.due[key] = work.now
            return
        self._undecided.discard(key)
        changed = {one for one, taken in customers.taken.items() if taken != desk.customers[one]}
        desk.cases[key] = copy
        desk.customers.update(customers.taken)
        desk.changed_customers |= changed
        self._wake(desk.customers[one] for one in changed)

    async def _say_what_is_unsaid(self) -> list[str]:
        """Payments first, as of them memberships know what counts."""
        said: list[str] = []
        for kind, say in ((PaymentCase, self._give), (SubscriptionCase, self._announce)):
            silent = sorted(self._silent)
            for first in range(0, len(silent), PAGE):
                work = await self._work(silent[first : first + PAGE])
                told = [
                    key for key, case in work.desk.cases.items() if isinstance(case, kind) and say(work, key)
                ]
                await self._save(work.desk, dict.fromkeys(told, Cause()), {})
                said += told
        self._touched.update(said)
        return said

    def _give(self, work: Work, key: str) -> bool:
        case = work.desk.cases[key]
        given = _given(work, key)
        if not isinstance(case, PaymentCase) or not given:
            return False
        for customer_id, what in given.items():
            customer = work.desk.customers.get(customer_id)
            if customer is not None:
                give(customer, NOTHING, what)
                work.desk.changed_customers.add(customer_id)
                self._woken |= {charge_key(case.provider, name) for name in (*what.charges, *what.lessened)}
                self._wake([customer])
        case.record.given = dict(given)
        return True

    def _announce(self, work: Work, key: str) -> bool:
        view = _announced(work, key)
        if view is None:
            return False
        customer = work.desk.customers[work.desk.cases[key].owner or ""]
        announced(customer, view)
        work.desk.changed_customers.add(customer.customer_id)
        self._wake([customer])
        return True

    async def _save(self, desk: Desk, causes: dict[str, Cause], due: dict[str, datetime | None]) -> None:
        for query, columns in pieces_of(desk, causes, due, pack=self._pack):
            await self._connection.execute(query, *columns)


def _given(work: Work, key: str) -> Mapping[str, Given]:
    """What a payment gives the plans of customers, where none of its decisions says so."""
    case = work.desk.cases[key]
    if not isinstance(case, PaymentCase) or case.record.given:
        return {}
    return payment_outcome(case.facts, case.record, work.world()).given


def _announced(work: Work, key: str) -> SubscriptionDecision | None:
    """What was announced of a membership, where its customer does not know of it."""
    case = work.desk.cases[key]
    customer = work.desk.customers.get(case.owner or "")
    if not isinstance(case, SubscriptionCase) or customer is None or key in customer.memberships:
        return None
    view = subscription_outcome(case.facts, case.record, work.world()).view
    return view if view is not None and view.began is not None else None


class _Copies(dict[str, CustomerRecord]):
    """Customers that are copied when they are looked at."""

    def __init__(self, customers: dict[str, CustomerRecord]) -> None:
        super().__init__(customers)
        self.taken: dict[str, CustomerRecord] = {}

    def __getitem__(self, key: str) -> CustomerRecord:
        if key not in self.taken:
            self.taken[key] = CustomerRecord.from_json(super().__getitem__(key).to_json())
        return self.taken[key]

    def get(self, key: str, default: Any = None) -> Any:
        return default if key not in self.keys() else self[key]
