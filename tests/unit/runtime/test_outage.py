"""An outage of the database is one line when it begins and one when it ends, whatever else fails meanwhile."""

from __future__ import annotations

import asyncio
import logging

import asyncpg
import pytest

from runtime import database
from runtime import outage as told
from runtime.database import open_pool
from runtime.outage import Outage
from runtime.settings import Settings

NOBODY = "postgresql://nobody@127.0.0.1:1/nothing"


class Lines(list[dict[str, object]]):
    """What was logged, whatever other tests did to the logging of this process."""

    def warning(self, event: str, **values: object) -> None:
        self.append({"level": "warning", "event": event, **values})

    def info(self, event: str, **values: object) -> None:
        self.append({"level": "info", "event": event, **values})

    @property
    def actions(self) -> list[object]:
        return [line["action"] for line in self]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    lines = Lines()
    monkeypatch.setattr(told, "log", lines)
    monkeypatch.setattr(database, "log", lines)
    return lines


def test_an_outage_is_told_when_it_begins_and_when_it_ends_and_not_in_between(lines: Lines) -> None:
    now = [100.0]
    outage = Outage(clock=lambda: now[0])
    outage.ended()
    for _ in range(50):
        outage.began(ConnectionRefusedError())
        assert outage.explains(TimeoutError())
    now[0] += 12.34
    outage.ended()
    outage.ended()
    assert lines.actions == ["database.away", "database.back"]
    assert (lines[0]["level"], lines[0]["error"]) == ("warning", "ConnectionRefusedError")
    assert lines[1]["away_seconds"] == 12.3


def test_a_lost_connection_begins_an_outage_but_a_slow_answer_or_a_gone_caller_does_not(lines: Lines) -> None:
    outage = Outage()
    for harmless in (
        TimeoutError(),
        ConnectionResetError(),
        asyncpg.TooManyConnectionsError("x"),
        asyncpg.DeadlockDetectedError("x"),
    ):
        assert not outage.explains(harmless)
    assert outage.explains(asyncpg.ConnectionDoesNotExistError("x"))
    assert lines.actions == ["database.away"]


async def test_waiting_for_a_database_that_is_not_there_is_one_line_without_a_traceback(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "DATABASE", Outage())
    monkeypatch.setattr(database, "RETRY_PAUSE_SECONDS", 0.01)
    settings = Settings(database_url=NOBODY, database_start_timeout_seconds=0.2)
    with pytest.raises(ConnectionRefusedError):
        async with open_pool(settings, "test"):
            raise AssertionError("nobody is there")
    assert lines.actions == ["database.away"]


def test_the_pools_own_traceback_is_dropped_for_an_outage_only() -> None:
    def record(error: BaseException) -> logging.LogRecord:
        return logging.LogRecord(
            "asyncpg.pool", logging.WARNING, "", 0, "floor", None, (type(error), error, None)
        )

    pool = logging.getLogger("asyncpg.pool")
    pool.addFilter(database._not_told_yet)
    assert not pool.filter(record(ConnectionRefusedError()))
    assert not pool.filter(record(asyncpg.CannotConnectNowError("x")))
    assert pool.filter(record(asyncpg.InvalidPasswordError("x")))
    assert pool.filter(logging.LogRecord("asyncpg.pool", logging.WARNING, "", 0, "other", None, None))


async def test_a_connection_that_is_made_ends_the_outage(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = Outage()
    monkeypatch.setattr(database, "DATABASE", outage)
    full = asyncpg.TooManyConnectionsError("x")  # it is there
    answers = iter([full, ConnectionRefusedError(), asyncpg.CannotConnectNowError("x"), None])

    async def connecting(*_arguments: object, **_options: object) -> object:
        await asyncio.sleep(0)
        if (error := next(answers)) is not None:
            raise error
        return object()

    monkeypatch.setattr(database, "open_connection", connecting)
    with pytest.raises(asyncpg.TooManyConnectionsError):
        await database.connect(NOBODY)
    assert lines.actions == []
    for _ in range(2):
        with pytest.raises((OSError, asyncpg.CannotConnectNowError)):
            await database.connect(NOBODY)
    await database.connect(NOBODY)
    assert lines.actions == ["database.away", "database.back"]
