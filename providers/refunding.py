"""Giving money back: what any provider is asked, what it answers, and what is known beforehand to be impossible. Values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from schemas.facts import RefundFailed, RefundSucceeded

Obstacle = Literal["refund_no_api", "refund_channel", "refund_whole_only", "refund_too_late"]
"""Why a provider is not even asked; each is a reason of the problem `refund_not_supported`."""


@dataclass(frozen=True, slots=True)
class RefundWish:
    """So much of a payment is to go back. `channel` and `method` as the payment has them."""

    amount_idr: int
    received_idr: int
    channel: str | None
    method: str | None
    paid_at: datetime | None
    now: datetime


RefundRule = Callable[[RefundWish], Obstacle | None]
"""What is known to be impossible. None: the provider is asked."""


def no_refunds(_: RefundWish) -> Obstacle | None:
    """Of a provider whose API gives nothing back: it is done at its dashboard."""
    return "refund_no_api"


def unnamed_refund(payment_key: str, amount_idr: int, number: int = 1) -> str:
    """What a refund is known by at a provider that gives refunds no name: its payment and its rupiah, and the how many-th of that size it is."""
    return f"{payment_key}-back-{amount_idr}" + (f"-{number}" if number > 1 else "")


class RefundAsk(BaseModel):
    """`reference` is ours, unique, and repeated by the provider; `names` are the payment's ids at the provider."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reference: str
    names: tuple[str, ...]
    payment_id: str
    amount_idr: int
    reason: str


class RefundSaid(BaseModel):
    """A refund as its provider shows it. `fact`: its end, once there is one."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    provider_refund_id: str
    fact: RefundSucceeded | RefundFailed | None = None


@runtime_checkable
class RefundClient(Protocol):
    """Calls to one provider. Both raise `CallFailed` (providers/outgoing.py)."""

    async def refund(self, ask: RefundAsk) -> RefundSaid:
        """Give money back. Never twice: after a call whose end is unknown, `find_refund` comes first."""

    async def find_refund(self, ask: RefundAsk) -> RefundSaid | None:
        """The refund that was made for this reference, if any."""
