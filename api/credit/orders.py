"""An order to an account, as it waits to be served, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from api.checkout.idempotency import FirstAnswer
from api.credit.acts import Act, Capture, Release, Reserve, SetAside, Spend, Use
from api.credit.quotas import QuotasLeft
from schemas.credit_events import (
    CreditCaptured,
    CreditReleased,
    CreditReservationExpired,
    CreditReserved,
    CreditSpent,
    UsageRecorded,
)
from schemas.event_model import EventModel
from schemas.problems import Problem


@dataclass(frozen=True, slots=True)
class Settled:
    """The event an order led to, now or when it was given first, and after a report of use the quotas as they are then."""

    event: EventModel
    position: int
    quotas: QuotasLeft | None


Answering = Callable[[Settled], FirstAnswer]


@dataclass(slots=True)
class CreditOrder:
    """`act` None: just look at the account, let expire what is over and say what is to be said. `key`: the Idempotency-Key."""

    customer_id: str
    act: Act | None
    answering: Answering = field(default=lambda _: FirstAnswer(204, {}))
    key: str | None = None
    digest: bytes = b""
    served: asyncio.Future[FirstAnswer | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def resolve(self, answer: FirstAnswer | None) -> None:
        """Nobody may be waiting any more."""
        if not self.served.done():
            self.served.set_result(answer)

    def fail(self, error: BaseException) -> None:
        if not self.served.done():
            self.served.set_exception(error)


def repeats(act: Act, event: EventModel) -> bool:
    """Whether this act asks again for what led to this event."""
    if isinstance(act, Spend) and isinstance(event, CreditSpent):
        return (act.tokens, act.reason) == (event.tokens, event.reason)
    if isinstance(act, Reserve) and isinstance(event, CreditReserved):
        return (act.tokens, act.seconds) == (event.tokens, (event.expires_at - event.at).total_seconds())
    if isinstance(act, SetAside) and isinstance(event, CreditReserved):
        return act.case == event.refund_of
    if isinstance(act, Use) and isinstance(event, UsageRecorded):
        if act.meter is not None and event.metered is not None:
            told = event.metered
            return (act.meter, act.units, act.papers) == (told.meter, told.units, event.papers)
        told_so = (act.meter is not None) == (event.metered is not None)
        return told_so and (act.tokens, act.papers) == (event.tokens, event.papers)
    if isinstance(act, Capture) and isinstance(event, CreditCaptured):
        return act.tokens == event.tokens
    return isinstance(act, Release) and isinstance(event, CreditReleased)


def other_use(event: EventModel) -> Problem:
    """The reference is taken, or the reservation is over."""
    outcome = {CreditCaptured: "captured", CreditReleased: "released", CreditReservationExpired: "expired"}
    if type(event) in outcome:
        return Problem("reservation_closed", outcome=outcome[type(event)])
    return Problem("reference_reused")
