"""What follows from an attempt: the schedule, `Retry-After`, and what no further attempt can better."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notify.outcome import Next, Outcome, next_of, of_status
from notify.receiver import AHEAD_MAX, WAIT_SECONDS, ReceiverLane
from tests.unit.notify.test_webhooks import MESSAGE

SCHEDULE = (5.0, 300.0, 1800.0)
NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_only_2xx_is_taken(status: int) -> None:
    assert next_of(of_status(status, None, NOW), 1, SCHEDULE, 60.0) == Next("delivered")


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
def test_everything_else_is_tried_again_by_the_schedule_until_it_is_over(status: int) -> None:
    outcome = of_status(status, None, NOW)
    due = [next_of(outcome, attempt, SCHEDULE, 60.0) for attempt in (1, 2, 3, 4)]
    assert due == [Next("waiting", 5.0), Next("waiting", 300.0), Next("waiting", 1800.0), Next("failed")]


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ("120", 120.0),
        ("1", 5.0),
        ("999999", 600.0),
        ("soon", 5.0),
        ("-3", 5.0),
        ("1e9", 5.0),
        ("²", 5.0),
        ("Sun, 01 Mar 2026 10:05:00 GMT", 300.0),
        ("Sunday, 01-Mar-26 10:02:00 GMT", 120.0),
        ("Sun Mar  1 10:01:00 2026", 60.0),
        ("Sun, 01 Mar 2026 09:00:00 GMT", 5.0),
        ("Sun, 01 Mar 2099 10:00:00 GMT", 600.0),
        ("Sun, 99 Mar 2026 10:00:00 GMT", 5.0),
        ("Sun, 01 Mar 2026 10:05:00 +99999999999999", 5.0),
        ("Sun, 01 Mar 99999999999999999999 10:05:00 GMT", 5.0),
        ("", 5.0),
    ],
)
def test_retry_after_puts_off_but_never_hurries_and_not_for_ever(said: str, due: float) -> None:
    assert next_of(of_status(503, said, NOW), 1, SCHEDULE, 600.0) == Next("waiting", due)


def test_nobody_to_tell_is_no_failure() -> None:
    assert next_of(Outcome(False, trouble="no_address", final=True), 1, SCHEDULE, 60.0) == Next("skipped")


class Lane(ReceiverLane):
    """One whose clock stands still until it is moved."""

    def __init__(self, most: int = 4, failures: int = 2) -> None:
        self.now = 0.0
        super().__init__(most, failures, 30.0, clock=lambda: self.now)

    def take(self, count: int) -> int:
        """So many are claimed; how many of them begin."""
        for number in range(count):
            self.claimed(MESSAGE._replace(position=number))
        begun = 0
        while self.begin() is not None:
            begun += 1
        return begun

    def end(self, count: int, *, ok: bool = True, seconds: float = 0.0) -> None:
        for _ in range(count):
            self.ended(ok=ok, seconds=seconds)


def test_a_receiver_that_fails_is_left_alone_and_then_tried_with_one() -> None:
    lane = Lane()
    assert lane.take(4) == 4
    assert lane.room() == 0
    lane.end(4, ok=False)
    assert lane.left_alone
    assert lane.room() == 0
    lane.now = 30.0
    assert lane.room() == 1
    assert lane.take(1) == 1
    assert lane.room() == 0
    lane.end(1)
    assert lane.room() == 8


def test_a_quick_receiver_has_a_reserve_that_grows_and_a_slow_one_has_none() -> None:
    quick, slow = Lane(), Lane()
    for lane, seconds in ((quick, 0.01), (slow, 3.0)):
        lane.take(4)
        lane.end(4, seconds=seconds)
    assert (quick.room(), slow.room()) == (4 + 32, 4)
    assert quick.take(36) == 4
    assert quick.room() == 0
    for _ in range(20):
        quick.end(4)
        quick.take(quick.room())
    assert quick.room() + len(quick.given_back(all_of_it=True)) <= AHEAD_MAX


def test_what_is_in_reserve_is_given_back_when_its_receiver_fails() -> None:
    lane = Lane(failures=10)
    lane.take(4)
    lane.end(4)
    lane.take(lane.room())
    assert lane.given_back() == []
    lane.end(1, ok=False)
    assert lane.begin() is None
    assert lane.is_low
    assert len(lane.given_back()) == 32
    assert lane.room() == 1


def test_what_has_waited_in_reserve_for_too_long_is_given_back_and_not_begun() -> None:
    lane = Lane()
    lane.take(4)
    lane.end(4)
    lane.take(lane.room())
    lane.now = WAIT_SECONDS + 1
    lane.end(1)
    assert lane.begin() is None
    assert len(lane.given_back()) == 32


@pytest.mark.parametrize(("status", "asks"), [(429, 60.0), (503, 60.0), (500, 0.0), (413, 0.0), (301, 0.0)])
def test_a_receiver_speaks_of_itself_by_429_and_503(status: int, asks: float) -> None:
    assert of_status(status, "60", NOW).quiet == asks


@pytest.mark.parametrize("said", [None, "", "soon", "0", "Sun, 01 Mar 2026 09:00:00 GMT"])
def test_whoever_names_no_time_asks_for_none(said: str | None) -> None:
    assert of_status(429, said, NOW).quiet == 0.0


def test_whoever_asked_to_be_left_alone_is_sent_nothing_until_then() -> None:
    lane = Lane(failures=10)
    lane.take(4)
    lane.end(4)
    lane.take(lane.room())
    lane.leave_alone(60.0)
    lane.end(1, ok=False)
    lane.end(1)
    assert (lane.room(), lane.begin()) == (0, None)
    assert len(lane.given_back()) == 32
    lane.now = 59.0
    assert lane.room() == 0
    lane.now = 60.0
    lane.leave_alone(lane.now)  # as every look says of whoever asks for nothing any more
    lane.end(2)
    assert lane.room() > 1


def test_whoever_had_asked_to_be_left_alone_is_tried_with_one_first() -> None:
    lane = Lane(failures=10)
    lane.leave_alone(60.0)
    lane.now = 60.0
    assert (lane.room(), lane.take(1), lane.room()) == (1, 1, 0)
    lane.end(1, ok=False)
    assert (lane.room(), lane.take(3)) == (1, 1)
    assert len(lane.given_back(all_of_it=True)) == 2
    lane.end(1)
    assert lane.room() > 1


def test_what_was_claimed_just_now_begins_however_short_its_lease() -> None:
    lane = ReceiverLane(4, 2, 30.0, lease=1.0, attempt=15.0)
    lane.claimed(MESSAGE)
    assert lane.begin() == MESSAGE
