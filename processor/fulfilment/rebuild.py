"""Cases and customers built anew from the log, beside the live ones: to put them right (`switch`), or to see that they are (`verify`).

The tables to build in are temporary ones that hide the live ones on one connection, so everything reads and writes as it always does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from eventstore import checkpoints
from eventstore.append import log_transaction
from eventstore.read import read_page
from processor.cases.case import PaymentCase, SubscriptionCase
from processor.cases.customer import CustomerRecord
from processor.cases.recording import announced, give
from processor.cases.state import State
from processor.fulfilment.desk import SQL, Cause, Desk, pieces_of
from processor.fulfilment.following import Following
from processor.fulfilment.work import FACT_TYPES, Work, load_answers
from processor.policies.deciding import decide
from processor.policies.payment import payment_outcome
from processor.policies.subscription import subscription_outcome
from runtime.database import Connection, is_there
from schemas.decision_model import NOTHING
from schemas.decisions import DECISIONS

DECISION_TYPES = [model.TYPE for model in DECISIONS]
TYPES = sorted({*FACT_TYPES, *DECISION_TYPES})
PAGE = 500  # events or cases at a time
BESIDE = ("beside_cases", "beside_aliases", "beside_waits", "beside_customers")
SWITCH = ("switch_cases", "switch_aliases", "switch_waits", "switch_customers")


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


async def verify(connection: Connection, consumer: str, *, create_unknown: bool = False) -> BuiltCases:
    """Build, and compare with the live tables as they are at the same position. Nothing is changed."""
    async with _beside(connection), connection.transaction(isolation="repeatable_read"):
        following = Following(await connection.fetchval(SQL["now"]))
        built = BuiltCases(await checkpoints.read(connection, consumer))
        await _fold(connection, following, 0, built.position)
        await _fold_overtaken(connection, following, built.position)
        await _finish(connection, following, built, create_unknown=create_unknown)
        live = await _states(connection, "live_states")
        anew = await _states(connection, "built_states")
    missing = [f"{key}: not in the log" for key in sorted(live.keys() - anew.keys())]
    lost = [f"{key}: not in the tables" for key in sorted(anew.keys() - live.keys())]
    other = [
        f"{key}: {', '.join(names)}"
        for key in sorted(live.keys() & anew.keys())
        if (names := _differing(live[key], anew[key], following.now))
    ]
    built.differences = [*missing, *lost, *other]
    return built


async def rebuild(
    connection: Connection, consumer: str, *, create_unknown: bool = False, pack: bool = False
) -> BuiltCases:
    """Build, and put what was built in the place of the live tables; whoever worked on the old ones reads again.

    Most of the log is folded while everything goes on; the rest of it and the switch hold the log's lock. `pack`: as settings say that cases are stored.
    """
    async with _beside(connection):
        following = Following(await connection.fetchval(SQL["now"]))
        done = await _through(connection, await checkpoints.start(connection, consumer))
        await _fold(connection, following, 0, done)
        async with log_transaction(connection):
            position = await checkpoints.read(connection, consumer)
            built = BuiltCases(await _through(connection, position))
            await _fold(connection, following, done, built.position)
            await _fold_overtaken(connection, following, built.position)
            await _finish(connection, following, built, create_unknown=create_unknown, pack=pack)
            for name in SWITCH:
                await connection.execute(SQL[name])
            await connection.execute(SQL["fence"], consumer, built.position, position)
    return built


@asynccontextmanager
async def _beside(connection: Connection) -> AsyncIterator[None]:
    """Tables to build in."""
    for name in BESIDE:
        await connection.execute(SQL[name])
    # Statements that are prepared already would still mean the live tables.
    await connection.reload_schema_state()
    try:
        yield
    finally:
        # With the session its tables are gone too; what ended it is what is to be told.
        if is_there(connection):
            if not connection.is_in_transaction():
                await connection.execute(SQL["away"])
            await connection.reload_schema_state()


async def _through(connection: Connection, position: int) -> int:
    """The checkpoint; when that was reset, the newest decision: what lies behind it is still to be decided."""
    if position:
        return position
    while page := (await read_page(connection, position, DECISION_TYPES, PAGE)).events:
        position = page[-1].position
    return position


async def _fold(connection: Connection, following: Following, position: int, through: int) -> None:
    while position < through:
        page = await read_page(connection, position, TYPES, PAGE)
        events = [event for event in page.events if event.position <= through]
        if events:
            desk = await following.page(connection, events)
            await _save(connection, desk, dict(desk.dirty), {})
        position = page.through


async def _fold_overtaken(connection: Connection, following: Following, position: int) -> None:
    """Decisions behind the checkpoint: where something came into the log between what a round read and what it decided, they lie there until the next
    round. The live tables hold them; without them a rebuild would decide, and grant, once more. The facts between them are for that next round."""
    while decisions := (await read_page(connection, position, DECISION_TYPES, PAGE)).events:
        desk = await following.page(connection, decisions)
        await _save(connection, desk, dict(desk.dirty), {})
        position = decisions[-1].position


async def _finish(
    connection: Connection,
    following: Following,
    built: BuiltCases,
    *,
    create_unknown: bool,
    pack: bool = False,
) -> None:
    """What cases wait for and when they are due; and what decisions of earlier programs did not say of the plans of customers."""
    work = Work(Desk(), following.now, following.catalog, create_unknown, {})
    for kinds, finish in (
        (["payment"], _given),
        (["subscription"], _announced),
        (["subscription", "payment"], _decided),
    ):
        after = ""
        while keys := [
            row["case_key"] for row in await connection.fetch(SQL["case_keys"], after, kinds, PAGE)
        ]:
            work.desk = Desk()
            await work.desk.load_cases(connection, keys)
            causes = dict.fromkeys(keys, Cause())
            await load_answers(connection, work, causes)
            for key in keys:
                finish(work, key, built)
            await _save(connection, work.desk, causes, work.due, pack=pack)
            after = keys[-1]
    built.cases = await connection.fetchval(SQL["built_cases"])
    built.customers = await connection.fetchval(SQL["built_customers"])


def _given(work: Work, key: str, built: BuiltCases) -> None:
    case = work.desk.cases[key]
    if not isinstance(case, PaymentCase) or case.record.given:
        return
    outcome = payment_outcome(case.facts, case.record, work.world())
    for customer_id, given in outcome.given.items():
        customer = work.desk.customers.get(customer_id)
        if customer is not None:
            give(customer, NOTHING, given)
            work.desk.changed_customers.add(customer_id)
            built.unsaid.append(key)
    case.record.given = dict(outcome.given)


def _announced(work: Work, key: str, built: BuiltCases) -> None:
    case = work.desk.cases[key]
    customer = work.desk.customers.get(case.owner or "")
    if not isinstance(case, SubscriptionCase) or customer is None or key in customer.memberships:
        return
    view = subscription_outcome(case.facts, case.record, work.world()).view
    if view is not None and view.began is not None:
        announced(customer, view)
        work.desk.changed_customers.add(customer.customer_id)
        built.unsaid.append(key)


def _decided(work: Work, key: str, built: BuiltCases) -> None:
    """Decide once more, on copies: what says nothing is as it should be; anything else is for the next round."""
    desk, case = work.desk, work.desk.cases[key]
    copy, customers = type(case).from_json(case.to_json()), _Copies(desk.customers)
    step = decide(copy, replace(work.world(), customers=customers), customers)
    desk.waits[key] = step.waits
    work.due[key] = step.due_at
    if step.decisions:
        built.undecided.append(key)
        work.due[key] = work.now
        return
    desk.cases[key] = copy
    desk.customers.update(customers.taken)
    desk.changed_customers |= customers.taken.keys()


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


async def _save(
    connection: Connection,
    desk: Desk,
    causes: dict[str, Cause],
    due: dict[str, datetime | None],
    *,
    pack: bool = False,
) -> None:
    for query, columns in pieces_of(desk, causes, due, pack=pack):
        await connection.execute(query, *columns)


async def _states(connection: Connection, name: str) -> dict[str, State]:
    """Read as a round reads them: what an earlier program stored means the same."""
    rows = await connection.fetch(SQL[name])
    return {row["key"]: _KINDS[row["kind"]].from_json(row["state"]) for row in rows}


_KINDS: dict[str, type[State]] = {
    "payment": PaymentCase,
    "subscription": SubscriptionCase,
    "customer": CustomerRecord,
}


def _differing(one: State, two: State, now: datetime) -> list[str]:
    """Names of the fields that differ."""
    mine, other = _compared(one, now), _compared(two, now)
    return sorted(name for name in mine.keys() | other.keys() if mine.get(name) != other.get(name))


def _compared(state: State, now: datetime) -> dict[str, object]:
    """Fields by name. What an operator was told the log does not tell, and what is over lifts nobody any more."""
    fields: dict[str, object] = {}
    for name in state.__struct_fields__:
        value = getattr(state, name)
        if name in ("facts", "record"):
            fields |= {f"{name}.{inside}": one for inside, one in _compared(value, now).items()}
        elif name == "plans":
            fields[name] = {
                key: plan for key, plan in value.items() if plan.until is None or plan.until > now
            }
        elif name != "told":
            fields[name] = value
    return fields
