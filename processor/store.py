"""One transaction per batch: dedupe, deliveries, facts, dead letters. Either all of it is committed or nothing.

Order of locks: the log, then inbox, then streams and events (docs/adr/0001). Deliveries that are stored already are skipped whole, so a
redelivery after a crash writes nothing.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import asyncpg
import orjson

from eventstore.append import NewEvent, append, log_transaction
from eventstore.queries import in_one_statement, load
from processor.columns import (
    delivery_columns,
    inbox_columns,
    letter_columns,
    resolved_columns,
    stranger_columns,
)
from processor.intake import Interpreter, Prepared
from processor.letters import Letter, letter_of
from processor.verdicts import Held, Key, Verdict, firsts, judge, key_of
from runtime.database import CONNECTION_ERRORS, Connection, Pool
from runtime.faults import fault_point
from runtime.ids import uuid7
from schemas.envelope import Envelope
from schemas.facts import WebhookConflicted, WebhookReceived

ALIVE_SECONDS = 2.0  # a database that takes longer for nothing at all is as good as away
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SQL = load("intake.sql", "processor")
_RECORD = in_one_statement((("recorded", _SQL["record"]), ("resolved", _SQL["resolve"])), _SQL["recorded"])


@dataclass(frozen=True, slots=True)
class Stored:
    """One delivery that is now in the store; `processing_ms` from its start to the commit, by the database's clock."""

    verdict: Verdict
    processing_ms: int


@dataclass(frozen=True, slots=True)
class Store:
    """Writes batches. `acquire_timeout` (seconds) bounds the wait for a pooled connection."""

    pool: Pool
    interpreter: Interpreter
    quarantine_rows: int
    acquire_timeout: float

    async def store(self, batch: Sequence[Prepared]) -> list[Stored]:
        """Store what is new of the batch and return it; nothing for what was stored before.

        Raises the database's error; then nothing of the batch is written.
        """
        async with self.pool.acquire(timeout=self.acquire_timeout) as connection:
            async with log_transaction(connection):
                stored = await self._store(connection, batch)
                fault_point("intake.before_commit")
            fault_point("intake.after_commit")
            return stored

    async def park(self, letters: Sequence[Letter]) -> None:
        """Add dead letters that are no deliveries, because they cannot be read or stored as one."""
        async with self.pool.acquire(timeout=self.acquire_timeout) as connection:
            await park(connection, letters)

    async def alive(self) -> bool:
        """Whether the database answers."""
        try:
            async with asyncio.timeout(ALIVE_SECONDS), self.pool.acquire() as connection:
                await connection.execute("SELECT 1")
        except (*CONNECTION_ERRORS, asyncpg.PostgresError):
            return False
        return True

    async def _store(self, connection: Connection, batch: Sequence[Prepared]) -> list[Stored]:
        fresh, new = await _take_in(connection, batch)
        if not fresh:
            return []
        verdicts = judge(fresh, await self._held(connection, fresh, new))
        positions = await _append(connection, verdicts)
        await _park_letters(connection, verdicts)
        rows = await connection.fetch(
            _RECORD, *delivery_columns(verdicts, positions), *resolved_columns(verdicts)
        )
        milliseconds = {row["delivery_id"]: row["processing_ms"] for row in rows}
        await self._remember(connection, verdicts)
        return [Stored(verdict, milliseconds[verdict.prepared.delivery_id]) for verdict in verdicts]

    async def _held(
        self, connection: Connection, fresh: Sequence[Prepared], new: set[uuid.UUID]
    ) -> dict[Key, Held]:
        """What the inbox held before for the keys that are not of the `new` deliveries."""
        wanted = firsts(fresh)
        old = [key for key, prepared in wanted.items() if prepared.delivery_id not in new]
        if not old:
            return {}
        rows = await connection.fetch(
            _SQL["first_seen"], [provider for provider, _ in old], [dedupe_key for _, dedupe_key in old]
        )
        held = {
            (row["provider"], row["dedupe_key"]): Held(
                row["delivery_id"], row["content_digest"], row["effects"]
            )
            for row in rows
        }
        return {key: await self._today(connection, wanted[key], before) for key, before in held.items()}

    async def _today(self, connection: Connection, prepared: Prepared, before: Held) -> Held:
        """The first delivery's digest as today's translator sees it, when the stored one differs.

        A digest is kept for ever, translators change: only two deliveries read by the same translator can contradict each other.
        """
        if before.content_digest == prepared.content_digest:
            return before
        row = await connection.fetchrow(_SQL["first_delivery"], before.delivery_id)
        if row is None:
            return before
        first = self.interpreter.prepare(stored_envelope(row))
        if first.body_sha256 == prepared.body_sha256:
            return replace(before, content_digest=prepared.content_digest)
        if key_of(first) == key_of(prepared):
            return replace(before, content_digest=first.content_digest)
        return before

    async def _remember(self, connection: Connection, verdicts: Sequence[Verdict]) -> None:
        """What few deliveries ask for: keys understood later than their first delivery, quarantine."""
        for verdict in verdicts:
            if verdict.learned and (key := key_of(verdict.prepared)) is not None:
                await connection.execute(_SQL["learned"], *key, len(verdict.facts))
        strangers = [verdict for verdict in verdicts if verdict.status == "quarantined"]
        if strangers:
            await connection.execute(_SQL["quarantine"], *stranger_columns(strangers))
            await connection.execute(_SQL["trim_quarantine"], self.quarantine_rows)


