"""What people say of held money: whose it is, that it is nobody's, or that either was wrong. The word is a fact; fulfilment decides what follows.

Two people at once: the first word counts, the other is told by whom and when. A word is heard before another is taken: what is held still
although somebody claimed it may be claimed again.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import orjson

from api.suspense.gathering import SQL
from eventstore.append import NewEvent, append, lock_log
from eventstore.read import StoredEvent, head, read_stream
from runtime.database import Connection
from runtime.ids import uuid7
from runtime.tracing import told_of
from schemas import streams
from schemas.errors import WrongExpectedVersion
from schemas.event_model import EventModel
from schemas.facts import (
    SuspenseClaimed,
    SuspenseClaimWithdrawn,
    SuspenseWriteOffWithdrawn,
    SuspenseWrittenOff,
)
from schemas.problem_reasons import Reason
from schemas.problems import Problem

if TYPE_CHECKING:
    import asyncpg

POLL_SECONDS = 0.02
CREDIT = "credit"
"""What a claim may call a top-up."""
WHY = "--reason WHY"
UNDER_WAY = ("reserved", "pending")
"""States of a refund whose end is not known."""
_WIB = timezone(timedelta(hours=7), "WIB")
Word = SuspenseClaimed | SuspenseClaimWithdrawn | SuspenseWrittenOff | SuspenseWriteOffWithdrawn


@dataclass(frozen=True, slots=True)
class Author:
    """Who speaks, why, and how long they wait until an earlier word was heard."""

    actor: str
    reason: str
    patience_seconds: float


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """Held money as somebody found it. `version`: of what was said of it; `refund`: the newest that was made or asked for, looked up by `free`."""

    row: asyncpg.Record
    version: int
    newest: StoredEvent | None
    refund: asyncpg.Record | None = None

    @property
    def id(self) -> str:
        return str(self.row["suspense_id"])

    @property
    def word(self) -> Word | None:
        """The newest word, also one that took another back."""
        said = self.newest.decoded() if self.newest else None
        return said if isinstance(said, Word) else None

    @property
    def stands(self) -> SuspenseClaimed | SuspenseWrittenOff | None:
        """The word that stands."""
        word = self.word
        return word if isinstance(word, SuspenseClaimed | SuspenseWrittenOff) else None


@dataclass(frozen=True, slots=True)
class SaidWord:
    """What was said, its audit record, how to take it back, and where it stands in the log."""

    entry: HeldEntry
    word: EventModel
    act_id: uuid.UUID
    undo: str
    position: int


@dataclass(frozen=True, slots=True)
class WordAct:
    """For the audit record."""

    verb: str
    undo: str
    after: object


async def look(connection: Connection, suspense_id: str) -> HeldEntry:
    """The entry, whatever became of it, with the newest word on it. Raises Problem for an unknown id."""
    words = await read_stream(connection, streams.suspense(suspense_id))
    row = await connection.fetchrow(SQL["one"], suspense_id)
    if row is None or row["suspense_id"] is None:
        raise Problem("suspense_not_found")
    return HeldEntry(row, words[-1].version if words else 0, words[-1] if words else None)


async def free(connection: Connection, suspense_id: str, patience_seconds: float) -> HeldEntry:
    """The entry when somebody may speak about it now. Raises Problem: unknown, or already done by somebody."""
    entry = await look(connection, suspense_id)
    taken_back: int = await connection.fetchval(SQL["taken_back_at"], entry.id)
    said = max(taken_back, entry.newest.position if entry.newest is not None else 0)
    if said:
        heard = await _heard(connection, said, patience_seconds)
        entry = await look(connection, suspense_id)
        if entry.stands is not None and (not heard or entry.row["status"] != "held"):
            raise already(entry)
    if entry.row["status"] != "held":
        raise already(entry)
    refund = await _refund_of(connection, entry)
    if refund is not None and refund["status"] in UNDER_WAY:
        raise _refunding(refund)
    if refund is not None and not await _heard(connection, refund["position"], patience_seconds):
        raise _refunding(refund)
    if refund is not None:
        entry = await look(connection, suspense_id)
        if entry.row["status"] != "held":
            raise already(entry)
    return replace(entry, refund=refund)


async def still_free(connection: Connection, found: HeldEntry) -> HeldEntry:
    """Under the log's lock, what `free` found: nobody has spoken about it or sent it back while we waited for the lock. Raises Problem.

    What was heard then is not waited for again: how far readers are behind what others write says nothing of this entry.
    """
    entry = await look(connection, found.id)
    if entry.version != found.version or entry.row["status"] != "held":
        raise already(entry)
    refund = await _refund_of(connection, entry)
    if refund is not None and (found.refund is None or refund["refund_id"] != found.refund["refund_id"]):
        raise _refunding(refund)
    return replace(entry, refund=refund)


async def going_back(connection: Connection, entry: HeldEntry) -> asyncpg.Record | None:
    """The refund by which this money is on its way to its payer, if it is: id, status, since when, and by whom."""
    if entry.row["status"] != "held":
        return None  # it went
    refund = await _refund_of(connection, entry)
    return refund if refund is not None and refund["status"] in UNDER_WAY else None


async def _refund_of(connection: Connection, entry: HeldEntry) -> asyncpg.Record | None:
    row = entry.row
    return await connection.fetchrow(SQL["refund"], row["provider"], row["payment_id"], entry.id)


async def claim(
    connection: Connection, suspense_id: str, customer_id: str, product: str | None, author: Author
) -> SaidWord:
    """In the caller's transaction. Raises Problem."""
    entry = await free(connection, suspense_id, author.patience_seconds)
    await check_customer(connection, customer_id)
    await lock_log(connection)
    entry = await still_free(connection, entry)
    stands = entry.stands
    if isinstance(stands, SuspenseClaimed) and (stands.customer_id, stands.product) == (customer_id, product):
        raise already(entry)
    word = SuspenseClaimed(
        suspense_id=suspense_id,
        case=entry.row["case_key"],
        customer_id=customer_id,
        product=product,
        actor=author.actor,
        reason=author.reason,
    )
    undo = f"lunas suspense unclaim {suspense_id} {WHY}"
    after = {"customer_id": customer_id, "product": product}
    return await say(connection, entry, word, author, WordAct("suspense.claim", undo, after))


