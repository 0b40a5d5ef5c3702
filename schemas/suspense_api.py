"""What the calls about held money take and answer. Amounts are whole rupiah, times RFC 3339 in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from schemas.api import CUSTOMER_ID_PATTERN, UNSEEN, ApiModel, Read, SuspenseItem
from schemas.refund_api import MOST_IDR
from schemas.vocabulary import (
    CandidateReason,
    CandidateStrength,
    ProviderName,
    SuspenseResolution,
    SuspenseStatus,
)

WHY_MAX = 500
"""Characters of a reason: a few sentences."""
NAME_MAX = 100
WORDS = rf"^[^{UNSEEN}]*[^\s{UNSEEN}][^{UNSEEN}]*$"
"""A text of one line that says something."""


class WordBody(ApiModel):
    """Why, and who in your team says so; both are kept in the audit record."""

    reason: str = Field(
        min_length=1, max_length=WHY_MAX, pattern=WORDS, description="Why, in your own words."
    )
    by: str | None = Field(
        None,
        min_length=1,
        max_length=NAME_MAX,
        pattern=WORDS,
        description="Who in your team; without it the key alone is named.",
    )


class SuspenseClaimBody(WordBody):
    """Whose held money is, and what for where that is unclear."""

    customer_id: str = Field(
        pattern=f"^{CUSTOMER_ID_PATTERN}$", max_length=128, description="Id given by your application."
    )
    product: str | None = Field(
        None,
        min_length=1,
        max_length=NAME_MAX,
        description="A product of the catalogue, or `credit`; without it, what the payment says.",
    )


class SuspenseUndoBody(WordBody):
    """Takes the newest word back, or the record of a refund by hand."""


class SuspenseWriteOffBody(WordBody):
    """Closes held money."""


class SuspenseRefundBody(WordBody):
    """What goes back of held money."""

    amount: int | None = Field(
        None, strict=True, ge=1, le=MOST_IDR, description="Without it everything that is held."
    )
    proof: str | None = Field(
        None,
        min_length=1,
        max_length=WHY_MAX,
        pattern=WORDS,
        description="Given, it says that the money went back by hand already, and what shows that; the provider is not asked.",
    )


class SuspenseAct(ApiModel):
    """What a person did about it."""

    act_id: str = Field(description="Of the audit record.")
    at: datetime
    verb: str
    by: str
    reason: str


class SuspenseGoingBack(ApiModel):
    """The refund by which held money is on its way to its payer. Nobody can claim it meanwhile."""

    refund_id: str = Field(description="Of `GET /v1/refunds/{refund_id}`.")
    status: Literal["reserved", "pending"] = Field(
        description="`reserved` until its provider took it on, then `pending`."
    )
    since: datetime
    by: str = Field(description="Who asked for it.")


class SuspenseRest(ApiModel):
    """What its payer was asked for besides, because less had come than was asked for."""

    request_id: str = Field(
        description="Of the request for the rest alone; what is paid for it counts with what is held."
    )
    amount: int = Field(description="Rupiah that were missing when it was asked for.")
    open: bool = Field(description="Whether it can be paid still. What is paid later counts all the same.")
    since: datetime
    expires_at: datetime
    by: str = Field(description="Who asked for it.")
    failure_code: str | None = Field(
        description="Why its provider would not have it, or why nobody knows yet whether it did."
    )
    payment_page_url: str | None = Field(
        description="Our own page for the payer, who needs no key for it; null where LUNAS_API_PUBLIC_URL is unset."
    )


class OneSuspense(Read, SuspenseItem):
    """One entry, whatever became of it, and what people did about it."""

    status: SuspenseStatus
    resolution: SuspenseResolution | None = Field(description="Null while it is held.")
    released_at: datetime | None
    released_by: str | None = Field(description="Null where the rules released it.")
    acts: list[SuspenseAct]
    going_back: SuspenseGoingBack | None = Field(
        description="Null unless it is on its way back to its payer. When nothing comes of that it is held as before."
    )
    rest: SuspenseRest | None = Field(
        description="What was asked for besides, the last time; null where nothing was."
    )
    undoable: bool = Field(
        description="Whether there is something that `undo` takes back: a claim, a write-off, a refund by hand."
    )


class CandidateSign(ApiModel):
    """One thing that speaks for a customer."""

    reason: CandidateReason
    points: int
    explained: str = Field(description="A sentence, in English or Indonesian by Accept-Language.")


class Candidate(ApiModel):
    """A customer whose money it may be."""

    customer_id: str
    score: int = Field(description="Points of all reasons together.")
    strength: CandidateStrength
    reasons: list[CandidateSign]


class SuspenseCandidates(Read):
    """Customers whose money it may be, the likeliest first."""

    id: str
    items: list[Candidate]


class SuspenseWord(ApiModel):
    """What was said and recorded. What follows shows at `position` and behind it: pass it as `min_position`."""

    id: str
    done: Literal["claimed", "unclaimed", "written_off", "reopened", "refund_taken_back"]
    act_id: str = Field(description="Of the audit record.")
    undoable: bool = Field(description="Whether it can be taken back with `undo`.")
    position: int


class WaitingSpan(ApiModel):
    """What of one provider has waited so long."""

    provider: ProviderName
    from_hours: int
    to_hours: int | None = Field(description="Null for the last span.")
    count: int
    amount: int
    unknown: int = Field(description="Entries whose amount the provider never told.")
    oldest: datetime


class SuspenseAgeing(Read):
    """Held money by how long it has waited, the youngest first."""

    count: int
    amount: int
    oldest: datetime | None
    items: list[WaitingSpan]
