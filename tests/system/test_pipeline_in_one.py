"""`lunas run all`: every process inside one, for small shops."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from console import exits, main
from console.player import play
from tests.system.pipeline import Pipeline, settle, top_up


async def test_one_process_does_it_all_and_stops_cleanly(
    database_url: str, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_DATABASE_URL", database_url)
    monkeypatch.setenv("LUNAS_HOME", str(tmp_path))
    assert await asyncio.to_thread(main.run, ["migrate", "--json"]) == exits.FINE
    async with Pipeline(database_url, broker_url, tmp_path, processes=("all",)) as pipeline:
        await pipeline.register(["c1"])
        [answer] = await play(pipeline.ingress, [top_up(1, "c1", 50_000)])
        assert answer.status == 200
        assert await settle(pipeline, {"c1": 500_000}) == {"c1": 500_000}
        async with aiohttp.ClientSession() as session, session.get(f"{pipeline.console}/livez") as page:
            assert page.status == 200
        assert await pipeline.terminate("all") == 0, pipeline.log("all")[-3000:]
