"""Columns of the tables in `lunas status` and `lunas top`."""

from __future__ import annotations

from datetime import datetime

from console.messages import text
from console.output import decimal, number
from console.tables import Column, count, plain, told
from console.times import ago

QUEUES = (
    plain("name"),
    told("ready", lambda one: number(one["ready"]) if one["exists"] else text("queue.absent"), right=True),
    count("consumers"),
)
PACE = told(
    "per_second", lambda one: None if one["per_second"] is None else decimal(one["per_second"]), right=True
)
_lag = told("lag_seconds", lambda one: decimal(one["lag_seconds"]), right=True)
READERS = (plain("name"), count("version"), count("position"), count("behind"), _lag)
READERS_BEHIND = (plain("name"), count("behind"), _lag)
"""Of those that are late, on a screen that holds everything else too."""


def providers_of(now: datetime) -> tuple[Column, ...]:
    """What each provider sent; `now` is the database's clock."""
    return (
        plain("provider"),
        told("last_event_at", lambda one: ago(one["last_event_at"], now), right=True),
        count("last_day"),
        count("slow"),
    )
