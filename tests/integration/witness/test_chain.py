"""What was once in the log is there in the end, and nothing before it that was not: both are broken on purpose."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.waiting import until
from tests.witness import chain
from tests.witness.chain import CHANGED, LATE, UNSEEN, against, compared_again, look, pieces, watched

EVENT = """
INSERT INTO events (position, stream_id, event_id, version, schema_version, stream, type, data, metadata) OVERRIDING SYSTEM VALUE
VALUES ($1::bigint, 1, gen_random_uuid(), $1::bigint::int, 1, 'customer-x', 'customer.registered', '{"n": 1}', '{}')
"""


@pytest.fixture
async def log(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """As somebody writes to it who may do everything: past every guard. Positions 10, 20 … 50."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.executemany(EVENT, [(position,) for position in range(10, 60, 10)])
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def seen(
    log: asyncpg.Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Written down: 10 to 50, and later 60."""
    path = tmp_path / "log"
    path.touch()
    await look(path, database_url)
    await log.execute(EVENT, 60)
    await look(path, database_url)
    await look(path, database_url)
    assert pieces(path) == 2
    return path


async def test_what_came_since_is_nothing_against_it(
    log: asyncpg.Connection, seen: Path, database_url: str
) -> None:
    await log.execute(EVENT, 70)
    assert await against(seen, database_url) == {}
    assert await compared_again(seen, database_url) == {}


async def test_an_event_that_changed_is_named(log: asyncpg.Connection, seen: Path, database_url: str) -> None:
    await log.execute("UPDATE events SET data = '{\"n\": 2}' WHERE position = 60")
    said = {CHANGED: ["after position 50 up to 60: 1 events in place of 1"]}
    assert await against(seen, database_url) == said
    assert await compared_again(seen, database_url) == said


async def test_an_event_that_went_is_named(log: asyncpg.Connection, seen: Path, database_url: str) -> None:
    await log.execute("DELETE FROM events WHERE position = 30")
    assert await against(seen, database_url) == {
        CHANGED: ["after position 0 up to 50: 4 events in place of 5"]
    }


async def test_an_event_that_came_behind_what_was_there_is_named(
    log: asyncpg.Connection, seen: Path, database_url: str
) -> None:
    """Whoever reads on from where they are passes it by."""
    await log.execute(EVENT, 55)
    assert await against(seen, database_url) == {LATE: ["after position 50 up to 60: 2 events in place of 1"]}


async def test_what_is_new_is_taken_in_pieces_and_nothing_twice(
    log: asyncpg.Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "_NEW", chain._NEW.replace(str(chain.PIECE), "2"))
    monkeypatch.setattr(chain, "PIECE", 2)
    path = tmp_path / "log"
    path.touch()
    await look(path, database_url)
    assert pieces(path) == 3
    assert await against(path, database_url) == {}


async def test_another_process_looks_while_a_run_lasts_and_is_gone_with_it(
    log: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    async with watched(path, database_url):
        await until(lambda: pieces(path) == 1)
        await log.execute(EVENT, 60)
        await until(lambda: pieces(path) == 2)
    await log.execute("DELETE FROM events WHERE position = 60")
    assert list(await compared_again(path, database_url)) == [CHANGED]


async def test_a_log_of_which_nothing_was_seen_is_not_called_unchanged(
    database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.touch()
    assert list(await compared_again(path, database_url)) == [UNSEEN]
    path.write_text('{"after": 0, "through": 1, "events": 1, "digest": ""}\n')
    assert list(await compared_again(path, database_url + "_elsewhere")) == [UNSEEN]
