"""Cases and customers built anew from the log, beside the live ones: to put them right (`switch`), or to see that they are (`verify`).

The tables to build in are temporary ones that hide the live ones on one connection, so everything reads and writes as it always does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from eventstore import checkpoints
from eventstore.append import log_transaction
from eventstore.read import read_page
from processor.cases.case import PaymentCase, SubscriptionCase
from processor.cases.customer import CustomerRecord
from processor.cases.state import State
from processor.fulfilment.building import DECISION_TYPES, PAGE, Building, BuiltCases
from processor.fulfilment.desk import SQL
from runtime.database import Connection, is_there
from runtime.faults import fault_point

BESIDE = ("beside_cases", "beside_aliases", "beside_waits", "beside_customers")
SWITCH = ("switch_cases", "switch_aliases", "switch_waits", "switch_customers")


async def verify(connection: Connection, consumer: str, *, create_unknown: bool = False) -> BuiltCases:
    """Build, and compare with the live tables as they are at the same position. Nothing is changed.

    Most of it is built before the look at the live tables: within one transaction every version of a customer's row would be kept, and walked over.
    """
    async with _beside(connection):
        building = Building(connection, consumer, create_unknown=create_unknown)
        await building.most(await checkpoints.read(connection, consumer))
        async with connection.transaction(isolation="repeatable_read"):
            # Whoever took the checkpoint back meanwhile has not taken anything out of the tables.
            built = await building.rest(await checkpoints.read(connection, consumer))
            built.differences = await _differences(connection, building.following.now)
    return built


async def rebuild(
    connection: Connection, consumer: str, *, create_unknown: bool = False, pack: bool = False
) -> BuiltCases:
    """Build, and put what was built in the place of the live tables; whoever worked on the old ones reads again.

    Most of it is built while everything goes on; what came meanwhile, and the switch, hold the log's lock. `pack`: as settings say that cases are stored.
    """
    async with _beside(connection):
        building = Building(connection, consumer, create_unknown=create_unknown, pack=pack)
        await building.most(await _through(connection, await checkpoints.start(connection, consumer)))
        await building.count()
        async with log_transaction(connection):
            position = await checkpoints.read(connection, consumer)
            built = await building.rest(await _through(connection, position))
            for name in SWITCH:
                await connection.execute(SQL[name])
            await connection.execute(SQL["fence"], consumer, built.position, position)
            fault_point("cases.exchanging")
        fault_point("cases.exchanged")
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


async def _differences(connection: Connection, now: datetime) -> list[str]:
    """In words, by key. Rows are read as a round reads them: what an earlier program stored means the same."""
    missing, lost, other = [], [], []
    async for row in connection.cursor(SQL["side_by_side"], prefetch=PAGE):
        key, state = row["key"], _KINDS[row["kind"]]
        if row["built"] is None:
            missing.append(f"{key}: not in the log")
        elif row["live"] is None:
            lost.append(f"{key}: not in the tables")
        elif names := _differing(state.from_json(row["live"]), state.from_json(row["built"]), now):
            other.append(f"{key}: {', '.join(names)}")
    return [*sorted(missing), *sorted(lost), *sorted(other)]


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
