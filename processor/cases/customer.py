"""What fulfilment remembers of a customer: what decisions added up to, and what cases that share something have said of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter
from typing import Any

from msgspec import field

from processor.cases.state import State
from schemas.decision_model import Bought, ChargeWord, Lessened


class TierState(State):
    """The tier last decided."""

    tier: str
    until: datetime | None
    fallback_tier: str


class PlanAccess(State):
    """A plan that lifts its holder to a tier until a moment (None = no end known)."""

    tier: str
    until: datetime | None


class Membership(State):
    """A membership as its provider announced it: since when, whether anybody said of what, and every plan it was ever called."""

    provider: str
    began: datetime
    named: bool
    plans: list[str] = field(default_factory=list)


class TopUp(State):
    """A top-up: when it was paid, in rupiah."""

    at: datetime
    amount_idr: int


class Bid(State, frozen=True):  # type: ignore[misc]
    """A part of a case (`case`) that was paid then could open a course; or has opened it."""

    case: str
    at: datetime
    opened: bool = False


_WHEN = attrgetter("at", "amount_idr")
TOP_UPS = 3
"""Newest top-ups that are remembered: when one turns out not to have been due, readers are told which one is the last now."""


class CustomerRecord(State):
    """`topups` counts those not fully refunded; `last_topups` are the newest.

    `courses`: bids by course, and by case and part; the earliest has it. `charges` are payments of subscriptions that count although they are large
    (a person or the provider vouched for them) or no longer count (their money went back), `lessened` those of which a part went back.
    `purchases` are periods bought outright, by product, and by case and part; `memberships` those announced, by case; `plan_rows` what was last said of the former, by product.
    `gone_at`: when the person was erased; who registers again is here again.
    """

    customer_id: str
    email: str | None = None
    topups: int = 0
    last_topups: list[TopUp] = field(default_factory=list)
    credit_tokens: int = 0
    chat_tokens: int = 0
    courses: dict[str, dict[str, Bid]] = field(default_factory=dict)
    plans: dict[str, PlanAccess] = field(default_factory=dict)
    purchases: dict[str, dict[str, Bought]] = field(default_factory=dict)
    memberships: dict[str, Membership] = field(default_factory=dict)
    plan_rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    charges: dict[str, ChargeWord] = field(default_factory=dict)
    lessened: dict[str, Lessened] = field(default_factory=dict)
    tier: TierState | None = None
    gone_at: datetime | None = None

    def topped_up(self, top_up: TopUp) -> None:
        """Remember a top-up among the newest."""
        known = sorted([*self.last_topups, top_up], key=_WHEN)
        self.last_topups = known[-TOP_UPS:]

    def not_topped_up(self, top_up: TopUp) -> None:
        """Forget a top-up that was not due."""
        if top_up in self.last_topups:
            self.last_topups.remove(top_up)

    def bids(self, course: str, beside: str) -> Iterator[Bid]:
        """Bids of other cases than this one."""
        return (bid for bid in self.courses.get(course, {}).values() if bid.case != beside)
