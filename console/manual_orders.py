"""Orders that are paid outside any provider: an operator says that the money came, or that it will not."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from console.acts import Act, already, log_held, record
from console.exits import NotFound, Refused
from console.messages import text
from console.options import actor
from console.unsaying import stands
from eventstore.append import NewEvent, append, log_transaction
from eventstore.queries import load
from eventstore.read import read_stream
from providers.manual import MANUAL
from runtime.ids import uuid7
from schemas import streams
from schemas.event_model import EventModel
from schemas.facts import PaymentSucceeded
from schemas.request_facts import CheckoutRefused

if TYPE_CHECKING:
    from datetime import datetime

    from runtime.database import Connection

PROVIDER = MANUAL.name
REJECTED = "rejected_by_operator"
SOURCE = "operator"


async def confirm_order(
    connection: Connection, order_id: str, reason: str, proof: str | None, undo: str
) -> uuid.UUID:
    """Appends that the order was paid, in full and now; the act's id. Raises NotFound, and Refused when somebody dealt with it already."""
    sql = load("manual.sql", "console")
    async with log_held(connection):
        order = await _undecided(connection, order_id)
        now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        paid = PaymentSucceeded(
            provider=PROVIDER,
            payment_key=order_id,
            attempt_id=order_id,
            aliases=(order_id,),
            reference_id=order_id,
            amount=order["amount_idr"],
            customer_ref=order["customer_id"],
            method=PROVIDER,
            occurred_at=now,
            paid_at=now,
            attestation="operator",
        )
        position = await _say(connection, streams.payment(PROVIDER, order_id), paid)
        await connection.execute(sql["confirm"], order_id, position)
        after = {"amount": order["amount_idr"], "customer_id": order["customer_id"], "proof": proof}
        act = Act("manual.confirm", order_id, reason, undo, before={"status": "pending"}, after=after)
        return await record(connection, act)


async def amount_of_order(connection: Connection, order_id: str) -> int:
    """What it costs. Raises NotFound."""
    amount: int | None = await connection.fetchval(load("manual.sql", "console")["amount"], order_id)
    if amount is None:
        raise NotFound(text("manual.unknown", id=order_id))
    return amount


async def reject_order(connection: Connection, order_id: str, reason: str, undo: str) -> uuid.UUID:
    """Appends that the order will not be paid; the act's id. Raises NotFound, and Refused when somebody dealt with it already."""
    sql = load("manual.sql", "console")
    async with log_transaction(connection):
        await _undecided(connection, order_id)
        refused = CheckoutRefused(
            request_id=order_id,
            provider=PROVIDER,
            reference=order_id,
            code=REJECTED,
            occurred_at=await connection.fetchval("SELECT clock_timestamp()"),
        )
        position = await _say(connection, streams.request(order_id), refused)
        await connection.execute(sql["reject"], order_id, position)
        act = Act(
            "manual.reject", order_id, reason, undo, before={"status": "pending"}, after={"code": REJECTED}
        )
        return await record(connection, act)


async def _undecided(connection: Connection, order_id: str) -> Any:
    """The order, locked. The log decides, not a read model that may be behind."""
    order = await connection.fetchrow(load("manual.sql", "console")["one"], order_id)
    if order is None:
        raise NotFound(text("manual.unknown", id=order_id))
    if order["status"] == "refused":
        raise await already(
            connection, "manual.reject", order_id, Refused(text("manual.rejected_already", id=order_id))
        )
    told = await read_stream(connection, streams.payment(PROVIDER, order_id))
    paid = next((event for event in told if event.type == PaymentSucceeded.TYPE), None)
    if paid is not None and await stands(connection, PROVIDER, order_id):
        raise await already(
            connection, "manual.confirm", order_id, Refused(text("manual.confirmed_already", id=order_id))
        )
    return order


async def _say(connection: Connection, stream: streams.StreamName, event: EventModel) -> int:
    metadata = {"correlation_id": str(uuid7()), "source": SOURCE, "actor": actor()}
    appended = await append(connection, [NewEvent(stream, event, metadata)])
    return appended.last
