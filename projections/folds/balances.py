"""Balances: credit tokens, chat tokens, lifetime totals, the last top-up and the tier of each customer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from projections.folds.values import moment, optional_moment
from projections.projection import Event, Projection, Table
from schemas.corrections import CreditDated, CreditWithdrawn, TokensWithdrawn
from schemas.credit_events import (
    CreditCaptured,
    CreditForgiven,
    CreditReleased,
    CreditReservationExpired,
    CreditReserved,
    CreditSpent,
    UsageRecorded,
)
from schemas.decisions import CreditClawedBack, CreditGranted, TierChanged, TokensClawedBack, TokensGranted
from schemas.refund_facts import is_own_refund


@dataclass(slots=True)
class BalanceRow:
    """`tier` is None until a decision names one: the customer then has the catalogue's first tier.

    `set_aside`: reservations for refunds that are under way, as JSON: by their id the case whose money goes back, and tokens that are still
    theirs: none once that money went back and took them.
    """

    customer_id: str
    credit_tokens: int = 0
    chat_tokens: int = 0
    topped_up_idr: int = 0
    spent_tokens: int = 0
    last_top_up_at: datetime | None = None
    last_top_up_idr: int | None = None
    tier: str | None = None
    tier_until: datetime | None = None
    fallback_tier: str | None = None
    position: int = 0
    set_aside: str | None = None


@dataclass(slots=True)
class BalanceRows:
    balances: dict[str, BalanceRow] = field(default_factory=dict)

    def touch(self, event: Event) -> BalanceRow:
        """The row an event changes, made on first use."""
        customer_id: str = event.data["customer_id"]
        row = self.balances.get(customer_id)
        if row is None:
            row = self.balances[customer_id] = BalanceRow(customer_id)
        row.position = event.position
        return row


def credit_granted(state: BalanceRows, event: Event) -> None:
    data = event.data
    row = state.touch(event)
    amount: int = data["amount_idr"]
    row.credit_tokens += data["tokens"]
    row.topped_up_idr += amount
    at = moment(data["at"])
    # By the provider's time, not by arrival: every order of arrival ends the same.
    if row.last_top_up_at is None or (at, amount) > (row.last_top_up_at, row.last_top_up_idr or 0):
        row.last_top_up_at, row.last_top_up_idr = at, amount


def credit_clawed_back(state: BalanceRows, event: Event) -> None:
    # What was ever topped up stays what it was; only the balance shrinks.
    row, tokens = state.touch(event), event.data["tokens"]
    row.credit_tokens -= tokens - _came_back(row, event.data["case"], tokens)


def _came_back(row: BalanceRow, case: str, tokens: int) -> int:
    """Tokens that were set aside for a refund of this case, and are what goes back or was never due; which ones, as accounts choose (api/credit/account.py)."""
    aside = _aside(row)
    waiting = [(name, left) for name, (of, left) in aside.items() if of == case and left]
    if not waiting:
        return 0
    name, left = next((one for one in waiting if one[1] == tokens), waiting[0])
    _put_aside(row, aside | {name: (case, 0)})
    return left


def credit_withdrawn(state: BalanceRows, event: Event) -> None:
    data = event.data
    row, tokens = state.touch(event), data["tokens"]
    row.credit_tokens -= tokens - _came_back(row, data["case"], tokens)
    row.topped_up_idr -= data["amount_idr"]
    _last_top_up(row, data)


def credit_dated(state: BalanceRows, event: Event) -> None:
    _last_top_up(state.touch(event), event.data)


def _last_top_up(row: BalanceRow, data: dict[str, Any]) -> None:
    """The decision says which one it is: the row remembers only the newest."""
    row.last_top_up_at = optional_moment(data.get("last_top_up_at"))
    row.last_top_up_idr = data.get("last_top_up_idr")


def credit_spent(state: BalanceRows, event: Event) -> None:
    row = state.touch(event)
    row.credit_tokens -= event.data["tokens"]
    row.spent_tokens += event.data["tokens"]


def credit_reserved(state: BalanceRows, event: Event) -> None:
    row, data = state.touch(event), event.data
    row.credit_tokens -= data["tokens"]
    if data.get("refund_of"):
        _put_aside(row, _aside(row) | {data["reservation_id"]: (data["refund_of"], data["tokens"])})


def reservation_returned(state: BalanceRows, event: Event) -> None:
    row, data = state.touch(event), event.data
    tokens: int = data["tokens"]
    aside = _aside(row)
    if data["reservation_id"] in aside:
        _, tokens = aside.pop(data["reservation_id"])
        _put_aside(row, aside)
    row.credit_tokens += tokens


def _aside(row: BalanceRow) -> dict[str, tuple[str, int]]:
    return json.loads(row.set_aside) if row.set_aside else {}


def _put_aside(row: BalanceRow, aside: dict[str, tuple[str, int]]) -> None:
    row.set_aside = json.dumps(aside, separators=(",", ":")) if aside else None


def of_refunds(event: Event) -> bool:
    """A reservation for a refund, or its end: what it does depends on what is set aside."""
    return is_own_refund(event.data.get("reservation_id"))


def credit_captured(state: BalanceRows, event: Event) -> None:
    row = state.touch(event)
    row.credit_tokens += event.data["returned"]
    row.spent_tokens += event.data["tokens"]


def credit_returned(state: BalanceRows, event: Event) -> None:
    state.touch(event).credit_tokens += event.data["tokens"]


def used(state: BalanceRows, event: Event) -> None:
    if event.data["paid_by"] == "credit" and event.data.get("tokens"):
        credit_spent(state, event)


def tokens_granted(state: BalanceRows, event: Event) -> None:
    state.touch(event).chat_tokens += event.data["chat_tokens"]


def tokens_clawed_back(state: BalanceRows, event: Event) -> None:
    state.touch(event).chat_tokens -= event.data["chat_tokens"]


def tier_changed(state: BalanceRows, event: Event) -> None:
    data = event.data
    if data["tier"] is None:
        raise ValueError("a tier has no name")  # None says that a batch left the tier alone
    row = state.touch(event)
    row.tier = data["tier"]
    row.tier_until = optional_moment(data.get("until"))
    row.fallback_tier = data["fallback_tier"]


BALANCES = Projection(
    name="balances",
    tables=(Table("balances", BalanceRow, ("customer_id",)),),
    new_state=BalanceRows,
    handlers={
        CreditGranted.TYPE: credit_granted,
        CreditClawedBack.TYPE: credit_clawed_back,
        CreditWithdrawn.TYPE: credit_withdrawn,
        CreditDated.TYPE: credit_dated,
        CreditSpent.TYPE: credit_spent,
        CreditReserved.TYPE: credit_reserved,
        CreditCaptured.TYPE: credit_captured,
        CreditReleased.TYPE: reservation_returned,
        CreditReservationExpired.TYPE: reservation_returned,
        CreditForgiven.TYPE: credit_returned,
        UsageRecorded.TYPE: used,
        TokensGranted.TYPE: tokens_granted,
        TokensClawedBack.TYPE: tokens_clawed_back,
        TokensWithdrawn.TYPE: tokens_clawed_back,
        TierChanged.TYPE: tier_changed,
    },
    keys=lambda event: (event.data["customer_id"],),
    loaded=True,
    merged=True,
    unmerged=frozenset({CreditWithdrawn.TYPE, CreditDated.TYPE, CreditClawedBack.TYPE}),
    doubtful=frozenset({CreditReserved.TYPE, CreditReleased.TYPE, CreditReservationExpired.TYPE}),
    states=of_refunds,
)
