"""One transaction per batch: dedupe, deliveries, facts, dead letters. Either all of it is committed or nothing.

Order of locks: the log, then inbox, then streams and events (docs/adr/0001). Deliveries that are stored already are skipped whole, so a
redelivery after a crash writes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import asyncpg

from eventstore.append import NewEvent, follow, fresh_ids, log_transaction
from eventstore.queries import load
from processor.fulfilment.fresh import Appended
from processor.fulfilment.inline import Inline
from processor.fulfilment.rounds import Fulfilment, InlineDecisions
from processor.intake.columns import (
    held_columns,
    letter_columns,
    line_columns,
    stranger_columns,
)
from processor.intake.interpreter import Interpreter, Prepared
from processor.intake.letters import Letter, letter_of
from processor.intake.lines import lined_up
from processor.intake.naming import under_names
from processor.intake.secrets_seen import SecretsSeen
from processor.intake.taking import take_in
from processor.intake.verdicts import Key, Known, Verdict, firsts, judge, key_of
from processor.intake.writing import write
from processor.stored_delivery import stored_envelope
from runtime.database import CONNECTION_ERRORS, Connection, Pool
from runtime.faults import fault_point
from runtime.ids import uuid7
from runtime.logs import get_logger
from schemas import streams
from schemas.envelope import RECONCILED
from schemas.errors import StoreUnavailable
from schemas.event_model import EventModel, unvalidated
from schemas.facts import WebhookConflicted, WebhookReceived
from schemas.trace_context import TRACEPARENT

ALIVE_SECONDS = 2.0  # a database that takes longer for nothing at all is as good as away

_SQL = load("intake.sql", "processor")

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One delivery that is now in the store; `processing_ms` from its start to the commit, by the database's clock."""

    verdict: Verdict
    processing_ms: int


@dataclass(frozen=True, slots=True)
class Drained:
    """What of a line was taken in; `go_on`: whether to look for more of it at once."""

    recorded: Sequence[Recorded]
    go_on: bool


