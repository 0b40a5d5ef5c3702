"""How long paid and announced periods last together: they append, without gap and without doubling. Pure functions of times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.decision_model import Lessened
from schemas.periods import JAKARTA, Period

APPEND_TOLERANCE = timedelta(days=1)
"""A period that starts within a day of the paid end continues it; one that starts later begins a new chain after a gap."""

MOST_PERIODS = 60
"""How many periods a stated end is looked for at: five years of months. Beyond them the next period is counted from the stated end."""


class Announced(NamedTuple):
    """A period that a provider stated the end of. Whatever was paid for it comes before it in time."""

    at: datetime
    until: datetime


def paid_time(
    paid: Iterable[tuple[datetime, int]], period: Period, announced: Iterable[Announced] = ()
) -> tuple[datetime, datetime]:
    """Start and end of the newest unbroken chain of periods.

    `paid` holds (start, number of periods); with `announced` there is at least one of both. The n-th end is counted from the chain's first
    day, so 31 January leads to 28 February and then to 31 March.
    """
    steps: list[tuple[datetime, datetime | None, int]] = [(start, None, count) for start, count in paid]
    steps += [(one.at, one.until, 0) for one in announced]
    steps.sort(key=lambda step: (step[0], step[1] is not None, step[1] or step[0], step[2]))
    started = anchor = ends = steps[0][0]
    counted, begun = 0, False
    for at, until, periods in steps:
        if until is not None and until <= max(at, ends + APPEND_TOLERANCE if begun else at):
            continue  # what is known already: a day more or less is the same end
        begun = True
        if at > ends + APPEND_TOLERANCE:
            started, anchor, counted = at, at, 0
        if until is None:
            counted += periods
        else:
            anchor, counted = _counted_from(at, until, period)
        ends = period.after(anchor, counted) if counted else anchor
    return started, ends


Back = tuple[datetime, int, Lessened | None]
"""Periods that were paid for: from when, how many, and what of their money went back."""


def shortened(started: datetime, ends: datetime, period: Period, back: Iterable[Back]) -> datetime:
    """The end of a chain after parts of its money went back: earlier by the same share of the time which that money had bought.

    Those before the chain are over.
    """
    lost = [(at, count, less) for at, count, less in back if less is not None and at >= started]
    seconds = sum(
        (period.after(at, count) - at) // timedelta(seconds=1) * less.back // less.of
        for at, count, less in lost
    )
    return max(started, ends - timedelta(seconds=seconds))


def _counted_from(at: datetime, until: datetime, period: Period) -> tuple[datetime, int]:
    """The day and the number of periods that lead to a stated end; the day it was announced if it can be, else the end itself."""
    clock, day = until.astimezone(JAKARTA).timetz(), at.astimezone(JAKARTA).date()
    for days in (0, -1, 1):
        first = datetime.combine(day + timedelta(days=days), clock)
        for count in range(1, MOST_PERIODS + 1):
            reached = period.after(first, count)
            if reached >= until:
                if reached == until:
                    return first, count
                break
    return until, 0
