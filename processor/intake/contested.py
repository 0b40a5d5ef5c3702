"""What reconciliation says of money that its provider, on being asked, does not stand by, and that it does so again after all. Pure.

It is given to the queue in words of our own, in the place of the provider's, and becomes a dispute whose other side is the provider. A body that came from
outside is never read like this, whatever it says: only what reconciliation asked for itself (ADR 0069).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from providers.identity import dedupe_key
from schemas import streams
from schemas.errors import UntranslatableError
from schemas.facts import DisputeOpened, DisputeWon
from schemas.translation import Effect, Fact, Translation

AT_RISK = ("amount_idr", "customer_id")
Word = Literal["lunas.payment_contested", "lunas.payment_found_again"]


class Contest(BaseModel):
    """`names`: the payment's ids at its provider, the one that it is asked about first. `theirs`: what the provider calls it; `unknown`: it knows none.

    `amount_idr` and `customer_id`: what is at risk and whose it is, by our own record of now; for people, so they are no part of what is said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: Word
    payment_key: str
    names: tuple[str, ...] = Field(min_length=1)
    dispute_id: str
    theirs: str
    amount_idr: int | None = None
    customer_id: str | None = None

    def body(self) -> bytes:
        """The same word is the same bytes, so that it is given to the queue once."""
        return orjson.dumps(self.model_dump(), option=orjson.OPT_SORT_KEYS)


def is_contest(document: object) -> bool:
    return isinstance(document, dict) and document.get("event") in Word.__args__  # type: ignore[attr-defined]


def contested(provider: str, document: object, asked_at: datetime) -> Translation:
    """The fact that it is. Raises UntranslatableError for what we have not written."""
    try:
        said = Contest.model_validate(document)
    except ValidationError as error:
        raise UntranslatableError("contest_malformed") from error
    model = DisputeOpened if said.event == "lunas.payment_contested" else DisputeWon
    fields: dict[str, Any] = {
        "provider": provider,
        "payment_key": said.payment_key,
        "dispute_id": said.dispute_id,
        "aliases": said.names,
        "reason": "not_confirmed_by_provider",
        "provider_status": said.theirs,
        "occurred_at": asked_at,
    }
    return Translation(
        Effect.FACTS,
        said.event,
        dedupe_key(provider, said.event, said.payment_key, said.dispute_id),
        says=said.model_dump(mode="json", exclude=set(AT_RISK)),
        facts=(Fact(streams.payment(provider, said.payment_key), model(**fields)),),
    )
