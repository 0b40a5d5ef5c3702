"""The database as the operator's command sees it: one connection with the operator's role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from console.answering import answering, silent
from console.causes import DATABASE
from console.exits import Away, CommandError
from console.messages import text
from console.output import talk
from eventstore.keyring import use_key
from runtime.database import (
    BY_INDEX,
    CONNECTION_ERRORS,
    Connection,
    Pool,
    open_pool,
    patiently,
    server_settings,
)
from runtime.database_hosts import open_connection
from runtime.settings.urls import place as address_place

if TYPE_CHECKING:
    from runtime.settings import Settings

OPERATOR_ROLE = "lunas_operator"
CLOSE_SECONDS = 2.0


@asynccontextmanager
async def open_store(
    settings: Settings, role: str | None = OPERATOR_ROLE, *, patience: float | None = None
) -> AsyncIterator[Connection]:
    """A connection for the length of one command. Raises Away with what to do when nothing answers, also when that happens midway.

    `patience`: seconds for one statement of a probe. Other commands may run statements as long as processes do, while the server answers.
    """
    connection = await _connect(settings, role, patience)
    try:
        async with answering(settings):
            yield connection
    except (asyncio.CancelledError, TimeoutError, Away):
        # We gave up on a server that does not answer: it would not answer a goodbye either.
        connection.terminate()
        raise
    finally:
        try:
            await connection.close(timeout=CLOSE_SECONDS)
        except (TimeoutError, asyncio.CancelledError):
            connection.terminate()
            raise


@asynccontextmanager
async def open_store_pool(settings: Settings, max_size: int) -> AsyncIterator[Pool]:
    """A pool of the login itself for long work, which ends in words when the database is away or falls silent."""
    async with open_store(settings, role=None), open_pool(settings, "console", max_size=max_size) as pool:
        try:
            yield pool
        except asyncio.CancelledError:
            pool.terminate()
            raise


async def _connect(
    settings: Settings, role: str | None, patience: float | None
) -> asyncpg.Connection[asyncpg.Record]:
    use_key(settings)
    url = settings.require_database_url()
    try:
        return await open_connection(
            url,
            timeout=min(settings.database_connect_timeout_seconds, settings.probe_timeout_seconds),
            command_timeout=patience or settings.database_command_timeout_seconds,
            # What an operator asks is a look-up, whatever the planner thinks of a small or never analysed table. Long work of the login is not.
            server_settings=server_settings(settings, "console", role) | (BY_INDEX if role else {}),
        )
    except TimeoutError as error:
        raise silent(settings) from error
    except (OSError, asyncpg.CannotConnectNowError) as error:
        raise Away(text("error.database_away", address=place(url)), DATABASE, "away") from error
    except asyncpg.InvalidParameterValueError as error:
        # The role of a connection's settings does not exist yet.
        raise CommandError(text("error.schema_missing", detail=str(error))) from error


async def until_there(settings: Settings) -> None:
    """Waits for a database that is starting, as long as processes do, and says so. Raises CommandError when it stays away."""
    url = settings.require_database_url()
    seconds = settings.database_start_timeout_seconds
    said: list[BaseException] = []

    def say(error: BaseException) -> None:
        if not said:
            talk(text("migrate.waiting", address=place(url), seconds=f"{seconds:g}"))
        said.append(error)

    async def answer() -> None:
        connection = await open_connection(url, timeout=settings.database_connect_timeout_seconds)
        await connection.close(timeout=CLOSE_SECONDS)

    try:
        await patiently(answer, budget_seconds=seconds, told=say)
    except CONNECTION_ERRORS as error:
        raise CommandError(text("error.database_away", address=place(url))) from error


def place(url: str) -> str:
    """`host:port/name` of an address, without its credentials."""
    return address_place(url)
