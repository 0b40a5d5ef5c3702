"""Read calls from a hot standby, with real servers and processes: they say how far it is behind, and come from the database when it will not do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from console.player import play
from eventstore.migrations import migrate
from tests.archived import ArchivedServer, archived_server
from tests.hot_standby import hot_standby
from tests.system.pipeline import CUSTOMERS, Pipeline, expected_tokens, settle, top_up
from tests.waiting import until

pytestmark = pytest.mark.heavy

FIRST, SECOND = top_up(1, "c1", 10_000), top_up(2, "c1", 20_000)
BEFORE, AFTER = expected_tokens([FIRST])["c1"], expected_tokens([FIRST, SECOND])["c1"]
FOR_EVER = "3600"


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[tuple[ArchivedServer, ArchivedServer]]:
    with archived_server() as primary:
        await primary.start()
        await primary.create()
        await migrate(primary.url)
        home = primary.folder.parent / "standby"
        home.mkdir(mode=0o755)
        async with hot_standby(primary, home) as standby:
            yield primary, standby


async def balance(shop: Pipeline, **query: str) -> dict[str, Any]:
    headers = {"Authorization": "Bearer dev-api-key"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{shop.api}/v1/customers/c1/balance", params=query) as answer,
    ):
        assert answer.status == 200, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found


async def answered_by(shop: Pipeline, source: str) -> float:
    async with aiohttp.ClientSession() as session, session.get(f"{shop.shown('api')}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith(f'lunas_api_reads_total{{source="{source}"}}')
    )


async def comes_from(shop: Pipeline, source: str, tokens: int) -> bool:
    """Whether a balance that is read now comes from there, and is that."""
    before = await answered_by(shop, source)
    read = await balance(shop)
    return await answered_by(shop, source) == before + 1 and read["credit_tokens"] == tokens


async def test_reads_say_how_far_the_standby_is_behind_and_come_from_the_database_when_it_is_away(
    servers: tuple[ArchivedServer, ArchivedServer], broker_url: str, tmp_path: Path
) -> None:
    primary, standby = servers
    more = {"LUNAS_DATABASE_READ_URL": standby.url, "LUNAS_STANDBY_MOST_LAG_SECONDS": FOR_EVER}
    async with Pipeline(primary.url, broker_url, tmp_path, more=more) as shop:
        await shop.register(CUSTOMERS)
        await play(shop.ingress, [FIRST])
        assert await settle(shop, {"c1": BEFORE}) == {"c1": BEFORE}
        await until(lambda: comes_from(shop, "standby", BEFORE))

        # It stands still, and says so; who has seen more is answered by who has it.
        await standby.execute("SELECT pg_wal_replay_pause()")
        await play(shop.ingress, [SECOND])
        await until(lambda: credited(primary, AFTER))
        position = await primary.value("SELECT min(position) FROM lunas.projection_positions")
        await until(lambda: comes_from(shop, "standby", BEFORE))
        behind = (await balance(shop))["lag_seconds"]
        assert behind > 0
        await until(lambda: grows(shop, behind + 1))
        assert (await balance(shop, min_position=str(position)))["credit_tokens"] == AFTER

        # It goes on.
        await standby.execute("SELECT pg_wal_replay_resume()")
        await until(lambda: comes_from(shop, "standby", AFTER))

        # It is gone. Nobody is answered worse for it.
        standby.kill()
        assert (await balance(shop))["credit_tokens"] == AFTER
        await until(lambda: comes_from(shop, "database", AFTER))


async def credited(server: ArchivedServer, tokens: int) -> bool:
    found = await server.value("SELECT credit_tokens FROM lunas.balances WHERE customer_id = 'c1'")
    return found == tokens


async def grows(shop: Pipeline, beyond: float) -> bool:
    read = await balance(shop)
    return bool(read["lag_seconds"] > beyond and read["credit_tokens"] == BEFORE)
