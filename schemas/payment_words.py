"""What a person says of a payment instead of its provider. Bytes and facts stay; the word is read over them, until it is taken back."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.event_model import EventModel


class PaymentPatch(BaseModel):
    """What a person says of a payment instead of what its provider said; None leaves it. `product`: a catalogue id, or `credit`.

    `unsaid_at`: what a person said at this time of the payment, that its money came, is taken back. What its provider says of it counts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: int | None = Field(default=None, gt=0)
    customer_id: str | None = None
    product: str | None = None
    unsaid_at: datetime | None = None


class PaymentWord(EventModel):
    """A person's word on what a provider said of a payment. The bytes, and the facts that they told, stay as they are.

    `case`: the payment; `change_id`: what the word is known by.
    """

    change_id: str
    case: str
    actor: str
    reason: str


class PaymentCorrected(PaymentWord):
    """A payment is read with this patch from now on. `approver`: the second person, where much money is at stake."""

    TYPE: ClassVar[str] = "payment.corrected"

    patch: PaymentPatch
    approver: str | None = None


class PaymentCorrectionReverted(PaymentWord):
    """A correction counts no more: what is due is what would be, had nobody corrected it."""

    TYPE: ClassVar[str] = "payment.correction_reverted"


PAYMENT_WORDS: tuple[type[EventModel], ...] = (PaymentCorrected, PaymentCorrectionReverted)
