"""Rests: short where processors are to spare, so long that only a share of the time is worked where others wait for one."""

from __future__ import annotations

import pytest

from runtime.courtesy import Courtesy, queued_seconds


class Machine:
    """A clock, and how long we stood in the queue so far."""

    def __init__(self) -> None:
        self.now = self.queued = 0.0

    def work(self, courtesy: Courtesy, seconds: float, queued: float) -> float:
        with courtesy.working():
            self.now += seconds
            self.queued += queued
        return courtesy.rest()


@pytest.mark.parametrize(
    ("queued", "rest"),
    [(0.0, 0.1), (0.002, 0.1), (0.01, 1.9), (0.05, 9.9)],
    ids=["nobody waits", "hardly anybody", "others wait", "we hardly get a turn"],
)
def test_rests_go_by_how_long_we_stood_in_the_queue(queued: float, rest: float) -> None:
    machine = Machine()
    courtesy = Courtesy(0.05, 20.0, queued=lambda: machine.queued, clock=lambda: machine.now)
    assert machine.work(courtesy, 0.1, queued) == pytest.approx(rest)


def test_in_between_it_is_in_between_and_never_longer_than_the_longest() -> None:
    machine = Machine()
    courtesy = Courtesy(0.05, 0.5, queued=lambda: machine.queued, clock=lambda: machine.now)
    middle = machine.work(courtesy, 0.1, 0.006)
    assert 0.1 < middle < 0.5
    assert machine.work(courtesy, 0.1, 0.1) == 0.5
    assert machine.work(courtesy, 0.0, 0.0) == 0.0


def test_where_nobody_says_how_long_the_machine_counts_as_busy() -> None:
    machine = Machine()
    courtesy = Courtesy(0.1, 10.0, queued=lambda: None, clock=lambda: machine.now)
    assert machine.work(courtesy, 0.1, 0.0) == pytest.approx(9.9)


def test_who_may_work_all_the_time_does_not_rest() -> None:
    machine = Machine()
    courtesy = Courtesy(1.0, 10.0, queued=lambda: machine.queued, clock=lambda: machine.now)
    assert machine.work(courtesy, 0.1, 0.1) == 0.0


def test_the_kernel_says_how_long_we_have_waited_so_far() -> None:
    told = queued_seconds()
    assert told is None or told >= 0.0