Done = InlineDecisions | Appended | None
"""What was written beside the deliveries: decisions on them, or events that are still to be decided on; None when there was nothing new."""


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
    secrets: SecretsSeen = field(default_factory=SecretsSeen, compare=False)
    me: uuid.UUID = field(default_factory=uuid7, compare=False)

    async def store(self, batch: Sequence[Prepared]) -> list[Recorded]:
        """Store what is new of the batch and return it; nothing for what was stored before.

        Raises the database's error; then nothing of the batch is written.
        """
        async with self.turn:
            await self.inline.near()
            async with self.inline.turn(len(batch)) as leader:
                if leader is not None:
                    stored = await self._with_decisions(batch, leader)
                    if stored is not None:
                        return stored
            stored, appended = await self._write(batch, None)
            self.inline.stored_alone(appended if isinstance(appended, Appended) else None)
            return stored

    async def _with_decisions(self, batch: Sequence[Prepared], leader: Fulfilment) -> list[Recorded] | None:
        """Store and decide in one transaction; None when that failed and nothing was written."""
        try:
            stored, done = await self._write(batch, leader)
        except BaseException as error:
            leader.forget()
            if not isinstance(error, Exception) or isinstance(error, CONNECTION_ERRORS):
                raise
            # Whatever it was, it must not be held against the deliveries: stored alone, they show whether it was theirs.
            log.warning("deciding at once failed", action="intake.inline", error=type(error).__name__)
            return None
        if isinstance(done, InlineDecisions):
            self.inline.committed(leader, done)
        elif stored:
            self.inline.stored_alone(done)
        return stored

    async def _write(
        self, batch: Sequence[Prepared], leader: Fulfilment | None
    ) -> tuple[list[Recorded], Done]:
        async with self.pool.acquire(timeout=self.acquire_timeout) as connection:
            async with log_transaction(connection):
                written = await self._store(connection, batch, leader)
                secrets = await self.secrets.record(connection, batch)
                fault_point("intake.before_commit")
            self.secrets.committed(secrets)
            fault_point("intake.after_commit")
            return written

    async def drain(self, stream: str, batch: Sequence[Prepared], places: Sequence[int]) -> Drained:
        """Take in the first of a line, in order, and let the stream go on when that was all; the rows of the line go in the same transaction.

        Raises StoreUnavailable when another process was faster, else the database's error; then nothing was done.
        """
        async with self.turn, self.pool.acquire(timeout=self.acquire_timeout) as connection:
            async with log_transaction(connection):
                if await connection.fetchval(_SQL["lock_line"], stream) is None:
                    return Drained((), go_on=False)
                if await connection.fetchval(_SQL["held_up"], stream):
                    await connection.execute(_SQL["parked_again"], stream)
                    return Drained((), go_on=False)
                recorded, done = await self._store(connection, batch, None, drained=stream)
                if await connection.fetchval(_SQL["leave_line"], stream, list(places)) != len(places):
                    raise StoreUnavailable("another process took in what waits")
                await connection.execute(_SQL["go_on"], stream)
                fault_point("drain.before_commit")
            fault_point("drain.after_commit")
            self.inline.stored_alone(done if isinstance(done, Appended) else None)
            return Drained(recorded, go_on=True)

    async def park(self, letters: Sequence[Letter]) -> None:
        """Add dead letters that are no deliveries, because they cannot be read or stored as one."""
        async with self.pool.acquire(timeout=self.acquire_timeout) as connection:
            await park(connection, letters)

    async def deaths(self, messages: Sequence[bytes]) -> list[int]:
        """How many processes died with each of these in their hands; 0 for what has no mark."""
        return await self._counted("deaths", messages)

    async def in_hand(self, messages: Sequence[bytes]) -> list[int]:
        """These are worked on from now on, by this process and with nothing else beside them. How many processes died with each in their hands."""
        return await self._counted("in_hand", messages)

    async def put_down(self, messages: Sequence[bytes]) -> None:
        """They are not worked on any more, and this process lives."""
        async with self.pool.acquire(timeout=self.acquire_timeout) as connection:
            await connection.execute(_SQL["put_down"], _digests(messages), self.me)

    async def let_go(self, messages: Sequence[bytes]) -> None:
        """Their outcome is certain."""
        async with self.pool.acquire(timeout=self.acquire_timeout) as connection:
            await connection.execute(_SQL["let_go"], _digests(messages))

    async def _counted(self, how: str, messages: Sequence[bytes]) -> list[int]:
        async with self.pool.acquire(timeout=self.acquire_timeout) as connection:
            rows = await connection.fetch(_SQL[how], _digests(messages), self.me)
        deaths = {row["message"]: row["deaths"] for row in rows}
        return [deaths.get(_digest(message), 0) for message in messages]

    async def alive(self) -> bool:
        """Whether the database answers."""
        try:
            async with asyncio.timeout(ALIVE_SECONDS), self.pool.acquire() as connection:
                await connection.execute("SELECT 1")
        except (*CONNECTION_ERRORS, asyncpg.PostgresError):
            return False
        return True

    async def _store(
        self,
        connection: Connection,
        batch: Sequence[Prepared],
        leader: Fulfilment | None,
        drained: str | None = None,
    ) -> tuple[list[Recorded], Done]:
        batch = await under_names(connection, batch)
        fresh, new, waiting, looked = await take_in(connection, batch, drained, looking=leader is not None)
        if not fresh and not waiting:
            # Whoever stored them may never have heard the end of that commit.
            await follow(connection)
            return [], None
        verdicts = judge(fresh, await held_before(connection, self.interpreter, fresh, new))
        verdicts += lined_up(waiting)
        fault_point("intake.before_append")
        receipts = [events_of(verdict) for verdict in verdicts]
        events = [event for each in receipts for event in each]
        decided = None if leader is None else await leader.decide(connection, events, looked)
        await _park_letters(connection, verdicts)
        if waiting:
            await connection.execute(_SQL["line_up"], *line_columns(lined_up(waiting)))
        milliseconds, appended = await write(connection, verdicts, receipts, decided)
        await self._remember(connection, verdicts)
        stored = [Recorded(verdict, milliseconds[verdict.prepared.delivery_id]) for verdict in verdicts]
        return stored, decided or appended

    async def _remember(self, connection: Connection, verdicts: Sequence[Verdict]) -> None:
        """What few deliveries ask for: keys understood later than their first delivery, quarantine."""
        for verdict in verdicts:
            if verdict.learned and (key := key_of(verdict.prepared)) is not None:
                await connection.execute(_SQL["learned"], *key, len(verdict.facts))
        strangers = [verdict for verdict in verdicts if verdict.status == "quarantined"]
        if strangers:
            await connection.execute(_SQL["quarantine"], *stranger_columns(strangers))
            await connection.execute(_SQL["trim_quarantine"], self.quarantine_rows)


