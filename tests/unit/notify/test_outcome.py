"""What follows from an attempt: the schedule, `Retry-After`, and what no further attempt can better."""

from __future__ import annotations

import pytest

from notify.outcome import Next, Outcome, next_of, of_status
from notify.receiver import ReceiverLane

SCHEDULE = (5.0, 300.0, 1800.0)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_only_2xx_is_taken(status: int) -> None:
    assert next_of(of_status(status, None), 1, SCHEDULE, 60.0) == Next("delivered")


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
def test_everything_else_is_tried_again_by_the_schedule_until_it_is_over(status: int) -> None:
    outcome = of_status(status, None)
    due = [next_of(outcome, attempt, SCHEDULE, 60.0) for attempt in (1, 2, 3, 4)]
    assert due == [Next("waiting", 5.0), Next("waiting", 300.0), Next("waiting", 1800.0), Next("failed")]


@pytest.mark.parametrize(
    ("said", "due"),
    [("120", 120.0), ("1", 5.0), ("999999", 600.0), ("soon", 5.0), ("-3", 5.0), ("1e9", 5.0), ("²", 5.0)],
)
def test_retry_after_puts_off_but_never_hurries_and_not_for_ever(said: str, due: float) -> None:
    assert next_of(of_status(503, said), 1, SCHEDULE, 600.0) == Next("waiting", due)


def test_nobody_to_tell_is_no_failure() -> None:
    assert next_of(Outcome(False, trouble="no_address", final=True), 1, SCHEDULE, 60.0) == Next("skipped")


def test_a_receiver_that_fails_is_left_alone_and_then_tried_with_one() -> None:
    now = [0.0]
    lane = ReceiverLane(4, 2, 30.0, clock=lambda: now[0])
    for _ in range(4):
        lane.begin()
    assert lane.room() == 0
    for _ in range(4):
        lane.ended(ok=False)
    assert lane.left_alone
    assert lane.room() == 0
    now[0] = 30.0
    assert lane.room() == 1
    lane.begin()
    assert lane.room() == 0
    lane.ended(ok=True)
    assert lane.room() == 4
