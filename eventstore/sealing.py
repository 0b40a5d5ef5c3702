"""Seals of the log in the database: made, read, and compared with what is stored now."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import asyncpg
import orjson

from eventstore.queries import load
from eventstore.seals import BEGINNING, Seal, event_texts, leaf, packed, root, unpacked
from runtime.database import Connection

_SQL = load("seals.sql")
_PROOFS = load("proofs.sql")

RECEIVED = "webhook.received"
"""Events of this type name the digest of a delivery's bytes, which makes those part of what is sealed."""

Wrong = Literal["changed", "missing", "added", "seal", "body", "published", "unknown_seal"]


@dataclass(frozen=True, slots=True)
class SealFinding:
    """Something that is not as it was sealed.

    `what`: an event was changed, is missing, or was added; a seal does not fit itself or the one before; the bytes of a delivery are
    not those that the log names; a seal differs from the published one, or is published and not here. `position` of the event,
    `seal` its number, `detail` the type and stream, or the id of the delivery.
    """

    what: Wrong
    seal: int
    position: int | None = None
    detail: str = ""


@dataclass(slots=True)
class LogCheck:
    """How far a verification has come: seals and events compared, what was wrong, bytes of deliveries that are no longer kept."""

    seals: int = 0
    events: int = 0
    bodies: int = 0
    bodies_gone: int = 0
    through: int = 0
    last: Seal | None = None
    findings: list[SealFinding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SealCover:
    """A seal with what it is made of: position and hash of each of its events, in order."""

    seal: Seal
    positions: Sequence[int]
    leaves: Sequence[bytes]


async def seal_next(connection: Connection, events_max: int) -> Seal | None:
    """Seals up to `events_max` events behind the newest seal; None when there are none, or somebody else sealed them meanwhile.

    Positions follow the order of commits (docs/adr/0001), so what is behind the newest seal comes whole and does not change.
    """
    newest = await newest_seal(connection)
    number, after, previous = (
        (1, 0, BEGINNING) if newest is None else (newest.number + 1, newest.through, newest.hash)
    )
    rows = await connection.fetch(_SQL["leaves"], after, events_max)
    if not rows:
        return None
    leaves = [(row["position"], row["leaf"]) for row in rows]
    tree = root([each for _, each in leaves])
    now = await connection.fetchval(_SQL["now"])
    seal = Seal(number, after, leaves[-1][0], len(leaves), tree, previous, now)
    kept = await connection.fetchval(
        _SQL["add"], number, after, seal.through, seal.events, tree, previous, now, packed(after, leaves)
    )
    return None if kept is None else seal


async def newest_seal(connection: Connection) -> Seal | None:
    """The last seal; None before the first."""
    row = await connection.fetchrow(_SQL["newest"])
    return None if row is None else _seal(row)


async def recent_seals(connection: Connection, limit: int) -> list[Seal]:
    """The newest seals, newest first."""
    return [_seal(row) for row in await connection.fetch(_PROOFS["recent"], limit)]


async def seals_behind(connection: Connection, number: int, limit: int) -> list[Seal]:
    """Seals behind a number, in order."""
    return [_seal(row) for row in await connection.fetch(_SQL["behind"], number, limit)]


async def seal_covering(connection: Connection, position: int) -> SealCover | None:
    """The seal over a position, with its hashes; None when it is not sealed yet."""
    row = await connection.fetchrow(_PROOFS["covering"], position)
    if row is None:
        return None
    entries = list(unpacked(row["after"], row["leaves"]))
    return SealCover(_seal(row), [each for each, _ in entries], [each for _, each in entries])


async def covers(
    connection: Connection, first: int, before: int
) -> AsyncGenerator[tuple[Seal, dict[int, bytes], list[dict[str, str]]]]:
    """Every seal over positions from `first` to below `before`, in order: with the hashes of all that it covers, and the texts of its events in that range."""
    number = await connection.fetchval(_PROOFS["first_reaching"], first)
    while number is not None:
        row = await connection.fetchrow(_PROOFS["next_whole"], number - 1)
        if row is None or row["after"] >= before - 1:
            return
        seal, hashes = _seal(row), dict(unpacked(row["after"], row["leaves"]))
        span = max(seal.after, first - 1), min(seal.through, before - 1)
        rows = await connection.fetch(_PROOFS["rows"], *span)
        yield seal, hashes, [event_texts(dict(each)) for each in rows]
        number = seal.number + 1


async def stored_rows(connection: Connection, positions: Iterable[int]) -> list[asyncpg.Record]:
    """Events at some positions in order, with every column that is sealed."""
    rows: list[asyncpg.Record] = await connection.fetch(_PROOFS["rows_at"], list(positions))
    return rows


async def stored_bodies(connection: Connection, deliveries: Sequence[uuid.UUID]) -> list[asyncpg.Record]:
    """delivery_id, the position at which it was taken in, and its bytes."""
    rows: list[asyncpg.Record] = await connection.fetch(_PROOFS["of_deliveries"], list(deliveries))
    return rows


async def unsealed(connection: Connection) -> tuple[int, float]:
    """Positions that no seal covers yet, and seconds since the oldest event there was written."""
    newest = await newest_seal(connection)
    through = 0 if newest is None else newest.through
    (row,) = await connection.fetch(_SQL["unsealed"], through)
    return max(row["events"], 0), row["seconds"] or 0.0


async def verify_log(
    connection: Connection, published: Mapping[int, str], *, bodies: bool = True
) -> AsyncGenerator[LogCheck]:
    """Compares seal after seal with what is stored, the same object again after each.

    Hashes are made here from the stored columns, not by the statement that sealed them. `published`: hashes in hex by number, from
    outside of this database.
    """
    so_far = LogCheck()
    previous, number, after = BEGINNING, 0, 0
    while (row := await connection.fetchrow(_PROOFS["next_whole"], number)) is not None:
        seal = _seal(row)
        findings = so_far.findings
        if (seal.number, seal.after, seal.previous) != (number + 1, after, previous):
            findings.append(SealFinding("seal", seal.number, detail="does not follow the one before"))
        elif published.get(seal.number, seal.hash.hex()) != seal.hash.hex():
            findings.append(SealFinding("published", seal.number, detail=published[seal.number]))
        entries = list(unpacked(seal.after, row["leaves"]))
        if root([each for _, each in entries]) != seal.root or entries[-1][0] != seal.through:
            findings.append(SealFinding("seal", seal.number, detail="its hashes do not make its root"))
        rows = await connection.fetch(_PROOFS["rows"], seal.after, seal.through)
        findings += compared(seal.number, dict(entries), rows)
        if bodies:
            await _compare_bodies(connection, seal.number, rows, so_far)
        number, after, previous = seal.number, seal.through, seal.hash
        so_far.seals, so_far.events = so_far.seals + 1, so_far.events + len(rows)
        so_far.through, so_far.last = seal.through, seal
        yield so_far
    so_far.findings += [SealFinding("unknown_seal", each) for each in sorted(published) if each > number]
    yield so_far


def compared(seal: int, sealed: Mapping[int, bytes], rows: Iterable[asyncpg.Record]) -> list[SealFinding]:
    """Events of one seal's range against their hashes by position."""
    left, findings = dict(sealed), []
    for row in rows:
        was, position = left.pop(row["position"], None), row["position"]
        if was != leaf(event_texts(dict(row))):
            named = f"{row['type']} {row['stream']}"
            findings.append(SealFinding("added" if was is None else "changed", seal, position, named))
    return findings + [SealFinding("missing", seal, position) for position in left]


async def _compare_bodies(
    connection: Connection, seal: int, rows: Sequence[asyncpg.Record], so_far: LogCheck
) -> None:
    """Bytes that are not kept any more are counted, not found fault with: the log still says their digest."""
    named = {}
    for row in rows:
        if row["type"] == RECEIVED:
            data = orjson.loads(row["data"])
            named[data["delivery_id"]] = (data["body_sha256"], row["position"])
    if not named:
        return
    stored = await connection.fetch(_PROOFS["bodies"], [uuid.UUID(each) for each in named])
    so_far.bodies += len(stored)
    so_far.bodies_gone += len(named) - len(stored)
    for body in stored:
        digest, position = named[body["delivery_id"]]
        if body["digest"].hex() != digest:
            so_far.findings.append(SealFinding("body", seal, position, body["delivery_id"]))


def _seal(row: asyncpg.Record) -> Seal:
    names = ("number", "after", "through", "events", "root", "previous", "sealed_at")
    return Seal(*(row[name] for name in names))
