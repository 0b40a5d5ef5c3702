"""What an error of a round means is said by its branch: what is transient passes, what is permanent waits for somebody, and nothing is skipped."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from processor.cases.state import StateUnreadable
from processor.fulfilment.rounds import DatabaseAway, Fulfilment, RecordsMissing, Round
from processor.fulfilment.runner import FulfilmentMetrics, whole_round
from processor.fulfilment.work import PolicyFailed
from runtime.settings import Settings
from schemas.errors import Permanent, StoreUnavailable, Transient, UnknownEventVersion, WrongExpectedVersion

DONE = Round(facts=1, decisions=2, more=False)


class Failing:
    """Fails this often, then does its work."""

    def __init__(self, error: Exception, times: int = 2) -> None:
        self.error, self.times, self.rounds = error, times, 0
        self.left_out: list[PolicyFailed] = []
        self.seen: list[float] = []

    async def round(self, *, timers: bool) -> Round:
        self.rounds += 1
        if self.rounds <= self.times:
            raise self.error
        return DONE

    def leave_out(self, failure: PolicyFailed) -> None:
        self.left_out.append(failure)


async def play(error: Exception, stop: asyncio.Event | None = None) -> tuple[Failing, Round | None, Any]:
    registry, failing = CollectorRegistry(), Failing(error)
    settings = Settings(processor_backoff_max_seconds=0.01)
    done = await whole_round(
        cast("Fulfilment", failing),
        settings,
        stop or asyncio.Event(),
        FulfilmentMetrics(registry),
        timers=True,
    )
    return failing, done, registry.get_sample_value


@pytest.mark.parametrize(
    "error", [WrongExpectedVersion("customer-c-1", 1, 2), StoreUnavailable(), Transient()]
)
async def test_a_race_is_run_again_and_counted(error: Exception) -> None:
    failing, done, value = await play(error)
    assert (failing.rounds, done) == (3, DONE)
    assert (value("lunas_fulfilment_races_total"), value("lunas_fulfilment_stuck")) == (2, 0)


async def test_a_database_that_is_away_is_waited_for_and_is_no_race() -> None:
    away = DatabaseAway()
    away.__cause__ = ZeroDivisionError()
    with capture_logs() as told:
        failing, done, value = await play(away)
    assert (failing.rounds, done, value("lunas_fulfilment_races_total")) == (3, DONE, 0)
    assert [(one["action"], one["error"]) for one in told] == [("fulfilment.wait", "ZeroDivisionError")] * 2


@pytest.mark.parametrize(
    "error",
    [
        RecordsMissing(),
        StateUnreadable(),
        UnknownEventVersion("payment.told", 9),
        Permanent("of a later day"),
    ],
)
async def test_what_is_permanent_stands_still_says_why_and_goes_on_when_somebody_acted(
    error: Exception,
) -> None:
    with capture_logs() as told:
        failing, done, value = await play(error)
    assert (failing.rounds, done) == (3, DONE)
    assert (value("lunas_fulfilment_races_total"), value("lunas_fulfilment_stuck")) == (0, 0)
    assert [(one["action"], one["detail"]) for one in told] == [("fulfilment.stuck", str(error))] * 2


async def test_a_case_that_a_bug_keeps_from_being_decided_is_left_out() -> None:
    failure = PolicyFailed("xendit:py-1", ZeroDivisionError())
    failing, done, value = await play(failure)
    assert (failing.left_out, done) == ([failure, failure], DONE)
    assert value("lunas_fulfilment_stuck") == 0


async def test_a_bug_of_ours_is_not_repeated() -> None:
    with pytest.raises(ZeroDivisionError):
        await play(ZeroDivisionError())


async def test_stopping_ends_the_waiting() -> None:
    stop = asyncio.Event()
    stop.set()
    failing, done, _ = await play(RecordsMissing(), stop)
    assert (failing.rounds, done) == (1, None)
