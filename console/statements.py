"""A provider's statement of settlement recorded: that payments were paid out, and what the provider kept of them. What does not tie is left out."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.acts import Act, already, record
from console.exits import Refused
from console.messages import text
from console.options import actor
from eventstore.append import NewEvent, append, log_transaction
from eventstore.read import read_stream
from processor.reconciliation.statement import CaseOf, Statement, recordable
from runtime.ids import utc_now
from schemas import streams
from schemas.settlement_facts import SettlementStated

if TYPE_CHECKING:
    from pathlib import Path

    from processor.reconciliation.statement import Recordable
    from runtime.database import Connection

VERB = "reconcile.statement"
LINES_MAX = 5_000
"""Lines recorded by one command: they are one transaction, and one stream of the log."""


@dataclass(frozen=True, slots=True)
class RecordedStatement:
    """`lines`: how many payments of it were recorded; `fees`: what the provider kept of them by it, in rupiah; `more`: how much of that was not booked before."""

    lines: int
    fees: int
    more: int
    act_id: uuid.UUID | None = None


def digest_of(file: Path) -> str:
    """By which a statement is known, whatever it is called."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def planned(statement: Statement, case_of: CaseOf) -> list[Recordable]:
    """What would be recorded. Raises Refused for more than one transaction should hold."""
    lines = recordable(statement, case_of)
    if len(lines) > LINES_MAX:
        raise Refused(text("statement.too_long", lines=len(lines), most=LINES_MAX))
    return lines


def summed(lines: Sequence[Recordable], act_id: uuid.UUID | None = None) -> RecordedStatement:
    return RecordedStatement(
        len(lines),
        sum(one.fee or 0 for one in lines),
        sum(one.fee - one.booked for one in lines if one.fee is not None),
        act_id,
    )


async def record_statement(
    connection: Connection, provider: str, digest: str, lines: Sequence[Recordable], reason: str
) -> RecordedStatement:
    """All of it or nothing. Raises Refused, with who was faster, when there is nothing left to record."""
    stream, by, now = streams.settlement(digest), actor(), utc_now()
    async with log_transaction(connection):
        # Another operator may have recorded the same file, and nobody has decided on it yet.
        known = {_named(one.decoded()) for one in await read_stream(connection, stream)}
        words = [
            SettlementStated(
                provider=provider,
                payment_key=one.payment_key,
                attempt_id=one.attempt_id,
                amount=one.amount,
                fee_amount=one.fee,
                statement=digest,
                line=one.line,
                actor=by,
                reason=reason,
                at=now,
            )
            for one in lines
        ]
        left = [pair for pair in zip(lines, words, strict=True) if _named(pair[1]) not in known]
        if not left:
            raise await already(connection, VERB, digest, Refused(text("statement.nothing_new")))
        done = summed([one for one, _ in left])
        act = Act(
            VERB,
            digest,
            reason,
            text("statement.no_undo"),
            after={"provider": provider, "lines": done.lines, "fees": done.fees, "more": done.more},
        )
        act_id = await record(connection, act)
        metadata = {"correlation_id": str(act_id), "source": "operator", "actor": by}
        await append(connection, [NewEvent(stream, word, metadata) for _, word in left])
    return RecordedStatement(done.lines, done.fees, done.more, act_id)


def _named(word: Any) -> tuple[object, ...]:
    """What a line says: said again it says nothing new."""
    return word.provider, word.payment_key, word.attempt_id, word.amount, word.fee_amount
