"""What operators say of held money, as commands: problems become their words, and what followed is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from api.suspense.speaking import Author, HeldEntry
from api.suspense.undoing import UndoableWord
from console.exits import NotFound, Refused, WrongUse
from console.language import current
from console.messages import text
from console.options import actor
from console.output import rupiah
from eventstore.queries import load
from schemas.problems import Problem

if TYPE_CHECKING:
    from runtime.database import Connection

OUTCOME_SECONDS = 5.0
"""How long a command waits to show what followed, and for an earlier word to be heard; fulfilment usually needs well under a second."""
POLL_SECONDS = 0.1
QUESTIONS = {"claim": "unclaim_question", "write_off": "reopen_question", "refund": "unrefund_question"}
TAKEN_BACK_WORDS = {"claim": "unclaimed", "write_off": "reopened", "refund": "unrefunded"}
"""Texts of each kind of word that is taken back."""


def author(reason: str) -> Author:
    """The operator at this terminal."""
    return Author(actor(), reason, OUTCOME_SECONDS)


@contextmanager
def in_words(suspense_id: str, customer: str | None = None) -> Iterator[None]:
    """What the core refuses, as the errors of commands."""
    try:
        yield
    except Problem as problem:
        code = problem.kind.code
        if code == "suspense_not_found":
            raise NotFound(text("suspense.unknown", id=suspense_id)) from None
        if code == "customer_not_found":
            raise WrongUse(text("suspense.no_customer", customer=customer)) from None
        if code == "refund_not_supported":
            detail = problem.detail(current())
            raise Refused(text("suspense.refund_by_hand", detail=detail, id=suspense_id)) from None
        raise Refused(problem.detail(current())) from None


def taken_back_told(found: HeldEntry, undoable: UndoableWord) -> dict[str, object]:
    """What their texts name."""
    refund = undoable.refund
    return {
        "amount": rupiah(found.row["amount"] if refund is None else refund["amount_idr"]),
        "customer": getattr(undoable.word, "customer_id", ""),
        "proof": "" if refund is None else refund["proof"],
        "refund": "" if refund is None else refund["refund_id"],
        "id": found.id,
    }


async def outcome(connection: Connection, suspense_id: str, *, after: Any = None) -> Any:
    """The entry once it is no longer held, or None when that does not show within OUTCOME_SECONDS.

    `after`: as it was before a word on it was taken back; then once it is anything else.
    """
    before = None if after is None else _state(after)
    deadline = asyncio.get_running_loop().time() + OUTCOME_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        row = await connection.fetchrow(load("suspense.sql", "console")["one"], suspense_id)
        if row is not None and (row["status"] != "held" if before is None else _state(row) != before):
            return row
        await asyncio.sleep(POLL_SECONDS)
    return None


def _state(row: Any) -> tuple[object, ...]:
    return row["status"], row["amount"], row["reason"], row["released_at"]
