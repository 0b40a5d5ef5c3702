"""Facts of statements of settlement: what a provider paid out, line by line, as an operator recorded it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from schemas.event_model import EventModel


class SettlementStated(EventModel):
    """A statement of settlement names a payment as paid out, with the amount that we count. It brings no money and says nothing of whose it is.

    `payment_key`, `attempt_id`: our names of it, None of a request whose payment has no name; `fee_amount`: what the provider keeps, by this statement, None
    where it does not say; `statement`: SHA-256 of the file; `line`: its line in it. Of several statements the newest counts.
    """

    TYPE: ClassVar[str] = "settlement.stated"

    provider: str
    payment_key: str
    attempt_id: str | None = None
    amount: int
    fee_amount: int | None = None
    statement: str
    line: int
    actor: str
    reason: str
    at: datetime


SETTLEMENT_FACTS: tuple[type[EventModel], ...] = (SettlementStated,)
