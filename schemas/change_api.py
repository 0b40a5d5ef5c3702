"""What the change feed tells. The rows are those that reads answer with."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from schemas.api import ApiModel, BalanceAmounts, Enrollment, PaymentSummary, Subscription, SuspenseItem
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
