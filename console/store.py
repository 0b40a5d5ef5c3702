"""The database as the operator's command sees it: one connection with the operator's role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from console.exits import CommandError
from console.messages import text
from console.output import talk
from runtime.database import CONNECTION_ERRORS, Connection, patiently, server_settings
from runtime.settings.urls import place as address_place

if TYPE_CHECKING:
    from runtime.settings import Settings

OPERATOR_ROLE = "lunas_operator"
CLOSE_SECONDS = 2.0


@asynccontextmanager
async def open_store(
    settings: Settings, role: str | None = OPERATOR_ROLE, *, patience: float | None = None
) -> AsyncIterator[Connection]:
    """A connection for the length of one command. Raises CommandError with what to start when nothing answers.

    `patience`: seconds for one statement of a probe; other commands may run statements as long as processes do.
    """
    url = settings.require_database_url()
    try:
        connection = await asyncpg.connect(
            url,
            timeout=settings.database_connect_timeout_seconds,
            command_timeout=patience or settings.database_command_timeout_seconds,
            server_settings=server_settings(settings, "console", role),
        )
    except (OSError, TimeoutError, asyncpg.CannotConnectNowError) as error:
        raise CommandError(text("error.database_away", address=place(url))) from error
    except asyncpg.InvalidParameterValueError as error:
        # The role of a connection's settings does not exist yet.
        raise CommandError(text("error.schema_missing", detail=str(error))) from error
    try:
        yield connection
    except (asyncio.CancelledError, TimeoutError):
        # We gave up on a server that does not answer: it would not answer a goodbye either.
        connection.terminate()
        raise
    finally:
        try:
            await connection.close(timeout=CLOSE_SECONDS)
        except (TimeoutError, asyncio.CancelledError):
            connection.terminate()
            raise


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
        connection = await asyncpg.connect(url, timeout=settings.database_connect_timeout_seconds)
        await connection.close(timeout=CLOSE_SECONDS)

    try:
        await patiently(answer, budget_seconds=seconds, told=say)
    except CONNECTION_ERRORS as error:
        raise CommandError(text("error.database_away", address=place(url))) from error


def place(url: str) -> str:
    """`host:port/name` of an address, without its credentials."""
    return address_place(url)
