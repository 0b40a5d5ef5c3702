"""What customers did with their credit and quotas: rupiah spent, tokens reserved, use in the newest month and day, whether frozen."""

from __future__ import annotations

from dataclasses import dataclass, field

from projections.projection import Event, Projection, Table
from schemas.credit_events import (
    CreditCaptured,
    CreditFrozen,
    CreditReleased,
    CreditReservationExpired,
    CreditReserved,
    CreditSpent,
    CreditUnfrozen,
    UsageRecorded,
)


@dataclass(slots=True)
class SpendingRow:
    """`month` and `day` are those of Asia/Jakarta in which anything was used last; what was used in an earlier one counts no more."""

    customer_id: str
    spent_idr: int = 0
    reserved_tokens: int = 0
    frozen: str | None = None
    month: str = ""
    month_tokens: int = 0
    month_papers: int = 0
    day: str = ""
    day_tokens: int = 0
    position: int = 0


@dataclass(slots=True)
class SpendingRows:
    spending: dict[str, SpendingRow] = field(default_factory=dict)

    def touch(self, event: Event) -> SpendingRow:
        """The row an event changes, made on first use."""
        customer_id: str = event.data["customer_id"]
        row = self.spending.get(customer_id)
        if row is None:
            row = self.spending[customer_id] = SpendingRow(customer_id)
        row.position = event.position
        return row


def spent(state: SpendingRows, event: Event) -> None:
    state.touch(event).spent_idr += event.data["idr"]


def reserved(state: SpendingRows, event: Event) -> None:
    state.touch(event).reserved_tokens += event.data["tokens"]


def captured(state: SpendingRows, event: Event) -> None:
    row = state.touch(event)
    row.reserved_tokens -= event.data["tokens"] + event.data["returned"]
    row.spent_idr += event.data["idr"]


def given_back(state: SpendingRows, event: Event) -> None:
    state.touch(event).reserved_tokens -= event.data["tokens"]


def used(state: SpendingRows, event: Event) -> None:
    data = event.data
    row, tokens = state.touch(event), data.get("tokens", 0) if data["paid_by"] == "quota" else 0
    if data["month"] > row.month:
        row.month, row.month_tokens, row.month_papers = data["month"], 0, 0
    if data["day"] > row.day:
        row.day, row.day_tokens = data["day"], 0
    row.month_tokens += tokens
    row.day_tokens += tokens
    row.month_papers += data.get("papers", 0)
    row.spent_idr += data.get("idr", 0)


def frozen(state: SpendingRows, event: Event) -> None:
    state.touch(event).frozen = event.data["reason"]


def unfrozen(state: SpendingRows, event: Event) -> None:
    state.touch(event).frozen = None


SPENDING = Projection(
    name="spending",
    tables=(Table("spending", SpendingRow, ("customer_id",)),),
    new_state=SpendingRows,
    handlers={
        CreditSpent.TYPE: spent,
        CreditReserved.TYPE: reserved,
        CreditCaptured.TYPE: captured,
        CreditReleased.TYPE: given_back,
        CreditReservationExpired.TYPE: given_back,
        UsageRecorded.TYPE: used,
        CreditFrozen.TYPE: frozen,
        CreditUnfrozen.TYPE: unfrozen,
    },
    keys=lambda event: (event.data["customer_id"],),
    loaded=True,
)
