"""One transaction per batch: dedupe, deliveries, facts, dead letters. Either all of it is committed or nothing.

Order of locks: the log, then inbox, then streams and events (docs/adr/0001). Deliveries that are stored already are skipped whole, so a
redelivery after a crash writes nothing.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

import asyncpg

from eventstore.append import NewEvent, append, log_transaction
from eventstore.queries import Piece, in_one_statement, load
from processor.fulfilment.inline import Inline
from processor.fulfilment.rounds import Fulfilment, InlineDecisions
from processor.intake.columns import (
    delivery_columns,
    inbox_columns,
    letter_columns,
    resolved_columns,
    stranger_columns,
)
from processor.intake.interpreter import Interpreter, Prepared
from processor.intake.letters import Letter, letter_of
from processor.intake.verdicts import Key, Known, Verdict, firsts, judge, key_of
from processor.stored_delivery import stored_envelope
from runtime.database import CONNECTION_ERRORS, Connection, Pool
from runtime.faults import fault_point
from runtime.ids import uuid7
from runtime.logs import get_logger
from schemas import streams
from schemas.envelope import RECONCILED
from schemas.errors import StoreUnavailable
from schemas.facts import WebhookConflicted, WebhookReceived

ALIVE_SECONDS = 2.0  # a database that takes longer for nothing at all is as good as away

_SQL = load("intake.sql", "processor")

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One delivery that is now in the store; `processing_ms` from its start to the commit, by the database's clock."""

    verdict: Verdict
    processing_ms: int


@dataclass(frozen=True, slots=True)
class Store:
    """Writes batches. `acquire_timeout` (seconds) bounds the wait for a pooled connection.

    One batch at a time, in order of asking: the log's lock lets one through anyway. So the partitions of a process take turns, a backlog in
    one holds up another for one batch only, they never use up the pool, and fulfilment gets every second turn however many there are.
    """

    pool: Pool
    interpreter: Interpreter
    quarantine_rows: int
    acquire_timeout: float
    inline: Inline
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, compare=False)

    async def store(self, batch: Sequence[Prepared]) -> list[Recorded]:
        """Store what is new of the batch and return it; nothing for what was stored before.

        Raises the database's error; then nothing of the batch is written.
        """
        async with self.turn:
            async with self.inline.turn(len(batch)) as leader:
                if leader is not None:
                    stored = await self._with_decisions(batch, leader)
                    if stored is not None:
                        return stored
            stored, _ = await self._write(batch, None)
            self.inline.stored_alone()
            return stored

    async def _with_decisions(self, batch: Sequence[Prepared], leader: Fulfilment) -> list[Recorded] | None:
        """Store and decide in one transaction; None when that failed and nothing was written."""
        try:
            stored, decided = await self._write(batch, leader)
        except BaseException as error:
            leader.forget()
            if not isinstance(error, Exception) or isinstance(error, CONNECTION_ERRORS):
                raise
            # Whatever it was, it must not be held against the deliveries: stored alone, they show whether it was theirs.
            log.warning("deciding at once failed", action="intake.inline", error=type(error).__name__)
            return None
        if decided is not None:
            self.inline.committed(leader, decided)
        elif stored:
            self.inline.stored_alone()
        return stored

    async def _write(
        self, batch: Sequence[Prepared], leader: Fulfilment | None
    ) -> tuple[list[Recorded], InlineDecisions | None]:
        async with self.pool.acquire(timeout=self.acquire_timeout) as connection:
            async with log_transaction(connection):
                written = await self._store(connection, batch, leader)
                fault_point("intake.before_commit")
            fault_point("intake.after_commit")
            return written

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

    async def _store(
        self, connection: Connection, batch: Sequence[Prepared], leader: Fulfilment | None
    ) -> tuple[list[Recorded], InlineDecisions | None]:
        fresh, new = await _take_in(connection, batch)
        if not fresh:
            return [], None
        verdicts = judge(fresh, await self._held(connection, fresh, new))
        receipts = [_events(verdict) for verdict in verdicts]
        events = [event for each in receipts for event in each]
        decided = None if leader is None else await leader.decide(connection, events)
        first = await _append(connection, events, decided)
        await _park_letters(connection, verdicts)
        offsets = accumulate((len(each) for each in receipts[:-1]), initial=first)
        milliseconds = await _record(connection, verdicts, list(offsets), decided)
        await self._remember(connection, verdicts)
        stored = [Recorded(verdict, milliseconds[verdict.prepared.delivery_id]) for verdict in verdicts]
        return stored, decided

    async def _held(
        self, connection: Connection, fresh: Sequence[Prepared], new: set[uuid.UUID]
    ) -> dict[Key, Known]:
        """What the inbox held before for the keys that are not of the `new` deliveries."""
        wanted = firsts(fresh)
        old = [key for key, prepared in wanted.items() if prepared.delivery_id not in new]
        if not old:
            return {}
        rows = await connection.fetch(
            _SQL["first_seen"], [provider for provider, _ in old], [dedupe_key for _, dedupe_key in old]
        )
        held = {
            (row["provider"], row["dedupe_key"]): Known(
                row["delivery_id"], row["content_digest"], row["effects"]
            )
            for row in rows
        }
        return {key: await self._today(connection, wanted[key], before) for key, before in held.items()}

    async def _today(self, connection: Connection, prepared: Prepared, before: Known) -> Known:
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
    failed = [verdict for verdict in verdicts if verdict.letter is not None]
    await park(connection, [letter_of(verdict) for verdict in failed])
    replayed = [one for verdict in failed if (one := verdict.prepared.replayed_letter) is not None]
    if replayed:
        await connection.execute(_SQL["moved_on"], replayed)


