"""What customers do with their credit and quotas, and what happens to an account because of it. No payment's case is behind it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from schemas.decision_model import Posting, check_balanced
from schemas.event_model import EventModel


class LotPart(BaseModel):
    """Tokens out of one top-up with the rupiah they stand for. `lot` is the position of the top-up's grant, `key` its case and part."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    lot: int
    key: str
    tokens: int
    idr: int


class MeteredUse(BaseModel):
    """Use that was told in units of a meter, and by which rate of the catalogue it became tokens: `tokens` for every `per` units, since `since`.

    `carried`: part of a token that was left, as numerator and denominator: it is added to the next use of this meter, so that nothing drifts.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    meter: str
    units: int
    tokens: int
    per: int
    since: datetime | None = None
    catalog_version: str
    carried: tuple[int, int] = (0, 1)


class CreditAct(EventModel):
    """Base of what happens on an account. `at`: the database's clock; `credit_tokens`: what is left to spend after it."""

    customer_id: str
    credit_tokens: int
    at: datetime


class ValueSpent(CreditAct):
    """An act that moves value; `postings` sum to zero per unit, or the event cannot be built."""

    postings: tuple[Posting, ...] = ()

    @model_validator(mode="after")
    def _balanced(self) -> Self:
        check_balanced(self.postings)
        return self


class CreditSpent(ValueSpent):
    """Credit was used up. `lots`: where it came from, the oldest top-up first; `idr`: what those tokens had cost."""

    TYPE: ClassVar[str] = "credit.spent"

    spend_id: str
    tokens: int
    idr: int
    reason: str
    reference: str
    lots: tuple[LotPart, ...]


class CreditReserved(ValueSpent):
    """Credit was set aside until `expires_at`: nobody else can spend it. `refund_of`: for a refund of this case's top-up, which takes it."""

    TYPE: ClassVar[str] = "credit.reserved"

    reservation_id: str
    tokens: int
    reference: str
    expires_at: datetime
    lots: tuple[LotPart, ...]
    refund_of: str | None = None


class CreditCaptured(ValueSpent):
    """A reservation was used, `tokens` of it; `returned` went back."""

    TYPE: ClassVar[str] = "credit.captured"

    reservation_id: str
    tokens: int
    idr: int
    returned: int
    reference: str
    lots: tuple[LotPart, ...]


class CreditReleased(ValueSpent):
    """A reservation was given up."""

    TYPE: ClassVar[str] = "credit.released"

    reservation_id: str
    tokens: int
    reference: str


class CreditReservationExpired(ValueSpent):
    """A reservation's time was over; its tokens went back. `expired_at`: when it was over, `at`: when that was written down."""

    TYPE: ClassVar[str] = "credit.reservation_expired"

    reservation_id: str
    tokens: int
    reference: str
    expired_at: datetime


class UsageRecorded(ValueSpent):
    """The product was used. `paid_by` quota: it counts against the month and day it happened in (Asia/Jakarta); credit: it was spent.

    `metered`: the tokens were not told but made of units.
    """

    TYPE: ClassVar[str] = "usage.recorded"

    usage_id: str
    reference: str
    tokens: int = 0
    papers: int = 0
    tier: str
    paid_by: Literal["quota", "credit"]
    month: str
    day: str
    idr: int = 0
    lots: tuple[LotPart, ...] = ()
    metered: MeteredUse | None = None


class BalanceLow(CreditAct):
    """What is left fell below `low_balance_tokens` of the catalogue; told once, until it has been at or above it again."""

    TYPE: ClassVar[str] = "balance.low"

    low_balance_tokens: int


class CreditFrozen(EventModel):
    """Nothing can be spent any more, until an operator says otherwise. `reason`: `debt` by the catalogue's policy, else an operator's words."""

    TYPE: ClassVar[str] = "credit.frozen"

    customer_id: str
    reason: str
    debt_tokens: int = 0
    actor: str | None = None
    at: datetime


class CreditUnfrozen(EventModel):
    """It can be spent again. A debt of up to `debt_tokens` is no reason to freeze it once more."""

    TYPE: ClassVar[str] = "credit.unfrozen"

    customer_id: str
    reason: str
    debt_tokens: int = 0
    actor: str
    at: datetime


class CreditForgiven(ValueSpent):
    """An operator took a debt over as our loss: `tokens` that were spent before their money went back."""

    TYPE: ClassVar[str] = "credit.forgiven"

    tokens: int
    idr: int
    reason: str
    actor: str


ACTS: tuple[type[EventModel], ...] = (
    CreditSpent,
    CreditReserved,
    CreditCaptured,
    CreditReleased,
    CreditReservationExpired,
    UsageRecorded,
    BalanceLow,
    CreditFrozen,
    CreditUnfrozen,
    CreditForgiven,
)
"""On `credit-<customer>`. Not decisions: fulfilment neither makes nor reads them."""
