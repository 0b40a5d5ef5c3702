"""Rows of one generation between memory and PostgreSQL: one SELECT and one upsert, or one merge, per table and batch, COPY for a first build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from operator import is_
from typing import Any

from eventstore.queries import Piece
from projections.projection import Projection, State
from projections.statements import table_sql
from runtime.database import Connection

Loaded = Mapping[Any, tuple[Any, ...]]
"""Values of rows as they were read, by their keys."""


async def load(connection: Connection, projection: Projection, version: int, keys: Iterable[Any]) -> State:
    """A state with the rows of these keys, as far as they exist; empty when the folds need to see none."""
    state = projection.new_state()
    if not projection.loaded:
        return state
    table = projection.tables[0]
    wanted = sorted(keys)
    if not wanted:
        return state
    columns = [wanted] if len(table.key) == 1 else list(zip(*wanted, strict=True))
    rows: dict[Any, Any] = getattr(state, table.name)
    for record in await connection.fetch(table_sql(table.name, version)["load"], *columns):
        row = table.row(*record)
        rows[table.key_of(row)] = row
    return state


def values_of(projection: Projection, state: State) -> Loaded:
    """Rows of the first table as they are now, for `upserts` to know which are there and which were not changed since."""
    table = projection.tables[0]
    return {key: table.values(row) for key, row in getattr(state, table.name).items()}


def upserts(projection: Projection, version: int, state: State, loaded: Loaded | None = None) -> list[Piece]:
    """What writes every row of a state that is not as it was `loaded`: one upsert per table that has any.

    Rows that were looked for and not found are added by a statement of their own where a table has one, as nobody else writes while our checkpoint stands.
    """
    pieces: list[Piece] = []
    for table in projection.tables:
        written = {key: table.values(row) for key, row in getattr(state, table.name).items()}
        sql = table_sql(table.name, version)
        if loaded is not None and table is projection.tables[0]:
            written = {key: values for key, values in written.items() if loaded.get(key) != values}
            if projection.loaded and "add" in sql:
                pieces += _written(
                    sql["add"], [values for key, values in written.items() if key not in loaded]
                )
                written = {key: values for key, values in written.items() if key in loaded}
        pieces += _written(sql["upsert"], list(written.values()))
    return pieces + _forgets(projection, version, state)


def _written(statement: str, rows: Sequence[tuple[Any, ...]]) -> list[Piece]:
    return [(statement, tuple(zip(*rows, strict=True)))] if rows else []


def merges(projection: Projection, version: int, state: State) -> list[Piece]:
    """What adds the rows of a state that was folded from nothing to those that are there."""
    pieces: list[Piece] = []
    for table in projection.tables:
        rows: dict[Any, Any] = getattr(state, table.name)
        if rows:
            columns = zip(*map(table.values, rows.values()), strict=True)
            # Turning values into the protocol's form is most of the client's part of a write, and most columns hold nothing.
            sent = tuple(
                () if all(map(is_, column, repeat(untouched))) else column
                for column, untouched in zip(columns, table.untouched, strict=True)
            )
            pieces.append((table_sql(table.name, version)["merge"], sent))
    return pieces


def _forgets(projection: Projection, version: int, state: State) -> list[Piece]:
    """What empties rows that are not in the state of what is personal in them."""
    first = projection.tables[0]
    elsewhere = sorted(getattr(state, "forgotten", set()) - getattr(state, first.name).keys())
    return [(table_sql(first.name, version)["forget"], (elsewhere,))] if elsewhere else []


async def write(connection: Connection, projection: Projection, version: int, state: State) -> None:
    """Upserts every row of a state, inside the caller's transaction."""
    for statement, arguments in upserts(projection, version, state):
        await connection.execute(statement, *arguments)


async def copy(connection: Connection, projection: Projection, version: int, state: State) -> None:
    """Writes every row of a state into empty tables."""
    for table in projection.tables:
        rows: dict[Any, Any] = getattr(state, table.name)
        if rows:
            await connection.copy_records_to_table(
                table.physical(version), columns=table.columns, records=map(table.values, rows.values())
            )


def size(projection: Projection, state: State) -> int:
    """Rows in memory."""
    return sum(len(getattr(state, table.name)) for table in projection.tables)