async def park(connection: Connection, letters: Sequence[Letter]) -> None:
    """Add dead letters, or count them on the open letter of the same problem with the same bytes."""
    if letters:
        await connection.execute(_SQL["park"], *letter_columns(letters))


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


async def _append(connection: Connection, events: Sequence[NewEvent], decided: InlineDecisions | None) -> int:
    """Append the events, with the decisions on them if there are any; the position of the first. Raises StoreUnavailable."""
    if decided is None:
        return (await append(connection, events)).first
    # No expected versions: they were read under the lock that we still hold.
    appended = await append(connection, [*events, *decided.events], to_decide=False)
    if appended.first != decided.first:
        raise StoreUnavailable("the log did not go on where the decisions say it does")
    return appended.first


async def _record(
    connection: Connection,
    verdicts: Sequence[Verdict],
    positions: Sequence[int],
    decided: InlineDecisions | None,
) -> dict[uuid.UUID, int]:
    """Write deliveries, with what was decided; how long each took, in ms. Raises StoreUnavailable when another worker decides."""
    pieces: list[Piece] = [
        (_SQL["record"], delivery_columns(verdicts, positions)),
        (_SQL["resolve"], resolved_columns(verdicts)),
    ]
    names, last = ["recorded", "resolved"], _SQL["recorded"]
    if decided is not None:
        pieces += decided.pieces
        names += ["moved", *(f"piece_{number}" for number in range(1, len(decided.pieces)))]
        last = _SQL["recorded_and_moved"]
    statement = in_one_statement(
        tuple((name, text) for name, (text, _) in zip(names, pieces, strict=True)), last
    )
    rows = await connection.fetch(statement, *(argument for _, given in pieces for argument in given))
    if decided is not None and not rows[0]["moved"]:
        raise StoreUnavailable("another fulfilment worker is at work")
    return {row["delivery_id"]: row["processing_ms"] for row in rows}


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
    if envelope.scheme == RECONCILED:
        metadata["source"] = RECONCILED
    caused = metadata | {"causation_id": str(received_id)}
    stream = streams.webhooks(envelope.provider, prepared.received_at)
    events = [NewEvent(stream, _received(verdict), metadata, received_id)]
    events += [NewEvent(fact.stream, fact.event, caused, uuid7()) for fact in verdict.facts]
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
