"""Reads changes: events of the log that the read models show already, with the rows they touched as these are now."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from api.catalogue import CatalogueInForce
from api.changes.touched import NAMES, TYPES, Touched, touched
from api.reads import shapes
from eventstore.queries import load
from eventstore.read import head
from projections.decoding import decode_all
from projections.log import read
from runtime.database import Connection, Pool
from schemas.vocabulary import ChangeKind

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings

PAGE_EVENTS = 500


class RowChange(NamedTuple):
    """One row as it is now. `last`: no other change belongs to this position; only then a reader may go on behind it."""

    position: int
    kind: ChangeKind
    key: str
    customer_id: str | None
    document: bytes
    last: bool

    @property
    def owner(self) -> str:
        """Within whose changes the order is kept: the customer's; where there is none, of this one row."""
        return self.customer_id or self.key


class Changes(NamedTuple):
    """Changes in the order of the log. Everything up to `through` is among them, or was before them; `head` is where the log ends."""

    items: list[RowChange]
    through: int
    head: int


class ChangeSource:
    """Pages of changes over one pool."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._acquire_seconds = settings.database_acquire_timeout_seconds
        self._catalogue = CatalogueInForce(pool, settings.catalog)
        self._sql = load("changes.sql", "api")

    async def reached(self) -> tuple[int, int]:
        """Up to where changes can be told, and the head of the log."""
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
            return await self._reached(connection), await head(connection)

    async def after(self, position: int, events: int = PAGE_EVENTS) -> Changes:
        """The next page behind a position. A row that several of its events touched is told once, at the last of them."""
        first_tier = (await self._catalogue.get()).first_tier
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
            reached = await self._reached(connection)
            if reached <= position:
                return Changes([], position, await head(connection))
            batch = await read(connection, position, TYPES, events, reached)
            rows = touched(decode_all(batch.events))
            documents: dict[tuple[ChangeKind, Any], tuple[str | None, dict[str, object]]] = {}
            for kind in {one.kind for one in rows}:
                keys = [one.key for one in rows if one.kind == kind]
                documents |= await self._documents(connection, kind, keys, first_tier)
        return Changes(_changes(rows, documents), batch.through, batch.head)

    async def _reached(self, connection: Connection) -> int:
        reached: int | None = await connection.fetchval(self._sql["reached"], NAMES)
        return reached or 0

    async def _documents(
        self, connection: Connection, kind: ChangeKind, keys: Sequence[Any], first_tier: str
    ) -> dict[tuple[ChangeKind, Any], tuple[str | None, dict[str, object]]]:
        """Customer and document by kind and key. A record that was merged into another one has none."""
        if kind == "enrollment":
            customers, courses = zip(*keys, strict=True)
            found = await connection.fetch(self._sql[kind], customers, courses)
            return {
                (kind, (row["customer_id"], row["course"])): (row["customer_id"], shapes.enrollment(row))
                for row in found
            }
        found = await connection.fetch(self._sql[kind], keys)
        return {(kind, row["key"]): _document(kind, row, first_tier) for row in found}


def _document(kind: ChangeKind, row: asyncpg.Record, first_tier: str) -> tuple[str | None, dict[str, object]]:
    if kind == "balance":
        return row["key"], shapes.amounts(row["key"], row, first_tier)
    if kind == "payment":
        return row["customer_id"], shapes.payment(row)
    if kind == "subscription":
        return row["customer_id"], shapes.subscription(row)
    held = {name: row[name] for name in ("status", "resolution", "released_at")}
    return row["customer_id"], shapes.suspense(row) | held


def _changes(
    rows: Sequence[Touched], documents: dict[tuple[ChangeKind, Any], tuple[str | None, dict[str, object]]]
) -> list[RowChange]:
    found: list[RowChange] = []
    # A payment that was merged into another one is told as that one; of anything else it is told that it is gone.
    shown = [one for one in rows if one.kind != "payment" or (one.kind, one.key) in documents]
    for position, group in groupby(shown, key=attrgetter("position")):
        together = list(group)
        for number, one in enumerate(together, start=1):
            customer_id, document = documents.get((one.kind, one.key), (one.customer_id, None))
            key: str = one.key[1] if isinstance(one.key, tuple) else one.key
            told = {
                "kind": one.kind,
                "position": position,
                "customer_id": customer_id,
                "key": key,
                "data": document,
            }
            encoded = orjson.dumps(told, option=orjson.OPT_UTC_Z)
            found.append(
                RowChange(position, one.kind, key, customer_id, encoded, last=number == len(together))
            )
    return found
