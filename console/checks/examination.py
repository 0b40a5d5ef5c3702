"""The whole examination: every part looks for itself, side by side, and a part that cannot be reached is a finding, not an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import asyncpg

from console.answering import silent
from console.causes import DATABASE, SCHEMA, Subject
from console.checks.accounts import check_accounts, check_news
from console.checks.activity import check_activity
from console.checks.archives import check_body_archive
from console.checks.backups import check_backups
from console.checks.broker import check_broker
from console.checks.configuration import check_configuration, environment
from console.checks.confirming import check_confirmations
from console.checks.database import check_clock, check_schema, check_server
from console.checks.disk import check_disk, check_journal
from console.checks.endpoints import check_endpoints
from console.checks.finding import Finding, problem
from console.checks.guards import check_guards
from console.checks.login import Login, check_login, take_on, within_rights
from console.checks.management import check_management
from console.checks.parts import check_log_parts
from console.checks.personal import check_personal
from console.checks.processes import check_processes
from console.checks.reading import (
    check_catalogue,
    check_provider,
    check_reading,
    check_silence,
    check_strangers,
)
from console.checks.reconciliation import check_reconciliation
from console.checks.secrets import check_rejected, check_rotations, check_secrets
from console.exits import Away, CommandError
from console.failures import explain, is_schema
from console.messages import text
from console.overview import Overview, look
from console.store import open_store
from runtime.settings.model import WEBHOOK_PROVIDERS
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings


async def examine(settings: Settings, provider: str | None) -> list[Finding]:
    """Every finding, in a stable order. It takes as long as the slowest part, and each part ends by itself."""
    seen = asyncio.create_task(look(settings))
    database = _Database(settings, provider, seen)
    if provider is not None:
        seen.cancel()
        accounts, _ = await asyncio.gather(check_accounts(settings, provider), database.examine())
        return [*check_secrets(settings, database.process, provider), *accounts, *database.found]
    accounts, broker, _, overview = await asyncio.gather(
        check_accounts(settings, None), _broker(settings), database.examine(), seen
    )
    process = database.process
    return [
        *check_configuration(settings, process, environment()),
        *check_secrets(settings, process, None),
        *accounts,
        check_disk(settings),
        *check_journal(settings),
        *broker,
        *database.found,
        *check_processes(overview),
    ]


async def _broker(settings: Settings) -> list[Finding]:
    found = [finding async for finding in check_broker(settings)]
    return [*found, *[finding async for finding in check_management(settings)]]


class _Database:
    """The part that a connection to PostgreSQL tells; what was found until it fell silent is kept."""

    def __init__(self, settings: Settings, provider: str | None, seen: asyncio.Task[Overview]) -> None:
        self._settings = settings
        self._provider = provider
        self._seen = seen
        self.found: list[Finding] = []
        self.login: Login | None = None

    @property
    def process(self) -> str | None:
        """The process we speak for. Without a database that says who we are, an environment without any key is one of an own process."""
        if self.login is not None:
            return self.login.process
        settings = self._settings
        alone = settings.api_key is None and not any(map(settings.webhook_secrets, WEBHOOK_PROVIDERS))
        return "console" if alone else None

    async def examine(self) -> None:
        settings = self._settings
        try:
            async with open_store(settings, None, patience=settings.probe_timeout_seconds) as connection:
                self.login = await take_on(connection)
                async for finding in self._checks(connection, self.login):
                    self.found.append(finding)
        except TimeoutError:
            self.found.append(_away(silent(settings)))
        except Away as error:
            self.found.append(_away(error))
        except (CommandError, ConfigurationError) as error:
            self.found.append(problem("database", str(error), text("doctor.reach.fix"), Subject(DATABASE)))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            name, fix = (SCHEMA, "doctor.schema.fix") if is_schema(error) else (DATABASE, "doctor.reach.fix")
            self.found.append(problem("database", explain(error)[1], text(fix), Subject(name)))

    async def _checks(self, connection: Connection, login: Login) -> AsyncIterator[Finding]:
        settings = self._settings
        if self._provider is not None:
            async for finding in within_rights(
                "deliveries", check_provider(connection, settings, self._provider)
            ):
                yield finding
            async for finding in within_rights("news", check_news(connection, settings, self._provider)):
                yield finding
            return
        parts = {
            "schema": check_schema(connection, settings),
            "server": check_server(connection),
            "clock": check_clock(connection),
            "append_only": check_guards(connection),
            "log_parts": check_log_parts(connection),
        }
        yield check_login(login, settings)
        for check, part in parts.items():
            async for finding in within_rights(check, part):
                yield finding
        # Our own patience may end here; that of the others goes on.
        seen = await asyncio.shield(self._seen)
        # Who holds others up is looked for before anything that may be held up.
        async for finding in within_rights("activity", check_activity(connection, seen)):
            yield finding
        await take_on(connection)
        parts = {
            "catalogue": check_catalogue(connection, settings),
            "projections": check_reading(connection, settings, seen),
            "reconciliation": check_reconciliation(connection, settings),
            "confirming": check_confirmations(connection, settings, login.process),
            "silence": check_silence(connection, settings),
            "archiving": check_backups(connection, settings),
            "personal_data": check_personal(connection),
            "body_archive": check_body_archive(connection, settings),
            "strangers": check_strangers(connection),
            "endpoints": check_endpoints(connection),
            "rotation": check_rotations(connection),
            **{f"rejected.{each}": check_rejected(connection, settings, each) for each in WEBHOOK_PROVIDERS},
            **{f"news.{each}": check_news(connection, settings, each) for each in WEBHOOK_PROVIDERS},
        }
        for check, part in parts.items():
            async for finding in within_rights(check.partition(".")[0], part):
                yield finding


def _away(error: Away) -> Finding:
    fix = text("doctor.silent_service.fix" if error.kind == "silent" else "doctor.reach.fix")
    return problem(error.service, error.message, fix, Subject(error.service, error.kind))
