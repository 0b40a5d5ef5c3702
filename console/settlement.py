"""Parked money that a person has read: the fact that a provider's unreadable webhook could not tell, said by an operator.

It carries the names the provider's own webhooks will use for the payment, so that a later readable one is the same money.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from console.acts import Act, log_held, record
from console.exits import Refused, WrongUse
from console.letter_acts import state_in_words
from console.messages import text
from console.options import actor
from console.products import CREDIT
from eventstore.append import NewEvent, append
from eventstore.queries import load
from eventstore.read import read_stream, stream_version
from providers.registry import traits_of
from runtime.ids import uuid7
from schemas import streams
from schemas.envelope import EnvelopeError, unpack
from schemas.event_model import EventModel
from schemas.facts import OrderLine, OrderRecorded, PaymentSettled, PaymentSucceeded, ProductHint

if TYPE_CHECKING:
    from runtime.database import Connection

SOURCE = "operator"
PAID = (PaymentSucceeded.TYPE, PaymentSettled.TYPE)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a person read. `at`: when the webhook came, which is the best that is known of when it was paid."""

    provider: str
    customer_id: str
    amount: int
    payment_id: str
    product: str | None
    at: datetime

    def needs_product(self) -> bool:
        """An order is for something of the catalogue; credit is topped up by payments alone."""
        return self.product in (None, CREDIT) and traits_of(self.provider).orders_carry_payments

    def facts(self, *, order_known: bool = False) -> list[EventModel]:
        """The payment; where orders carry payments (Scalev) the order too, unless it is known: it names product and price."""
        orders = traits_of(self.provider).orders_carry_payments
        hint = (
            None if self.product in (None, CREDIT) else ProductHint(kind="catalog", value=str(self.product))
        )
        payment = PaymentSucceeded(
            provider=self.provider,
            payment_key=self.payment_id,
            attempt_id=None if orders else self.payment_id,
            aliases=(self.payment_id,),
            amount=None if orders else self.amount,
            payment_type=None if orders or hint else "credit_topup",
            customer_ref=self.customer_id,
            products=(hint,) if hint and not orders else (),
            occurred_at=self.at,
            timed=False,
            paid_at=self.at,
            attestation="operator",
        )
        if hint is None or not orders or order_known:
            return [payment]
        order = OrderRecorded(
            provider=self.provider,
            order_key=self.payment_id,
            aliases=(self.payment_id,),
            gross_amount=self.amount,
            lines=(OrderLine(product=hint, quantity=1, amount=self.amount),),
            as_of=self.at,
            timed=False,
            attestation="operator",
        )
        return [order, payment]

    def events(self, delivery_id: uuid.UUID | None, *, order_known: bool = False) -> list[NewEvent]:
        """The facts on their streams; the metadata says that a person is their source."""
        metadata = {
            "correlation_id": str(delivery_id or uuid7()),
            "source": SOURCE,
            "actor": actor(),
            **({"delivery_id": str(delivery_id)} if delivery_id else {}),
        }
        return [
            NewEvent(
                (streams.order if isinstance(fact, OrderRecorded) else streams.payment)(
                    self.provider, self.payment_id
                ),
                fact,
                metadata,
            )
            for fact in self.facts(order_known=order_known)
        ]


async def settle(
    connection: Connection, row: Any, settlement: Settlement, reason: str, undo: str
) -> uuid.UUID:
    """Closes the letter, records the act and appends the facts, in one transaction; the act's id.

    Raises Refused when somebody dealt with the letter meanwhile, or when the log knows the money already, and WrongUse when nobody says
    what an order was for.
    """
    sql = load("letters.sql", "console")
    letter = row["dead_letter_id"]
    async with log_held(connection):
        if await connection.fetchval(sql["settle"], letter, actor()) is None:
            raise Refused(await state_in_words(connection, letter))
        named = (settlement.provider, settlement.payment_id)
        told = await read_stream(connection, streams.payment(*named))  # read models may be behind
        if any(event.type in PAID for event in told) or await connection.fetchval(sql["money_known"], *named):
            raise Refused(text("dlq.settle_known", provider=named[0], id=named[1]))
        order_known = await stream_version(connection, streams.order(*named)) > 0
        if not order_known and settlement.needs_product():
            raise WrongUse(text("dlq.settle_product", provider=settlement.provider))
        await append(connection, settlement.events(row["delivery_id"], order_known=order_known))
        after = {
            "status": "resolved",
            "customer_id": settlement.customer_id,
            "amount": settlement.amount,
            "payment_id": settlement.payment_id,
            "product": settlement.product,
        }
        act = Act("dlq.settle", str(letter), reason, undo, before={"status": row["status"]}, after=after)
        return await record(connection, act)


def received_at(row: Any) -> datetime:
    """When the parked webhook came; when it first failed, if its message cannot be read."""
    try:
        (first, *_) = unpack(bytes(row["message"]))
    except EnvelopeError:
        first_seen: datetime = row["first_seen"]
        return first_seen
    return EPOCH + timedelta(microseconds=first.received_at)