def _digest(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


def _digests(messages: Sequence[bytes]) -> list[bytes]:
    """Each once: the same bytes may have been sent twice."""
    return list({_digest(message) for message in messages})


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
        if any(letter.stream for letter in letters):
            await connection.execute(_SQL["hold"], *held_columns(letters))


async def held_before(
    connection: Connection, interpreter: Interpreter, fresh: Sequence[Prepared], new: Collection[uuid.UUID]
) -> dict[Key, Known]:
    """What the inbox held before for the keys that are not of the `new` deliveries. Only reads."""
    wanted = firsts(fresh)
    old = [key for key, prepared in wanted.items() if prepared.delivery_id not in new]
    if not old:
        return {}
    rows = await connection.fetch(
        _SQL["first_seen"], [provider for provider, _ in old], [dedupe_key for _, dedupe_key in old]
    )
    held = {
        (row["provider"], row["dedupe_key"]): Known(row["delivery_id"], row["content_digest"], row["effects"])
        for row in rows
    }
    return {key: await _today(connection, interpreter, wanted[key], before) for key, before in held.items()}


async def _today(
    connection: Connection, interpreter: Interpreter, prepared: Prepared, before: Known
) -> Known:
    """The first delivery's digest as today's translator sees it, when the stored one differs.

    A digest is kept for ever, translators change: only two deliveries read by the same translator can contradict each other.
    """
    if before.content_digest == prepared.content_digest:
        return before
    row = await connection.fetchrow(_SQL["first_delivery"], before.delivery_id)
    if row is None:
        return before
    first = interpreter.prepare(stored_envelope(row))
    if first.body_sha256 == prepared.body_sha256:
        return replace(before, content_digest=prepared.content_digest)
    if key_of(first) == key_of(prepared):
        return replace(before, content_digest=first.content_digest)
    return before


def events_of(verdict: Verdict) -> list[NewEvent]:
    """What is appended for one delivery: that it came, what it says, or that it contradicts an earlier one."""
    prepared, envelope = verdict.prepared, verdict.prepared.envelope
    ids = fresh_ids(1 + len(verdict.facts))
    received_id = next(ids)
    metadata: dict[str, Any] = {"delivery_id": envelope.delivery_id}
    if envelope.replay_of is not None:
        # Of what came for the first time its delivery says both.
        metadata |= {"correlation_id": envelope.replay_of, "causation_id": envelope.replay_of}
    if envelope.actor is not None:
        metadata["actor"] = envelope.actor
    if envelope.scheme == RECONCILED:
        metadata["source"] = RECONCILED
    if envelope.traceparent is not None:
        metadata[TRACEPARENT] = envelope.traceparent
    caused = metadata | {"causation_id": str(received_id)}
    stream = streams.webhooks(envelope.provider, prepared.received_at)
    events = [NewEvent(stream, _received(verdict), metadata, received_id)]
    events += [
        NewEvent(fact.stream, fact.event, caused | _zones(fact.event, prepared.zones), next(ids))
        for fact in verdict.facts
    ]
    if verdict.status == "conflict" and prepared.translation is not None:
        conflicted = WebhookConflicted(
            provider=envelope.provider,
            delivery_id=envelope.delivery_id,
            dedupe_key=prepared.translation.dedupe_key,
            first_delivery_id=str(verdict.duplicate_of),
        )
        events.append(NewEvent(stream, conflicted, caused))
    return events


def _zones(event: EventModel, written: Mapping[datetime, str]) -> dict[str, Any]:
    """Events keep moments. What else the provider wrote stands beside them: the zone of each time that it did not write as UTC."""
    if not written:
        return {}
    zones = {
        name: written[said]
        for name, said in vars(event).items()
        if isinstance(said, datetime) and said in written
    }
    return {"zones": zones} if zones else {}


def _received(verdict: Verdict) -> WebhookReceived:
    prepared, envelope = verdict.prepared, verdict.prepared.envelope
    translation = prepared.translation
    return _receipt(
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


_receipt = unvalidated(WebhookReceived)
