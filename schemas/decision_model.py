"""What all decisions have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Self

from pydantic import model_validator

from schemas.event_model import EventModel


@dataclass(frozen=True, slots=True)
class Posting:
    """One leg of a double entry: debits positive, credits negative. `unit`: IDR, TOKEN (credit tokens) or CHAT (chat tokens)."""

    account: str
    unit: Literal["IDR", "TOKEN", "CHAT"]
    amount: int


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """A plan as it was sold that day."""

    period: str
    grace: str | None = None
    tier: str | None = None


PartRefund = Literal["keep", "shorten", "end"]
"""What becomes of a course or a plan when a part of its money goes back (docs/adr/0057)."""


LatePayment = Literal["honour", "hold", "refund"]
"""What becomes of money that was paid after its request had ended: it buys what it was for, or waits for a person, or is to go back (docs/adr/0067)."""

Overpaid = Literal["keep", "hold", "credit"]
"""What becomes of rupiah beyond those that we asked for: with the rest, or to a person, or to the customer's credit."""


@dataclass(frozen=True, slots=True)
class Lessened:
    """Rupiah that went `back` of those that were paid."""

    back: int
    of: int


@dataclass(frozen=True, slots=True)
class Bought:
    """Periods of a plan on the terms of that day. `refunded_at`: when they ended because money went back; `lessened`: they are shorter for it."""

    at: datetime
    terms: PlanTerms
    quantity: int = 1
    refunded_at: datetime | None = None
    lessened: Lessened | None = None


ChargeWord = Literal["vouched", "refunded"]
"""Why a charge counts although it is large, or does not count."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a customer's plans and subscriptions are to know of a payment: charges by name, and periods bought, by case and part.

    `ended`: plans whose money gave way to other money, after a person had sold them. `lessened`: charges of which a part went back.
    """

    charges: dict[str, ChargeWord] = field(default_factory=dict)
    purchases: dict[str, tuple[str, Bought]] = field(default_factory=dict)
    ended: dict[str, Bought] = field(default_factory=dict)
    lessened: dict[str, Lessened] = field(default_factory=dict)


NOTHING = Given()


def check_balanced(postings: Iterable[Posting]) -> None:
    """Raises ValueError unless postings sum to zero per unit."""
    totals: dict[str, int] = {}
    for posting in postings:
        totals[posting.unit] = totals.get(posting.unit, 0) + posting.amount
    if any(totals.values()):
        raise ValueError(f"postings do not sum to zero: {totals}")


class Decision(EventModel):
    """Base of all decisions. `case` is the fulfilment case behind it."""

    case: str


class ValueMoved(Decision):
    """A decision that moves value; `postings` sum to zero per unit, or the event cannot be built.

    `part` of the case: the money that was asked for (`main`), one line of an order, or a further payment.
    """

    part: str = "main"
    postings: tuple[Posting, ...] = ()

    @model_validator(mode="after")
    def _balanced(self) -> Self:
        check_balanced(self.postings)
        return self


class Grant(ValueMoved):
    """Money bought something. What it rests on stands here too, so that the record of a case is a fold of its decisions.

    `attempts` at the provider, when they are not just `payment_id`; `what` and `whose`: short names of the words by which the facts told
    what was bought and by whom (`by`: of the address that found the customer). A person's word needs no such grounds. `part_refund`: what
    the catalogue said that day of a part of the money that goes back; `if_late` and `if_overpaid`: what of money that is late, or too much.
    """

    attempts: tuple[str, ...] = ()
    what: str = ""
    whose: str = ""
    by: str = ""
    part_refund: PartRefund = "keep"
    if_late: LatePayment = "honour"
    if_overpaid: Overpaid = "keep"
