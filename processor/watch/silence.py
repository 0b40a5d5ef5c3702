"""When a provider that should send does not. Pure: the history, the limits and the clock are given.

How much came in the same hours of earlier weeks says what should have come by now. Weeks are counted in sevens of days, so the same hours of the
week are meant in Jakarta as anywhere: no clock is changed there. Nothing is said on the word of few weeks, or of few webhooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

DAY = timedelta(hours=24)
"""Of a longer silence the last day is compared: it says as much, and costs no more to read."""
WEEK = timedelta(hours=168)
"""Unless a day never brings enough to say anything: then up to a week is."""
FORGIVING_WEEKS = 4
"""From so many weeks on the lowest one is left out: one may have been a holiday, or an outage."""


@dataclass(frozen=True, slots=True)
class History:
    """A provider's newest webhook, and how many came in the same time of each earlier week that we were there for, newest first."""

    provider: str
    last_at: datetime
    since: datetime
    weeks: Sequence[int]


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing came since `last_at`; from `since` to now at least `expected` came in the same hours of nearly each of `weeks` weeks."""

    provider: str
    last_at: datetime
    since: datetime
    expected: int
    weeks: int


def expected(weeks: Sequence[int]) -> int:
    """What comes in such a time even in a poor week."""
    if not weeks:
        return 0
    ordered = sorted(weeks)
    return ordered[1] if len(ordered) >= FORGIVING_WEEKS else ordered[0]


def is_quiet(history: History, now: datetime, expected_min: int) -> bool:
    """Whether a day of this provider says nothing by itself, and it has been silent for longer."""
    return history.last_at <= now - DAY and max(history.weeks, default=0) < expected_min


def silences(histories: Iterable[History], *, weeks_min: int, expected_min: int) -> list[Silence]:
    """Who should have sent something by now."""
    found = []
    for one in histories:
        usual = expected(one.weeks)
        if len(one.weeks) >= weeks_min and usual >= expected_min:
            found.append(Silence(one.provider, one.last_at, one.since, usual, len(one.weeks)))
    return found
