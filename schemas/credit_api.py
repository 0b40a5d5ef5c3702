"""What the API takes and answers about credit and quotas. Tokens are whole numbers."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from schemas.api import UNSEEN, ApiModel, Quotas

MAX_TOKENS = 10**12
"""A hundred billion rupiah's worth; a larger cost is a mistake."""
MAX_PAPERS = 1_000_000
METER = r"^[a-z0-9][a-z0-9._-]{0,63}$"
REFERENCE_MAX = 200
RESERVATION_MAX_SECONDS = 7 * 86_400
RESERVATION_SECONDS = (
    900  # longer than one answer of a model takes, short enough that a crash holds nobody's credit for long
)


def _whole(value: object) -> object:
    """A number without a fraction is a whole one, also when it is written as 5.0: JSON knows no difference."""
    if isinstance(value, Decimal) and value == value.to_integral_value() and abs(value) <= MAX_TOKENS:
        return int(value)
    return value


Whole = BeforeValidator(_whole)
Tokens = Annotated[int, Field(strict=True, ge=1, le=MAX_TOKENS), Whole]

_SEEN = rf"^[^{UNSEEN}]+$"
_LINE = re.compile(rf"[^{UNSEEN}]+")


def _plain(value: str) -> str:
    if _LINE.fullmatch(value) is None:
        raise ValueError("control_characters")
    return value


Text = Annotated[
    str,
    Field(min_length=1, max_length=REFERENCE_MAX, json_schema_extra={"pattern": _SEEN}),
    AfterValidator(_plain),
]
"""One line that can be seen."""

_REFERENCE = "Your id of it: the same one counts once per customer, whatever happens on the way."


class SpendBody(ApiModel):
    """What is to be used up."""

    tokens: Tokens = Field(description="Credit tokens, at least 1.")
    reason: Text = Field(description="What for, in your words; kept.")
    reference: Text = Field(description=_REFERENCE)


class SpendAnswer(ApiModel):
    """Credit was used up. `credit_tokens`: what is left."""

    spend_id: str
    customer_id: str
    tokens: int
    reason: str
    reference: str
    spent_idr: int = Field(description="Rupiah these tokens had cost, the oldest top-up first.")
    credit_tokens: int = Field(description="What can be spent after it.")
    at: datetime
    position: int = Field(description="Pass it as `min_position` to read your write.")


class ReservationBody(ApiModel):
    """What is to be set aside, before its cost is known."""

    tokens: Tokens = Field(description="Credit tokens, at least 1.")
    reference: Text = Field(description=_REFERENCE)
    expires_in_seconds: Annotated[int, Field(strict=True, ge=1, le=RESERVATION_MAX_SECONDS), Whole] = Field(
        RESERVATION_SECONDS, description="Then it gives itself up; at most 7 days."
    )


class CaptureBody(ApiModel):
    """What of a reservation was used."""

    tokens: Tokens = Field(description="At most what is reserved; the rest goes back.")


class Nothing(ApiModel):
    """A body that says nothing."""


class ReservationAnswer(ApiModel):
    """A reservation as it is after the call."""

    reservation_id: str
    customer_id: str
    status: Literal["open", "captured", "released"]
    tokens: int = Field(description="Reserved, or captured, or given up.")
    reference: str
    expires_at: datetime | None = Field(description="While it is open.")
    spent_idr: int
    credit_tokens: int = Field(description="What can be spent after it.")
    at: datetime
    position: int = Field(description="Pass it as `min_position` to read your write.")


class UsageBody(ApiModel):
    """What of the product was used: tokens, or units of a meter whose rate the catalogue has; papers with either, or alone."""

    # Said by what may not be: generators of clients make types without fields of an `anyOf` here.
    model_config = ConfigDict(
        json_schema_extra={
            "not": {
                "anyOf": [
                    {"properties": {name: {"maximum": 0} for name in ("tokens", "papers", "units")}},
                    {
                        "properties": {"units": {"minimum": 1}, "meter": {"type": "null"}},
                        "required": ["units"],
                    },
                    {
                        "properties": {"units": {"maximum": 0}, "meter": {"type": "string"}},
                        "required": ["meter"],
                    },
                    {
                        "properties": {"tokens": {"minimum": 1}, "meter": {"type": "string"}},
                        "required": ["meter", "tokens"],
                    },
                ]
            },
        }
    )

    tokens: Annotated[int, Field(strict=True, ge=0, le=MAX_TOKENS), Whole] = 0
    papers: Annotated[int, Field(strict=True, ge=0, le=MAX_PAPERS), Whole] = 0
    meter: Annotated[str, Field(max_length=64, pattern=METER)] | None = Field(
        None, description="A meter of `spend_rates` in the catalogue, instead of `tokens`; with `units`."
    )
    units: Annotated[int, Field(strict=True, ge=0, le=MAX_TOKENS), Whole] = Field(
        0,
        description="Of the meter. Tokens follow from its rate; what is left of one is carried to its next use.",
    )
    reference: Text = Field(description=_REFERENCE)

    @model_validator(mode="after")
    def _something(self) -> UsageBody:
        if (self.meter is None) != (self.units == 0) or (self.meter is not None and self.tokens):
            raise ValueError("meter_or_tokens")
        if not (self.tokens or self.papers or self.units):
            raise ValueError("nothing_used")
        return self


class MeteredAnswer(ApiModel):
    """The rate by which units became tokens: `tokens` for every `per` units, as the catalogue of this version had it."""

    meter: str = Field(description="The meter of the catalogue.")
    units: int = Field(description="Units that were told.")
    tokens: int = Field(description="Tokens of the rate, for every `per` units.")
    per: int = Field(description="Units that the tokens of the rate are for.")
    since: datetime | None = Field(description="From when the rate counts; null: from the beginning.")
    catalog_version: str = Field(description="The catalogue that the rate was taken from.")
    carried: str = Field(
        description="Part of a token that is left, as a fraction such as 1/2; it is added to the next use of this meter. 0: nothing."
    )


class UsageAnswer(ApiModel):
    """Use was recorded; the quotas are as they are after it."""

    usage_id: str
    customer_id: str
    tokens: int
    papers: int
    reference: str
    tier: str = Field(description="The tier in force when it was used.")
    paid_by: Literal["quota", "credit"]
    spent_idr: int
    quotas: Quotas
    credit_tokens: int = Field(description="What can be spent after it.")
    metered: MeteredAnswer | None = Field(None, description="Of use that was told in units of a meter.")
    at: datetime
    position: int = Field(description="Pass it as `min_position` to read your write.")
