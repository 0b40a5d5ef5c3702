"""The procedure of docs/runbooks/restore.md, step by step, with real processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from console import exits, main
from console.player import play
from tests.services import DatabaseServer
from tests.system.pipeline import (
    Pipeline,
    assert_every_answer_is_stored_once,
    expected_tokens,
    settle,
    top_up,
)

pytestmark = pytest.mark.heavy

BEHIND_THE_QUEUE = ("processor", "projections", "api")
YESTERDAY = [top_up(number, f"c{number % 5}", 10_000 + number) for number in range(20)]
LOST = [top_up(number, f"c{number % 7}", 20_000 + number) for number in range(100, 130)]
MEANWHILE = [top_up(number, f"c{number % 3}", 30_000 + number) for number in range(200, 210)]


class Backup:
    """A copy of the whole database at one moment, as a dump is one."""

    def __init__(self, admin_url: str, database: str) -> None:
        self._admin_url = admin_url
        self._database = database
        self._copy = f"{database}_backup"

    async def take(self) -> None:
        await self._execute(f'CREATE DATABASE "{self._copy}" TEMPLATE "{self._database}"')

    async def restore(self) -> None:
        """Loses everything and puts the copy in its place."""
        await self._execute(f'DROP DATABASE "{self._database}" WITH (FORCE)')
        await self._execute(f'CREATE DATABASE "{self._database}" TEMPLATE "{self._copy}"')

    async def forget(self) -> None:
        await self._execute(f'DROP DATABASE IF EXISTS "{self._copy}"')

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._admin_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture
async def backup(postgres: DatabaseServer, database_url: str) -> AsyncIterator[Backup]:
    made = Backup(postgres.admin_url, urlsplit(database_url).path.lstrip("/"))
    yield made
    await made.forget()


async def start_again(pipeline: Pipeline) -> None:
    for name in BEHIND_THE_QUEUE:
        pipeline.start(name)
    await asyncio.gather(*(pipeline.wait_ready(name) for name in BEHIND_THE_QUEUE))


async def test_c150_a_backup_of_yesterday_and_what_providers_send_again_are_the_truth(
    pipeline: Pipeline, backup: Backup
) -> None:
    answers = await play(pipeline.ingress, YESTERDAY)
    assert await settle(pipeline, expected_tokens(YESTERDAY)) == expected_tokens(YESTERDAY)
    for name in BEHIND_THE_QUEUE:
        assert await pipeline.terminate(name) == 0
    await backup.take()
    await start_again(pipeline)
    answers += await play(pipeline.ingress, LOST)
    before = expected_tokens([*YESTERDAY, *LOST])
    assert await settle(pipeline, before) == before

    # The accident. Ingress and the broker go on.
    for name in BEHIND_THE_QUEUE:
        await pipeline.kill(name)
    await backup.restore()
    answers += await play(pipeline.ingress, MEANWHILE)
    await start_again(pipeline)
    without = expected_tokens([*YESTERDAY, *MEANWHILE])
    assert await settle(pipeline, without) == without

    # Resent from a little before the backup, to be safe.
    answers += await play(pipeline.ingress, [*YESTERDAY[-5:], *LOST])
    after = expected_tokens([*YESTERDAY, *LOST, *MEANWHILE])
    assert await settle(pipeline, after) == after
    assert {answer.status for answer in answers} == {200}
    await assert_every_answer_is_stored_once(pipeline, answers)
    assert await asyncio.to_thread(main.run, ["projections", "verify"]) == exits.FINE
