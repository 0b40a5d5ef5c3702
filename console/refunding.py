"""Refunds that operators ask for: reserved as those of applications are, with an audit record. The API's timers ask the provider.

And those that somebody made at the provider, and of which nobody but a person tells.
"""

from __future__ import annotations

import shlex
import uuid
from typing import TYPE_CHECKING

from api.refunds.book import RecordedRefund, RefundOrder, reserve
from api.refunds.told import RefundKnown, RefundTold, tell, untell
from console.acts import Act, Done, already, log_held, record
from console.exits import Refused
from console.language import current
from console.messages import text
from console.options import actor
from schemas.problems import Problem
from schemas.refund_facts import TAKEN_BACK

if TYPE_CHECKING:
    from runtime.database import Connection
    from schemas.facts import RefundSucceeded


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


async def record_refund(
    connection: Connection, provider: str, payment: str, amount: int | None, name: str | None, reason: str
) -> tuple[RefundSucceeded, uuid.UUID, str]:
    """A refund that was made at the provider's dashboard: the fact, the act's id and the way back. Raises Refused."""
    told = RefundTold(provider, payment, amount, name, reason, actor())
    try:
        async with log_held(connection):
            fact = await tell(connection, told)
            undo = f"lunas payments unrefunded {provider} {shlex.quote(fact.refund_id)} --reason …"
            after = {"refund_id": fact.refund_id, "provider": provider, "amount": fact.amount}
            act = Act("payments.refunded", payment, reason, undo, after=after)
            return fact, await record(connection, act), undo
    except RefundKnown as known:
        refused = Refused(text("payment.refund_known", id=known.refund_id))
        raise await already(connection, "payments.refunded", payment, refused) from None
    except Problem as problem:
        refused = Refused(problem.detail(current()))
        raise await already(connection, "payments.refunded", payment, refused) from None


async def unrecord_refund(connection: Connection, provider: str, refund_id: str, reason: str) -> Done:
    """A refund that a person recorded never was. Raises Refused."""
    async with log_held(connection):
        fact = await untell(connection, provider, refund_id, reason, actor())
        if fact is None:
            refused = Refused(text("payment.refund_not_recorded", provider=provider, id=refund_id))
            raise await already(connection, "payments.unrefunded", refund_id, refused)
        named = f"--amount {fact.amount} --refund-id {shlex.quote(refund_id)}"
        undo = f"lunas payments refunded {provider} {shlex.quote(fact.payment_key)} {named} --reason …"
        before = {"payment_id": fact.payment_key, "provider": provider, "amount": fact.amount}
        act_id = await record(
            connection, Act("payments.unrefunded", refund_id, reason, undo, before=before, after=TAKEN_BACK)
        )
    return Done(text("payment.refund_unrecorded", id=refund_id), act_id, undo)
