"""Whose fault a failed write is, and how long we wait for the database."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from asyncpg.exceptions._base import DataError as UnencodableError

from processor.intake.failures import Failure, classify, describe
from processor.intake.patience import BUSY_ATTEMPTS, Patience, Stopping
from schemas.errors import StoreUnavailable


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (ConnectionRefusedError(), Failure.OUTAGE),
        (asyncpg.CannotConnectNowError("starting up"), Failure.OUTAGE),
        (asyncpg.AdminShutdownError("terminated"), Failure.OUTAGE),
        (asyncpg.DiskFullError("no space"), Failure.OUTAGE),
        (asyncpg.TooManyConnectionsError("no slot"), Failure.OUTAGE),
        (asyncpg.ReadOnlySQLTransactionError("standby"), Failure.OUTAGE),
        (asyncpg.ConnectionDoesNotExistError("closed"), Failure.OUTAGE),
        (asyncpg.InterfaceError("connection is closed"), Failure.OUTAGE),
        (asyncpg.InternalClientError("cannot switch to state 12"), Failure.OUTAGE),
        (asyncpg.DeadlockDetectedError("deadlock"), Failure.BUSY),
        (asyncpg.SerializationError("try again"), Failure.BUSY),
        (asyncpg.LockNotAvailableError("lock timeout"), Failure.BUSY),
        (asyncpg.QueryCanceledError("statement timeout"), Failure.BUSY),
        (TimeoutError(), Failure.BUSY),
        (StoreUnavailable(), Failure.BUSY),
        (asyncpg.UniqueViolationError("duplicate"), Failure.DATA),
        (asyncpg.CharacterNotInRepertoireError("0x00"), Failure.DATA),
        (asyncpg.NumericValueOutOfRangeError("smallint"), Failure.DATA),
        (asyncpg.ProgramLimitExceededError("index row"), Failure.DATA),
        (UnencodableError("invalid input for query argument"), Failure.DATA),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), Failure.DATA),
        (OverflowError("int too big"), Failure.DATA),
        (KeyError("x"), Failure.BUG),
        (asyncpg.UndefinedTableError("events"), Failure.BUG),
        (asyncpg.InsufficientPrivilegeError("denied"), Failure.BUG),
    ],
)
def test_every_error_has_its_kind(error: Exception, failure: Failure) -> None:
    assert classify(error) is failure


def test_a_description_never_quotes_what_was_written() -> None:
    assert (
        describe(asyncpg.UniqueViolationError("Key (email)=(r@contoh.id) exists"))
        == "UniqueViolationError 23505"
    )
    assert describe(KeyError("r@contoh.id")) == "KeyError"


def test_rules_that_were_broken_are_told_apart() -> None:
    error = asyncpg.CheckViolationError("amount 17 of r@contoh.id")
    error.constraint_name = "money_is_positive"
    assert describe(error) == "CheckViolationError 23514 money_is_positive"


class _Consumer:
    def __init__(self) -> None:
        self.calls: list[str] = []

    async def pause(self) -> None:
        self.calls.append("pause")

    async def resume(self) -> None:
        self.calls.append("resume")


def _patience(consumer: _Consumer, stop: asyncio.Event, alive: bool = True) -> Patience:
    async def sign_of_life() -> bool:
        return alive

    return Patience(consumer, stop, max_pause=0.001, alive=sign_of_life)


def _work(*outcomes: Any) -> Any:
    left = list(outcomes)

    async def work() -> Any:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return work


async def test_c25_an_outage_pauses_the_consumer_until_the_work_is_done() -> None:
    consumer = _Consumer()
    outage = [ConnectionRefusedError() for _ in range(20)]
    assert await _patience(consumer, asyncio.Event()).through(_work(*outage, "done")) == "done"
    assert consumer.calls == ["pause", "resume"]


async def test_a_busy_database_is_tried_a_few_times_without_pausing() -> None:
    consumer = _Consumer()
    patience = _patience(consumer, asyncio.Event())
    deadlocks = [asyncpg.DeadlockDetectedError("deadlock") for _ in range(BUSY_ATTEMPTS)]
    assert await patience.through(_work(*deadlocks[:-1], "done")) == "done"
    with pytest.raises(asyncpg.DeadlockDetectedError):
        await patience.through(_work(*deadlocks, "never"))
    assert consumer.calls == []


async def test_a_timeout_without_a_sign_of_life_is_an_outage() -> None:
    consumer = _Consumer()
    timeouts = [TimeoutError() for _ in range(BUSY_ATTEMPTS + 5)]
    assert await _patience(consumer, asyncio.Event(), alive=False).through(_work(*timeouts, "done")) == "done"
    assert consumer.calls == ["pause", "resume"]


@pytest.mark.parametrize("error", [asyncpg.UniqueViolationError("x"), KeyError("x")])
async def test_what_waiting_cannot_cure_is_raised_at_once(error: Exception) -> None:
    consumer = _Consumer()
    with pytest.raises(type(error)):
        await _patience(consumer, asyncio.Event()).through(_work(error, "never"))
    assert consumer.calls == []


async def test_stopping_ends_the_wait_for_the_database() -> None:
    consumer, stop = _Consumer(), asyncio.Event()

    async def away() -> None:
        stop.set()
        raise ConnectionRefusedError

    with pytest.raises(Stopping):
        await _patience(consumer, stop).through(away)
    assert consumer.calls == ["pause"]