async def _park_letters(connection: Connection, verdicts: Sequence[Verdict]) -> None:
    """Before the letters of what went through are closed: of the same bytes, what went through wins."""
    await park(connection, [letter_of(verdict) for verdict in verdicts if verdict.letter is not None])


async def park(connection: Connection, letters: Sequence[Letter]) -> None:
    """Add dead letters, or count them on the open letter with the same bytes."""
    if letters:
        await connection.execute(_SQL["park"], *letter_columns(letters))


def stored_envelope(row: asyncpg.Record) -> Envelope:
    """A row of `deliveries` as the envelope that it came in."""
    return Envelope(
        delivery_id=str(row["delivery_id"]),
        provider=row["provider"],
        received_at=(row["received_at"] - EPOCH) // timedelta(microseconds=1),
        scheme=row["scheme"],
        secret_id=row["secret_id"],
        path=row["path"],
        body=row["body"],
        headers=orjson.loads(row["headers"]),
    )


async def _take_in(
    connection: Connection, batch: Sequence[Prepared]
) -> tuple[list[Prepared], set[uuid.UUID]]:
    """The deliveries that are not stored yet, each once, and which of them were the first of their key.

    A publish that was repeated brings the same delivery in two messages; after a crash the broker delivers again what was stored.
    """
    each = {prepared.delivery_id: prepared for prepared in batch}
    while each:
        columns = inbox_columns(firsts(each.values()))
        rows = await connection.fetch(_SQL["take_in"], *columns, list(each))
        known = [row["delivery_id"] for row in rows if row["known"]]
        if not known:
            return list(each.values()), {row["delivery_id"] for row in rows}
        for delivery_id in known:
            del each[delivery_id]
    return [], set()


async def _append(connection: Connection, verdicts: Sequence[Verdict]) -> list[int]:
    """Append every delivery's events; the position of each delivery's `webhook.received`."""
    events: list[NewEvent] = []
    offsets: list[int] = []
    for verdict in verdicts:
        offsets.append(len(events))
        events.extend(_events(verdict))
    appended = await append(connection, events)
    return [appended.first + offset for offset in offsets]


def _events(verdict: Verdict) -> list[NewEvent]:
    """What is appended for one delivery: that it came, what it says, or that it contradicts an earlier one."""
    prepared, envelope = verdict.prepared, verdict.prepared.envelope
    received_id = uuid7()
    correlation = envelope.replay_of or envelope.delivery_id
    metadata = {
        "correlation_id": correlation,
        "causation_id": correlation,
        "delivery_id": envelope.delivery_id,
    }
    if envelope.actor is not None:
        metadata["actor"] = envelope.actor
    caused = metadata | {"causation_id": str(received_id)}
    stream = f"webhook-{envelope.provider}-{prepared.received_at:%Y-%m-%d}"
    events = [NewEvent(stream, _received(verdict), metadata, received_id)]
    events += [NewEvent(fact.stream, fact.event, caused) for fact in verdict.facts]
    if verdict.status == "conflict" and prepared.translation is not None:
        conflicted = WebhookConflicted(
            provider=envelope.provider,
            delivery_id=envelope.delivery_id,
            dedupe_key=prepared.translation.dedupe_key,
            first_delivery_id=str(verdict.duplicate_of),
        )
        events.append(NewEvent(stream, conflicted, caused))
    return events


def _received(verdict: Verdict) -> WebhookReceived:
    prepared, envelope = verdict.prepared, verdict.prepared.envelope
    translation = prepared.translation
    return WebhookReceived(
        provider=envelope.provider,
        delivery_id=envelope.delivery_id,
        event_name=prepared.event_name,
        body_sha256=prepared.body_sha256.hex(),
        dedupe_key=translation.dedupe_key if translation else None,
        scheme=envelope.scheme,
        secret_id=envelope.secret_id,
        status=verdict.status,
        reason=verdict.reason,
        replay_of=envelope.replay_of,
    )
