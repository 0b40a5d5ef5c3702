"""One running pipeline per test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console import exits, main, player
from tests.system.pipeline import CUSTOMERS, PATIENT, Pipeline


@pytest.fixture(autouse=True)
def providers_come_again_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real ones do for hours; a door that was killed is open again when a busy machine has started it, which may be long after the player's pauses."""
    monkeypatch.setattr(player, "RETRY_PAUSES_SECONDS", (*player.RETRY_PAUSES_SECONDS, *[2.0] * 60))


@pytest.fixture(autouse=True)
def commands_wait_for_what_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is: nothing hangs here unless a test says so."""
    for name, value in PATIENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
async def pipeline(
    database_url: str, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pipeline]:
    """Ingress, processor, projections and API as processes of their own, with registered CUSTOMERS."""
    monkeypatch.setenv("LUNAS_DATABASE_URL", database_url)
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    monkeypatch.setenv("LUNAS_HOME", str(tmp_path))
    monkeypatch.setenv("LUNAS_ENV", "development")
    assert await asyncio.to_thread(main.run, ["migrate", "--json"]) == exits.FINE
    async with Pipeline(database_url, broker_url, tmp_path) as started:
        for name, value in started.doors.items():
            monkeypatch.setenv(name, value)
        await started.register(CUSTOMERS)
        yield started
