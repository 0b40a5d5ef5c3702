"""What all decisions have in common."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from schemas.event_model import EventModel


class Posting(BaseModel):
    """One leg of a double entry: debits positive, credits negative. `unit`: IDR, TOKEN (credit tokens) or CHAT (chat tokens)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    account: str
    unit: Literal["IDR", "TOKEN", "CHAT"]
    amount: int


class Decision(EventModel):
    """Base of all decisions. `case` is the fulfilment case behind it."""

    case: str


class ValueMoved(Decision):
    """A decision that moves value; `postings` sum to zero per unit, or the event cannot be built."""

    postings: tuple[Posting, ...] = ()

    @model_validator(mode="after")
    def _balanced(self) -> Self:
        totals: dict[str, int] = {}
        for posting in self.postings:
            totals[posting.unit] = totals.get(posting.unit, 0) + posting.amount
        if any(totals.values()):
            raise ValueError(f"postings do not sum to zero: {totals}")
        return self
