"""The way back of what people said of held money: a claim, a write-off, and that money went back by hand when it had not.

The newest goes first. Money that a provider sent back cannot be fetched again: of that there is no way back.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from api.refunds.book import append
from api.suspense.gathering import SQL
from api.suspense.speaking import (
    WHY,
    Author,
    HeldEntry,
    SaidWord,
    WordAct,
    already,
    look,
    record,
    say,
    shown_at,
    told_already,
)
from eventstore.append import lock_log
from eventstore.read import read_stream
from schemas import streams
from schemas.facts import (
    RefundFailed,
    RefundSucceeded,
    SuspenseClaimed,
    SuspenseClaimWithdrawn,
    SuspenseWriteOffWithdrawn,
    SuspenseWrittenOff,
)
from schemas.problem_reasons import Reason
from schemas.problems import Problem
from schemas.refund_facts import TAKEN_BACK

if TYPE_CHECKING:
    import asyncpg

    from runtime.database import Connection

UNREFUND = "suspense.unrefund"
"""The verb of taking back that money went back by hand."""


@dataclass(frozen=True, slots=True)
class UndoableWord:
    """What would be taken back now, and where it stands in the log: a word, or the record of a refund by hand."""

    position: int
    word: SuspenseClaimed | SuspenseWrittenOff | None = None
    refund: asyncpg.Record | None = None

    @property
    def kind(self) -> str:
        """`claim`, `write_off` or `refund`."""
        if self.refund is not None:
            return "refund"
        return "claim" if isinstance(self.word, SuspenseClaimed) else "write_off"


async def newest_undoable(connection: Connection, entry: HeldEntry) -> UndoableWord | None:
    """The newest that stands and has a way back; None when nothing has."""
    refund = await connection.fetchrow(SQL["by_hand"], entry.id)
    # A word that was taken back stands before nothing.
    said = entry.newest.position if entry.newest is not None and entry.stands is not None else 0
    if refund is not None and refund["position"] > said:
        return UndoableWord(refund["position"], refund=refund)
    return None if entry.stands is None else UndoableWord(said, word=entry.stands)


async def check_undo(connection: Connection, entry: HeldEntry) -> UndoableWord:
    """What would be taken back. Raises Problem when there is nothing to take back."""
    found = await newest_undoable(connection, entry)
    if found is not None:
        return found
    newest = await connection.fetchrow(SQL["newest_act"], entry.id)
    if newest is not None and newest["verb"] == UNREFUND:
        told: dict[str, object] = {"by": newest["actor"], "at": shown_at(newest["at"])}
        raise Problem("suspense_already_done", reason=Reason("already_reopened", told))
    if entry.word is not None:
        raise told_already(entry, entry.word, "already_reopened")
    raise Problem("suspense_nothing_to_undo")


async def undo(
    connection: Connection, suspense_id: str, author: Author, *, seen: UndoableWord | None = None
) -> SaidWord:
    """Takes the newest back, in the caller's transaction. `seen`: what the author thinks that is. Raises Problem, also when it is another by now."""
    seen = seen or await check_undo(connection, await look(connection, suspense_id))
    await lock_log(connection)
    entry = await look(connection, suspense_id)
    found = await check_undo(connection, entry)
    if found.position != seen.position:
        raise already(entry)
    if found.refund is not None:
        return await _unrefund(connection, entry, found.refund, author)
    said = {
        "suspense_id": suspense_id,
        "case": entry.row["case_key"],
        "actor": author.actor,
        "reason": author.reason,
    }
    if isinstance(found.word, SuspenseClaimed):
        product = f" --product {found.word.product}" if found.word.product else ""
        again = f"lunas suspense claim {suspense_id} --customer {found.word.customer_id}{product} {WHY}"
        act = WordAct("suspense.unclaim", again, {"customer_id": None, "product": None})
        return await say(connection, entry, SuspenseClaimWithdrawn.model_validate(said), author, act)
    act = WordAct("suspense.reopen", f"lunas suspense write-off {suspense_id} {WHY}", "held")
    return await say(connection, entry, SuspenseWriteOffWithdrawn.model_validate(said), author, act)


async def _unrefund(
    connection: Connection, entry: HeldEntry, refund: asyncpg.Record, author: Author
) -> SaidWord:
    """It never went back. For whoever reads the log that is a refund which failed after all, and releases before this one read it so too."""
    refund_id = refund["refund_id"]
    told = await read_stream(connection, streams.refund(refund_id))
    done = next(event.decoded() for event in reversed(told) if event.type == RefundSucceeded.TYPE)
    if not isinstance(done, RefundSucceeded):
        raise TypeError(done.TYPE)
    # Later than what it takes back, whatever the clocks say: of two words the later one counts.
    at = max(refund["now"], done.occurred_at + timedelta(microseconds=1))
    changed = {"occurred_at": at, "failure_code": TAKEN_BACK, "reason": author.reason}
    fact = RefundFailed(**done.model_dump() | changed)
    position = await append(connection, refund_id, [fact], actor=author.actor)
    await connection.execute(SQL["taken_back"], refund_id, TAKEN_BACK, at, position)
    proof = shlex.quote(refund["proof"])
    again = f"lunas suspense refund {entry.id} --amount {done.amount} --by-hand --proof {proof} {WHY}"
    after = {"refund_id": refund_id, "amount": done.amount, "status": TAKEN_BACK}
    act_id = await record(connection, entry, author, WordAct(UNREFUND, again, after))
    return SaidWord(entry, fact, act_id, again, position)
