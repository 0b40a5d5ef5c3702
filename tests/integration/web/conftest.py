"""One scene for a file of tests that only look; tests that act set their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import asyncpg
import pytest

from runtime.settings import Settings
from tests.console_visits import PASSWORD, Doors, Visitor, employ, nothing, opened_console
from tests.scene import play
from tests.services import DatabaseServer, run_apart


@pytest.fixture(scope="module")
def scene_url(postgres: DatabaseServer) -> Iterator[str]:
    url = postgres.create_migrated()

    async def fill() -> None:
        await play(Settings(env="development", database_url=url))
        await employ(url, "sari", "operator")
        await employ(url, "vina", "viewer")
        await employ(url, "ayu", "approver")

    run_apart(fill)
    yield url
    postgres.drop(url)


@pytest.fixture
def scene_settings(scene_url: str, settings: Callable[..., Settings]) -> Settings:
    return settings(database_url=scene_url, console_look_seconds=0.05)


@pytest.fixture
async def doors(scene_settings: Settings) -> AsyncIterator[Doors]:
    async with opened_console(scene_settings, nothing) as opened:
        yield opened


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Behind the console of tests that act: everything may be looked at and set."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    yield connection
    await connection.close()


@pytest.fixture
async def sari(doors: Doors) -> Visitor:
    """An operator."""
    return await signed_in(doors, "sari")


@pytest.fixture
async def vina(doors: Doors) -> Visitor:
    """A viewer."""
    return await signed_in(doors, "vina")


async def signed_in(doors: Doors, name: str, **more: Any) -> Visitor:
    visitor = await doors.visitor()
    await visitor.sign_in(name, PASSWORD, **more)
    return visitor
