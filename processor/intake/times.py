"""Times that a provider states and that cannot be: nothing happened after we were told of it, and nothing of ours before 2010. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from schemas.event_model import EventModel
from schemas.facts import PaymentFact
from schemas.translation import Fact

EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
"""None of the providers existed before; such a time is a default of somebody's program."""

_STATED = ("occurred_at", "as_of", "paid_at")


def believable(fact: Fact, received_at: datetime, tolerance: timedelta) -> Fact:
    """The same fact when its times can be. Otherwise they are the time of receipt, and a payment says so: its money is held."""
    doubt = _doubt(fact.event, received_at, tolerance)
    if doubt is None:
        return fact
    times: dict[str, object] = {
        name: received_at for name in _STATED if getattr(fact.event, name, None) is not None
    }
    if "timed" in type(fact.event).model_fields:
        times["timed"] = False
    if isinstance(fact.event, PaymentFact):
        times["untrusted_time"] = doubt
    return replace(fact, event=fact.event.model_copy(update=times))


def _doubt(
    event: EventModel, received_at: datetime, tolerance: timedelta
) -> Literal["time_in_future", "time_long_past"] | None:
    stated = [time for name in _STATED if (time := getattr(event, name, None)) is not None]
    if any(time > received_at + tolerance for time in stated):
        return "time_in_future"
    return "time_long_past" if any(time < EARLIEST for time in stated) else None
