"""Held money that goes back to whoever paid it: through its provider, or by hand with something that shows it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from api.refunds.book import RecordedRefund, RefundOrder, reserve
from api.suspense.gathering import facts_of
from api.suspense.speaking import WHY, Author, HeldEntry, WordAct, free, record, still_free
from eventstore.append import lock_log
from runtime.database import Connection
from schemas.problem_reasons import Reason
from schemas.problems import Problem

NO_UNDO = "none: money that its provider sent back cannot be fetched again"


@dataclass(frozen=True, slots=True)
class Return:
    """What is to go back. `amount_idr` None: all that is held. `proof`: it went back by hand already."""

    suspense_id: str
    amount_idr: int | None = None
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class GivenBack:
    """The refund that stands for it."""

    entry: HeldEntry
    recorded: RecordedRefund
    act_id: uuid.UUID


async def give_back(connection: Connection, wish: Return, author: Author, by: str) -> GivenBack:
    """In the caller's transaction; the provider is asked behind it. Raises Problem: what is more than is held, or already done by somebody."""
    entry = await free(connection, wish.suspense_id, author.patience_seconds)
    told = await facts_of(connection, entry.row["case_key"])
    await lock_log(connection)
    entry = await still_free(connection, entry)
    row = entry.row
    if wish.amount_idr is not None and row["amount"] is not None and wish.amount_idr > row["amount"]:
        raise Problem("refund_exceeds_payment", reason=Reason("refund_left", {"left": row["amount"]}))
    order = RefundOrder(
        row["provider"],
        row["payment_id"],
        row["amount"] if wish.amount_idr is None else wish.amount_idr,
        author.reason,
        by,
        author.actor,
        wish.proof,
        row["payment_id"] if row["payment_id"] in told.attempts else None,
    )
    recorded = await reserve(connection, order, again=True)
    after = {"refund_id": recorded.refund_id, "amount": order.amount_idr, "proof": wish.proof}
    undo = NO_UNDO if wish.proof is None else f"lunas suspense undo {entry.id} {WHY}"
    act_id = await record(connection, entry, author, WordAct("suspense.refund", undo, after))
    return GivenBack(entry, recorded, act_id)
