"""Liveness never asks a dependency; readiness names what is missing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from runtime.health import Health
from runtime.metrics import metrics_server, new_registry
from tests.waiting import until


@pytest.fixture
def health() -> Health:
    return Health("processor")


@pytest.fixture
async def url(health: Health) -> AsyncIterator[str]:
    async with metrics_server(new_registry(), health, host="127.0.0.1", port=0) as (host, port):
        yield f"http://{host}:{port}"


async def get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def test_ready_when_every_check_passes(health: Health, url: str) -> None:
    health.add("database", lambda: True)
    assert await get(f"{url}/readyz") == (
        200,
        '{"process":"processor","status":"ready","checks":{"database":"ok"}}',
    )


async def test_a_failing_raising_or_hanging_check_is_not_ready_but_alive(
    health: Health, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.health.CHECK_TIMEOUT_SECONDS", 0.05)

    async def hang() -> bool:
        await asyncio.sleep(60)
        return True

    def broken() -> bool:
        raise OSError("away")

    health.add("says_no", lambda: False)
    health.add("raises", broken)
    health.add("hangs", hang)
    status, text = await get(f"{url}/readyz")
    assert status == 503
    assert text.count('"failed"') == 3
    assert (await get(f"{url}/livez"))[0] == 200


async def test_a_check_that_hangs_beyond_its_cancellation_is_not_waited_for_nor_begun_twice(
    health: Health, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a driver does that says goodbye to a frozen server."""
    monkeypatch.setattr("runtime.health.CHECK_TIMEOUT_SECONDS", 0.05)
    begun, thawed = [], asyncio.Event()

    async def frozen() -> bool:
        begun.append(1)
        try:
            await thawed.wait()
        finally:
            await thawed.wait()
        return True

    health.add("database", frozen)
    for _ in range(2):
        async with asyncio.timeout(60):
            assert (await get(f"{url}/readyz"))[0] == 503
    assert len(begun) == 1
    thawed.set()
    await until(lambda: ready(url))


async def ready(url: str) -> bool:
    return (await get(f"{url}/readyz"))[0] == 200


async def test_draining_is_not_ready(health: Health, url: str) -> None:
    health.draining = True
    status, text = await get(f"{url}/readyz")
    assert (status, '"draining"' in text) == (503, True)


async def test_metrics_are_shown_in_the_text_format(url: str) -> None:
    status, text = await get(f"{url}/metrics")
    assert status == 200
    assert "process_cpu_seconds_total" in text


async def test_a_note_is_told_and_keeps_nobody_from_being_ready(health: Health, url: str) -> None:
    words = ["open"]
    health.note("left_alone.xendit", lambda: words[0] if words else None)
    status, said = await get(f"{url}/readyz")
    assert (status, json.loads(said)["notes"]) == (200, {"left_alone.xendit": "open"})
    words.clear()
    assert "notes" not in (await get(f"{url}/readyz"))[1]
