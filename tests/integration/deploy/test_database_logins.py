"""`deploy/postgres/roles.sql` on a real PostgreSQL: each login does its process's work and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from deploy.make_secrets import LOGINS
from eventstore.migrations import migrate, pending
from projections.versions import ensure
from runtime.database import Connection
from tests.deployed import Deployment, deployed_database
from tests.services import DatabaseServer, run_apart

ROLE_OF = {
    "processor": "lunas_processor",
    "projections": "lunas_projector",
    "api": "lunas_api",
    "notify": "lunas_notifier",
    "operator": "lunas_operator",
    "reader": "lunas_reader",
}
WRITES = (
    "UPDATE events SET type = 'x'",
    "DELETE FROM events",
    "TRUNCATE events",
    "UPDATE deliveries SET status = 'test'",
)


@pytest.fixture(scope="module")
def deployment(postgres: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed_database(postgres, tmp_path_factory.mktemp("deploy") / "secrets") as made:
        run_apart(lambda: _migrate(made))
        yield made


async def _migrate(deployment: Deployment) -> None:
    await migrate(deployment.database_url("owner"))
    async with connection_of(deployment, "owner") as connection:
        await ensure(connection)


@asynccontextmanager
async def connection_of(
    deployment: Deployment, login: str, role: str | None = None
) -> AsyncIterator[Connection]:
    settings = {"search_path": "lunas"} | ({"role": role} if role else {})
    connection = await asyncpg.connect(deployment.database_url(login), server_settings=settings)
    try:
        yield connection
    finally:
        await connection.close()


async def test_the_owner_migrates_without_being_superuser(deployment: Deployment) -> None:
    assert await pending(deployment.database_url("owner")) == []


@pytest.mark.parametrize("login", ROLE_OF)
async def test_s08_a_login_becomes_its_own_role(deployment: Deployment, login: str) -> None:
    async with connection_of(deployment, login, ROLE_OF[login]) as connection:
        assert await connection.fetchval("SELECT current_user") == ROLE_OF[login]


@pytest.mark.parametrize("login", ROLE_OF)
async def test_s08_a_login_becomes_no_other_role(deployment: Deployment, login: str) -> None:
    others = {role for name, role in ROLE_OF.items() if name != login} | {
        "pg_read_server_files",
        "pg_execute_server_program",
    }
    async with connection_of(deployment, login) as connection:
        for role in sorted(others):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"SET ROLE {role}")


@pytest.mark.parametrize("statement", WRITES)
@pytest.mark.parametrize("login", ROLE_OF)
async def test_s08_nobody_changes_what_was_recorded(
    deployment: Deployment, login: str, statement: str
) -> None:
    async with connection_of(deployment, login, ROLE_OF[login]) as connection:
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
            await connection.execute(statement)


async def test_s08_not_even_the_owner_changes_what_was_recorded(deployment: Deployment) -> None:
    async with connection_of(deployment, "owner") as connection:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await connection.execute("TRUNCATE events")


@pytest.mark.parametrize("login", ROLE_OF)
async def test_s08_no_process_makes_tables(deployment: Deployment, login: str) -> None:
    for schema in ("lunas", "public"):
        async with connection_of(deployment, login) as connection:
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
                await connection.execute(f"CREATE TABLE {schema}.intruder (n int)")


@pytest.mark.parametrize("login", ROLE_OF)
async def test_s08_no_process_runs_programs(deployment: Deployment, login: str) -> None:
    async with connection_of(deployment, login) as connection:
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
            await connection.execute("COPY (SELECT 1) TO PROGRAM 'cat'")


Work = Callable[[Connection], Awaitable[object]]
READS: dict[str, Work] = {
    "processor": lambda c: c.fetch("SELECT * FROM inbox, fulfilment_cases"),
    "projections": lambda c: c.fetch("SELECT * FROM events, checkpoints"),
    "api": lambda c: c.fetch("SELECT * FROM balances"),
    "notify": lambda c: c.fetch("SELECT * FROM events, notifications, endpoints"),
    "operator": lambda c: c.fetch("SELECT * FROM deliveries, dead_letters, quarantine"),
    "reader": lambda c: c.fetch("SELECT * FROM balances, subscriptions, enrollments, payments"),
}


@pytest.mark.parametrize("login", ROLE_OF)
async def test_a_login_reads_what_its_process_needs(deployment: Deployment, login: str) -> None:
    async with connection_of(deployment, login, ROLE_OF[login]) as connection:
        assert await READS[login](connection) == []


@pytest.mark.parametrize(
    "table", ["events", "deliveries", "inbox", "quarantine", "dead_letters", "fulfilment_customers"]
)
async def test_s08_a_reader_sees_views_only(deployment: Deployment, table: str) -> None:
    async with connection_of(deployment, "reader") as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT * FROM {table}")


@pytest.mark.parametrize("login", LOGINS)
async def test_limits_of_the_server_are_in_force(deployment: Deployment, login: str) -> None:
    async with connection_of(deployment, login) as connection:
        assert await connection.fetchval("SHOW statement_timeout") != "0"
        assert await connection.fetchval("SHOW synchronous_commit") == "on"


async def test_a_stranger_does_not_get_in(deployment: Deployment) -> None:
    async with connection_of(deployment, "owner") as connection:
        assert not await connection.fetchval(
            "SELECT has_database_privilege('public', current_database(), 'CONNECT')"
        )
