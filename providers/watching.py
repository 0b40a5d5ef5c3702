"""Asking a provider what became of a payment that we asked for, and closing it there. Values only."""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from schemas.facts import PaymentExpired, PaymentFailed, PaymentSettled, PaymentSucceeded

Told = PaymentSucceeded | PaymentSettled | PaymentExpired | PaymentFailed


class Watched(BaseModel):
    """A request by our name and by the provider's."""

    model_config = ConfigDict(frozen=True)

    reference: str
    kind: Literal["topup", "order"]
    payment_key: str


class Looked(BaseModel):
    """What the provider says. `payable`: a payer can still pay there, and we could close it. `fact`: what there is to tell."""

    model_config = ConfigDict(frozen=True)

    status: str
    payable: bool = False
    fact: Told | None = None


@runtime_checkable
class WatchClient(Protocol):
    """Calls to one provider. Both raise `CallFailed` (providers/outgoing.py)."""

    async def look(self, one: Watched) -> Looked:
        """What became of it."""

    async def withdraw(self, one: Watched) -> None:
        """Nobody can pay it there any more. Doing it again does no harm; `refused` when it ended in another way before, paid or not."""


@runtime_checkable
class Cancelling(WatchClient, Protocol):
    """A provider that lets go of a payment when its payer says so. `cancels`: kinds of requests."""

    cancels: frozenset[str]
