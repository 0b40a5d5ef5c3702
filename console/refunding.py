"""Refunds that operators ask for: reserved as those of applications are, with an audit record. The API's timers ask the provider."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from api.refunds.book import RecordedRefund, RefundOrder, reserve
from console.acts import Act, already, log_held, record
from console.exits import Refused
from console.language import current
from console.options import actor
from schemas.problems import Problem

if TYPE_CHECKING:
    from runtime.database import Connection


async def ask_refund(
    connection: Connection, provider: str, payment: str, amount: int | None, reason: str, undo: str
) -> tuple[RecordedRefund, uuid.UUID]:
    """The refund and the act's id. Raises Refused with what the API would answer."""
    order = RefundOrder(provider, payment, amount, reason, by="operator", actor=actor())
    try:
        async with log_held(connection):
            recorded = await reserve(connection, order)
            after = {"refund_id": recorded.refund_id, "provider": provider, "amount": amount}
            act = Act("payments.refund", payment, reason, undo, after=after)
            return recorded, await record(connection, act)
    except Problem as problem:
        refused = Refused(problem.detail(current()))
        before = await already(connection, "payments.refund", payment, refused)
        raise (refused if before is refused else Refused(f"{refused.message} {before.message}")) from None
