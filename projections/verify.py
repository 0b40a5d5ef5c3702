"""Rebuilds a read model from the beginning of the log into scratch tables and compares it with what is live, byte for byte.

One snapshot shows the live rows, their checkpoint and the log, so both sides stand at the same position while traffic goes on.
Nothing is changed: the scratch tables are temporary and end with the transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eventstore.queries import load
from projections import build, rows
from projections.fold import fold_each, readable_keys
from projections.log import POSITION, read
from projections.projection import Projection
from projections.registry import BY_NAME
from projections.statements import PACKAGE, table_sql
from runtime.database import Connection, Pool
from schemas.errors import LunasError

SCRATCH = 0  # number of the scratch generation
COMPARE_SECONDS = 600.0  # per table; a comparison of millions of rows takes minutes and harms nobody
DIFFERENCES_MAX = 20  # per table; more say no more


@dataclass(frozen=True, slots=True)
class Verification:
    """Outcome for one projection: the rows compared at `position`, and how they differ, as sentences without personal data.

    `wrong`: what is not right although it is what the log says: a ledger that does not sum to zero, a grant without a payment.
    """

    name: str
    version: int
    position: int
    rows: int
    differences: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.differences and not self.wrong


async def verify(
    pool: Pool,
    name: str,
    *,
    projections: Mapping[str, Projection] = BY_NAME,
    rows_max: int = build.ROWS_IN_MEMORY,
) -> Verification:
    """Compares one read model with the log. Raises LunasError when it has no live generation."""
    projection = projections[name]
    async with pool.acquire() as connection:
        snapshot = connection.transaction(isolation="repeatable_read")
        await snapshot.start()
        try:
            live = await connection.fetchrow(_sql()["live"], name)
            if live is None:
                raise LunasError(f"{name} has no live generation")
            await _rebuild(connection, projection, live["position"], rows_max)
            return await _compare(connection, projection, live["version"], live["position"])
        finally:
            await snapshot.rollback()  # the scratch tables go with it


async def verify_all(pool: Pool) -> list[Verification]:
    """Every projection, one after the other."""
    return [await verify(pool, name) for name in BY_NAME]


async def _rebuild(connection: Connection, projection: Projection, position: int, rows_max: int) -> None:
    await connection.execute(_sql()["scratch"])
    for table in projection.tables:
        await connection.execute(table_sql(table.name, SCRATCH)["create"])
    built = await build.fold_log(connection, projection, until=position, rows_max=rows_max)
    await rows.copy(connection, projection, SCRATCH, built.state)
    waiting = {one.stream for one in built.parked}
    reached = built.position
    while (
        reached < position
    ):  # more rows than memory should hold: the rest as batches, the way live events are
        batch = await read(connection, reached, projection.types, build.BATCH_EVENTS)
        events = [row for row in batch.events if row[POSITION] <= position]
        keys = readable_keys(projection, events)
        state = await rows.load(connection, projection, SCRATCH, keys)
        fold_each(projection, state, events, waiting)
        await rows.write(connection, projection, SCRATCH, state)
        reached = min(batch.through, position)


async def _compare(
    connection: Connection, projection: Projection, version: int, position: int
) -> Verification:
    differences: list[str] = []
    wrong: list[str] = []
    compared = 0
    for table in projection.tables:
        statements = table_sql(table.name, version)
        for row in await connection.fetch(statements["compare"], DIFFERENCES_MAX, timeout=COMPARE_SECONDS):
            differences.append(_sentence(table.name, row["key"], row["live"], row["rebuilt"], table.columns))
        if "wrong" in statements:
            found = await connection.fetch(statements["wrong"], DIFFERENCES_MAX, timeout=COMPARE_SECONDS)
            wrong += [f"{table.name} {row['sentence']}" for row in found]
        compared += await connection.fetchval(statements["count"], timeout=COMPARE_SECONDS)
    return Verification(projection.name, version, position, compared, differences, wrong)


def _sentence(table: str, key: str, live: str | None, rebuilt: str | None, columns: tuple[str, ...]) -> str:
    if live is None:
        return f"{table} {key}: missing, the log has it"
    if rebuilt is None:
        return f"{table} {key}: there, the log does not have it"
    shown, expected = _fields(live), _fields(rebuilt)
    if len(shown) == len(expected) == len(columns):
        differing = [name for name, a, b in zip(columns, shown, expected, strict=True) if a != b]
        return f"{table} {key}: {', '.join(differing)} differ"
    return f"{table} {key}: differs"


def _fields(row: str) -> list[str]:
    """Columns of a row in PostgreSQL's composite form, `(a,"b,c",)`."""
    fields, quoted, current = [], False, ""
    for character in row[1:-1]:
        if character == '"':
            quoted = not quoted
        if character == "," and not quoted:
            fields.append(current)
            current = ""
        else:
            current += character
    return [*fields, current]


def _sql() -> dict[str, str]:
    return load("verify.sql", PACKAGE)
