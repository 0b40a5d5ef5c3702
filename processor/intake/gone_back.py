"""What reconciliation says of money that its provider, on being asked, says went back, where no webhook tells of it. Pure.

Given to the queue in words of our own, in the place of the provider's, it is a refund as any that a provider tells. A body that came from outside is
never read like this, whatever it says. A release that does not know the word parks it: its name says that money moved.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from providers.identity import dedupe_key
from schemas import streams
from schemas.errors import UntranslatableError
from schemas.facts import RefundSucceeded
from schemas.translation import Effect, Fact, Translation

EVENT: Literal["lunas.payment_refunded"] = "lunas.payment_refunded"
REASON = "told_on_asking"
AT_RISK = ("customer_id",)


class WentBack(BaseModel):
    """`amount_idr`: what we did not know of yet. `attempt_id`: the movement of money it is of, where that is known. `customer_id`: for people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: Literal["lunas.payment_refunded"] = EVENT
    payment_key: str
    names: tuple[str, ...] = Field(min_length=1)
    refund_id: str
    amount_idr: int = Field(gt=0)
    attempt_id: str | None = None
    customer_id: str | None = None

    def body(self) -> bytes:
        """The same word is the same bytes, so that it is given to the queue once."""
        return orjson.dumps(self.model_dump(), option=orjson.OPT_SORT_KEYS)


def is_went_back(document: object) -> bool:
    return isinstance(document, dict) and document.get("event") == EVENT


def went_back(provider: str, document: object, asked_at: datetime) -> Translation:
    """The refund that it is. Raises UntranslatableError for what we have not written."""
    try:
        said = WentBack.model_validate(document)
    except ValidationError as error:
        raise UntranslatableError("went_back_malformed") from error
    fields: dict[str, Any] = {
        "provider": provider,
        "payment_key": said.payment_key,
        "refund_id": said.refund_id,
        "attempt_id": said.attempt_id,
        "aliases": said.names,
        "amount": said.amount_idr,
        "reason": REASON,
        "occurred_at": asked_at,
    }
    return Translation(
        Effect.FACTS,
        EVENT,
        dedupe_key(provider, EVENT, said.payment_key, said.refund_id),
        says=said.model_dump(mode="json", exclude=set(AT_RISK)),
        facts=(Fact(streams.payment(provider, said.payment_key), RefundSucceeded(**fields)),),
    )
