"""`deploy/postgres/roles.sql` on a real PostgreSQL: each login does its process's work and nothing else."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from deploy.make_secrets import LOGINS, login_statements
from eventstore.migrations import migrate, pending
from projections.versions import ensure
from runtime.database import Connection
from tests.services import DatabaseServer, run_apart

ROLES_SQL = (Path(__file__).parents[3] / "deploy/postgres/roles.sql").read_text()
ROLE_OF = {
    "processor": "lunas_processor",
    "projections": "lunas_projector",
    "api": "lunas_api",
    "operator": "lunas_operator",
    "reader": "lunas_reader",
}
WRITES = (
    "UPDATE events SET type = 'x'",
    "DELETE FROM events",
    "TRUNCATE events",
    "UPDATE deliveries SET status = 'test'",
)


class Deployment:
    """A migrated database with the logins under names of this test only; logins belong to the whole server."""

    def __init__(self, url: str, prefix: str, passwords: dict[str, str]) -> None:
        self._url, self._prefix, self._passwords = url, prefix, passwords

    def url(self, login: str) -> str:
        parts = urlsplit(self._url)
        name = f"{self._prefix}{login}"
        where = f"{name}:{self._passwords[name]}@{parts.hostname}:{parts.port}"
        return urlunsplit((parts.scheme, where, parts.path, parts.query, ""))

    @asynccontextmanager
    async def connection(self, login: str, role: str | None = None) -> AsyncIterator[Connection]:
        settings = {"search_path": "lunas"} | ({"role": role} if role else {})
        connection = await asyncpg.connect(self.url(login), server_settings=settings)
        try:
            yield connection
        finally:
            await connection.close()


@pytest.fixture(scope="module")
def deployment(postgres: DatabaseServer) -> Iterator[Deployment]:
    url = postgres.create_empty()
    prefix = f"t{secrets.token_hex(4)}_login_"
    passwords = {f"{prefix}{login}": secrets.token_urlsafe(12) for login in LOGINS}

    async def as_superuser(*statements: str) -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    setup = (re.sub(r"lunas_login_", prefix, ROLES_SQL), login_statements(passwords))
    made = Deployment(url, prefix, passwords)

    async def prepare() -> None:
        await as_superuser(*setup, setup[0])  # again: it must be repeatable
        await migrate(made.url("owner"))
        async with made.connection("owner") as connection:
            await ensure(connection)

    async def remove() -> None:
        await as_superuser(*(f"DROP OWNED BY {login} CASCADE; DROP ROLE {login}" for login in passwords))

    run_apart(prepare)
    yield made
    run_apart(remove)
    postgres.drop(url)


async def test_the_owner_migrates_without_being_superuser(deployment: Deployment) -> None:
    assert await pending(deployment.url("owner")) == []


@pytest.mark.parametrize("login", ROLE_OF)
async def test_s08_a_login_becomes_its_own_role(deployment: Deployment, login: str) -> None:
    async with deployment.connection(login, ROLE_OF[login]) as connection:
        assert await connection.fetchval("SELECT current_user") == ROLE_OF[login]


@pytest.mark.parametrize("login", ROLE_OF)
async def test_s08_a_login_becomes_no_other_role(deployment: Deployment, login: str) -> None:
    others = {role for name, role in ROLE_OF.items() if name != login} | {
        "pg_read_server_files",
        "pg_execute_server_program",
    }
    async with deployment.connection(login) as connection:
        for role in sorted(others):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"SET ROLE {role}")


@pytest.mark.parametrize("statement", WRITES)
@pytest.mark.parametrize("login", ROLE_OF)
async def test_s08_nobody_changes_what_was_recorded(
    deployment: Deployment, login: str, statement: str
) -> None:
    async with deployment.connection(login, ROLE_OF[login]) as connection:
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
            await connection.execute(statement)


async def test_s08_not_even_the_owner_changes_what_was_recorded(deployment: Deployment) -> None:
    async with deployment.connection("owner") as connection:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await connection.execute("TRUNCATE events")


@pytest.mark.parametrize("login", ROLE_OF)
async def test_s08_no_process_makes_tables(deployment: Deployment, login: str) -> None:
    for schema in ("lunas", "public"):
        async with deployment.connection(login) as connection:
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
                await connection.execute(f"CREATE TABLE {schema}.intruder (n int)")


@pytest.mark.parametrize("login", ROLE_OF)
async def test_s08_no_process_runs_programs(deployment: Deployment, login: str) -> None:
    async with deployment.connection(login) as connection:
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
            await connection.execute("COPY (SELECT 1) TO PROGRAM 'cat'")


Work = Callable[[Connection], Awaitable[object]]
READS: dict[str, Work] = {
    "processor": lambda c: c.fetch("SELECT * FROM inbox, fulfilment_cases"),
    "projections": lambda c: c.fetch("SELECT * FROM events, checkpoints"),
    "api": lambda c: c.fetch("SELECT * FROM balances"),
    "operator": lambda c: c.fetch("SELECT * FROM deliveries, dead_letters, quarantine"),
    "reader": lambda c: c.fetch("SELECT * FROM balances, subscriptions, enrollments, payments"),
}


@pytest.mark.parametrize("login", ROLE_OF)
async def test_a_login_reads_what_its_process_needs(deployment: Deployment, login: str) -> None:
    async with deployment.connection(login, ROLE_OF[login]) as connection:
        assert await READS[login](connection) == []


@pytest.mark.parametrize(
    "table", ["events", "deliveries", "inbox", "quarantine", "dead_letters", "fulfilment_customers"]
)
async def test_s08_a_reader_sees_views_only(deployment: Deployment, table: str) -> None:
    async with deployment.connection("reader") as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT * FROM {table}")


@pytest.mark.parametrize("login", LOGINS)
async def test_limits_of_the_server_are_in_force(deployment: Deployment, login: str) -> None:
    async with deployment.connection(login) as connection:
        assert await connection.fetchval("SHOW statement_timeout") != "0"
        assert await connection.fetchval("SHOW synchronous_commit") == "on"


async def test_a_stranger_does_not_get_in(deployment: Deployment, postgres: DatabaseServer) -> None:
    async with deployment.connection("owner") as connection:
        assert not await connection.fetchval(
            "SELECT has_database_privilege('public', current_database(), 'CONNECT')"
        )