async def write_off(connection: Connection, suspense_id: str, author: Author) -> SaidWord:
    """In the caller's transaction. Raises Problem."""
    entry = await free(connection, suspense_id, author.patience_seconds)
    await lock_log(connection)
    entry = await still_free(connection, entry)
    word = SuspenseWrittenOff(
        suspense_id=suspense_id, case=entry.row["case_key"], actor=author.actor, reason=author.reason
    )
    act = WordAct("suspense.write_off", f"lunas suspense undo {suspense_id} {WHY}", "written_off")
    return await say(connection, entry, word, author, act)


async def check_customer(connection: Connection, customer_id: str) -> None:
    """Raises Problem when nobody is registered under this id."""
    if not await connection.fetchval(SQL["customer"], customer_id):
        raise Problem("customer_not_found")


def already(entry: HeldEntry) -> Problem:
    """Who was faster, and when."""
    row, newest, word = entry.row, entry.newest, entry.word
    if word is None or newest is None or (entry.stands is None and row["status"] != "held"):
        by = row["released_by"] or Reason("by_the_rules")
        resolution = Reason(f"resolution_{row['resolution'] or 'changed'}")
        told: dict[str, object] = {"resolution": resolution, "by": by, "at": shown_at(row["released_at"])}
        return Problem("suspense_already_done", reason=Reason("already_released", told))
    codes = {SuspenseClaimed: "already_claimed", SuspenseWrittenOff: "already_written_off"}
    return told_already(entry, word, codes.get(type(word), "already_reopened"))


def told_already(entry: HeldEntry, word: Word, code: str) -> Problem:
    """By whose word it was done, and when."""
    at = shown_at(entry.newest.recorded_at if entry.newest else None)
    told = {"customer": getattr(word, "customer_id", ""), "by": word.actor, "at": at}
    return Problem("suspense_already_done", reason=Reason(code, told))


async def record(connection: Connection, entry: HeldEntry, author: Author, act: WordAct) -> uuid.UUID:
    """The audit record, in the caller's transaction."""
    act_id = uuid7()
    row = entry.row
    before = {"reason": row["reason"], "amount": row["amount"], "case": row["case_key"]}
    texts = (orjson.dumps(before).decode(), orjson.dumps(act.after).decode())
    await connection.execute(
        SQL["act"], act_id, author.actor, act.verb, entry.id, author.reason, *texts, act.undo
    )
    return act_id


async def say(connection: Connection, entry: HeldEntry, word: Word, author: Author, act: WordAct) -> SaidWord:
    """A word and its audit record, under the log's lock. Raises Problem when somebody was faster."""
    stream = streams.suspense(entry.id)
    metadata = {"correlation_id": str(uuid7()), "actor": author.actor, **told_of()}
    try:
        news = [NewEvent(stream, word, metadata)]
        appended = await append(connection, news, expected={stream: entry.version})
    except WrongExpectedVersion:
        # Somebody spoke between our look and the log's lock: their word counts.
        raise already(await look(connection, entry.id)) from None
    act_id = await record(connection, entry, author, act)
    return SaidWord(entry, word, act_id, act.undo, appended.last)


async def _heard(connection: Connection, position: int, seconds: float) -> bool:
    """Waits until fulfilment has decided on what stands at `position`, and readers see what it decided."""
    deadline = asyncio.get_running_loop().time() + seconds
    wanted, decided = position, False
    while True:
        row = await connection.fetchrow(SQL["heard"])
        if row is not None and not decided and (row["decided"] or 0) >= position:
            decided, wanted = True, await head(connection)
        if row is not None and decided and (row["shown"] or 0) >= wanted:
            return True
        if asyncio.get_running_loop().time() >= deadline:
            return False
        await asyncio.sleep(POLL_SECONDS)


def _refunding(refund: asyncpg.Record) -> Problem:
    told = {"refund": refund["refund_id"], "by": refund["actor"], "at": shown_at(refund["created_at"])}
    return Problem("suspense_already_done", reason=Reason("already_refunding", told))


def shown_at(at: datetime | None) -> str:
    """A moment, as a problem's sentence says it."""
    return "-" if at is None else f"{at.astimezone(UTC).astimezone(_WIB):%Y-%m-%d %H:%M:%S} WIB"
