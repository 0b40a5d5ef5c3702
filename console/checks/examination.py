"""The whole examination: every part looks for itself, side by side, and a part that cannot be reached is a finding, not an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import asyncpg

from console.answering import silent
from console.causes import DATABASE, SCHEMA, Subject
from console.checks.broker import check_broker
from console.checks.configuration import check_configuration
from console.checks.database import check_database
from console.checks.finding import Finding, problem
from console.checks.processes import check_processes
from console.checks.reading import check_provider, check_reading, check_rejected
from console.exits import Away, CommandError
from console.failures import explain, is_schema
from console.messages import text
from console.overview import look
from console.store import open_store
from runtime.settings.model import WEBHOOK_PROVIDERS
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings


async def examine(settings: Settings, provider: str | None) -> list[Finding]:
    """Every finding, in a stable order. It takes as long as the slowest part, and each part ends by itself."""
    configured = list(check_configuration(settings, provider))
    if provider is not None:
        return configured + await _database(settings, lambda connection: check_provider(connection, provider))
    looking = asyncio.create_task(look(settings))

    async def everything(connection: Connection) -> AsyncIterator[Finding]:
        async for finding in check_database(connection, settings):
            yield finding
        async for finding in check_reading(connection, await looking):
            yield finding
        for each in WEBHOOK_PROVIDERS:
            async for finding in check_rejected(connection, each):
                yield finding

    broker, database, seen = await asyncio.gather(_broker(settings), _database(settings, everything), looking)
    return [*configured, *broker, *database, *check_processes(seen)]


async def _broker(settings: Settings) -> list[Finding]:
    return [finding async for finding in check_broker(settings)]


async def _database(
    settings: Settings, checks: Callable[[Connection], AsyncIterator[Finding]]
) -> list[Finding]:
    """What was found until the database fell silent, if it did, is kept."""
    found: list[Finding] = []
    try:
        async with open_store(settings, patience=settings.probe_timeout_seconds) as connection:
            async for finding in checks(connection):
                found.append(finding)
    except TimeoutError:
        found.append(_away(silent(settings)))
    except Away as error:
        found.append(_away(error))
    except (CommandError, ConfigurationError) as error:
        found.append(problem("database", str(error), text("doctor.reach.fix"), Subject(DATABASE)))
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        name, fix = (SCHEMA, "doctor.schema.fix") if is_schema(error) else (DATABASE, "doctor.reach.fix")
        found.append(problem("database", explain(error)[1], text(fix), Subject(name)))
    return found


def _away(error: Away) -> Finding:
    fix = text("doctor.silent_service.fix" if error.kind == "silent" else "doctor.reach.fix")
    return problem(error.service, error.message, fix, Subject(error.service, error.kind))
