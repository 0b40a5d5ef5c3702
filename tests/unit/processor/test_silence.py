"""When a provider that should send does not: what the history must say before anybody is woken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from processor.watch.silence import History, expected, silences

NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)


def heard(*weeks: int) -> History:
    return History("xendit", NOW - timedelta(hours=1), NOW - timedelta(hours=1), weeks)


@pytest.mark.parametrize(("weeks", "usual"), [
    ((), 0), ((50,), 50), ((50, 40), 40), ((50, 40, 30), 30), ((50, 40, 30, 0), 30), ((0, 0, 30, 40), 0), ((12,) * 8, 12),
])  # fmt: skip
def test_a_poor_week_counts_and_one_very_poor_one_is_forgiven(weeks: Sequence[int], usual: int) -> None:
    assert expected(weeks) == usual


@pytest.mark.parametrize(("weeks", "alarm"), [
    ((), False), ((1000,), False), ((1000, 1000), False), ((10, 10, 10), True), ((9, 100, 100), False), ((0, 10, 10, 10), True),
    ((0, 0, 100, 100), False), ((9,) * 8, False), ((10,) * 8, True),
])  # fmt: skip
def test_nobody_is_woken_on_the_word_of_few_weeks_or_few_webhooks(weeks: Sequence[int], alarm: bool) -> None:
    found = silences([heard(*weeks)], weeks_min=3, expected_min=10)
    assert bool(found) == alarm
    if alarm:
        assert (found[0].provider, found[0].weeks) == ("xendit", len(weeks))
