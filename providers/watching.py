"""Asking a provider what became of a payment that we asked for, and closing it there. Values only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from providers.outgoing import CallFailed
from schemas.attested import attested
from schemas.errors import AmountError, UntranslatableError
from schemas.facts import PaymentExpired, PaymentFailed, PaymentSettled, PaymentSucceeded
from schemas.translation import Fact

Told = PaymentSucceeded | PaymentSettled | PaymentExpired | PaymentFailed


class Watched(BaseModel):
    """A request by our name and by the provider's."""

    model_config = ConfigDict(frozen=True)

    reference: str
    kind: Literal["topup", "order"]
    payment_key: str
    last: bool = False
    """Nobody asks about it again."""


class Looked(BaseModel):
    """What the provider says. `payable`: a payer can still pay there, and it is to be closed. `facts`: what there is to tell."""

    model_config = ConfigDict(frozen=True)

    status: str
    payable: bool = False
    facts: tuple[Told, ...] = ()

    @property
    def paid(self) -> bool:
        return any(isinstance(fact, PaymentSucceeded | PaymentSettled) for fact in self.facts)


def told(read: Callable[[datetime], Fact | None]) -> tuple[Told, ...]:
    """The fact that a webhook with the same words would have been; told to our own question, so not by whoever knows a token.

    Raises CallFailed for words that no webhook may say either.
    """
    try:
        found = read(datetime.now(UTC))
    except (UntranslatableError, AmountError):
        raise CallFailed("unknown", "provider_unreadable") from None
    event = None if found is None else found.event
    if isinstance(event, PaymentSucceeded | PaymentSettled | PaymentExpired | PaymentFailed):
        return (attested(event, "api_confirmed"),)
    return ()


@runtime_checkable
class WatchClient(Protocol):
    """Calls to one provider. `look` and `withdraw` raise `CallFailed` (providers/outgoing.py)."""

    def at_leisure(self) -> bool:
        """Whether a call that can wait may be made now: it takes no turn from a payer."""

    async def look(self, one: Watched) -> Looked:
        """What became of it."""

    async def withdraw(self, one: Watched) -> None:
        """Nobody can pay it there any more. Doing it again does no harm; `refused` when it ended in another way before, paid or not."""


@runtime_checkable
class Cancelling(WatchClient, Protocol):
    """A provider that lets go of a payment when its payer says so. `cancels`: kinds of requests."""

    cancels: frozenset[str]
