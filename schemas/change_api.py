"""What the change feed tells. The rows are those that reads answer with."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from schemas.api import (
    CUSTOMER_ID_PATTERN,
    ApiModel,
    BalanceAmounts,
    Enrollment,
    PaymentSummary,
    Subscription,
    SuspenseItem,
)
from schemas.vocabulary import ChangeKind


class SuspenseChange(SuspenseItem):
    """Held money, or what was held: then `status` is `released`, with what became of it."""

    status: str
    resolution: str | None
    released_at: datetime | None


class ChangeTold(ApiModel):
    """One change: a row of a read model as it is when it is told."""

    kind: ChangeKind
    position: int = Field(description="Of the last event that changed it, in the log; the event's `id`.")
    customer_id: str | None
    key: str = Field(
        description="The customer, course, subscription or held item; of a payment our own record of it."
    )
    data: PaymentSummary | BalanceAmounts | Subscription | Enrollment | SuspenseChange | None = Field(
        description="As in the answer of its own call; null: readers do not see it any more, it was never due."
    )


class TicketBody(ApiModel):
    """Whose changes a page may hear of."""

    customer_id: Annotated[str, Field(pattern=f"^{CUSTOMER_ID_PATTERN}$", max_length=128)]


class TicketAnswer(ApiModel):
    """A ticket for the stream of one customer, for a page that cannot send a key."""

    customer_id: str
    ticket: str = Field(description="Opens this customer's stream and nothing else.")
    stream: str = Field(description="Path and query for the page's EventSource, at this API's address.")
    expires_at: datetime = Field(description="Streams that it opened end then too.")
