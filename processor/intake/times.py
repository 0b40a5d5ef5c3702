"""Times that a provider states and that cannot be: nothing happened after we were told of it, and nothing of ours before 2010. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec.structs import replace

from providers.moments import EARLIEST
from schemas.event_model import EventModel
from schemas.facts import PaymentFact, SubscriptionReported
from schemas.translation import Fact

LONG_AGO = timedelta(days=1)
"""So long before its receipt an event may date itself, and an end that it states still counts from that date."""

_STATED = ("occurred_at", "as_of", "paid_at")


def believable(fact: Fact, received_at: datetime, tolerance: timedelta) -> Fact:
    """The same fact when its times can be. Otherwise they are the time of receipt, and a payment says so: its money is held.

    An end that is stated counts from its receipt: some bodies carry the day on which a membership first began, and no other.
    """
    doubt = _doubt(fact.event, received_at, tolerance)
    if doubt is None:
        return _told(fact, received_at)
    times: dict[str, object] = {
        name: received_at for name in _STATED if getattr(fact.event, name, None) is not None
    }
    if "timed" in type(fact.event).model_fields:
        times["timed"] = False
    if isinstance(fact.event, PaymentFact):
        times["untrusted_time"] = doubt
    return replace(fact, event=fact.event.model_copy(update=times))


def _told(fact: Fact, received_at: datetime) -> Fact:
    event = fact.event
    if not isinstance(event, SubscriptionReported) or event.expires_at is None:
        return fact
    if received_at - event.occurred_at <= LONG_AGO:
        return fact
    return replace(fact, event=event.amended(told_at=received_at))


def _doubt(
    event: EventModel, received_at: datetime, tolerance: timedelta
) -> Literal["time_in_future", "time_long_past"] | None:
    said = vars(event)  # asking a model for a field that it does not have costs an exception
    stated = [time for name in _STATED if (time := said.get(name)) is not None]
    if not stated:
        return None
    if max(stated) > received_at + tolerance:
        return "time_in_future"
    return "time_long_past" if min(stated) < EARLIEST else None
