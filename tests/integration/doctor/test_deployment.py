"""`lunas doctor` in the documented deployment: it knows whom it speaks for, and what it may not look at is neither right nor wrong."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from console import exits
from eventstore.migrations import migrate
from projections.versions import ensure
from tests.deployed import Deployment, deployed
from tests.integration.deploy.test_database_logins import connection_of
from tests.integration.doctor.conftest import World, consumed, led
from tests.services import BrokerServer, DatabaseServer, run_apart


@pytest.fixture(scope="module")
def deployment(
    postgres: DatabaseServer, rabbitmq: BrokerServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    with deployed(postgres, rabbitmq, tmp_path_factory.mktemp("deploy")) as made:
        run_apart(lambda: _migrate(made))
        yield made


async def _migrate(deployment: Deployment) -> None:
    await migrate(deployment.database_url("owner"))
    async with connection_of(deployment, "owner") as connection:
        await ensure(connection)


@pytest.fixture
async def deployed_world(world: World, deployment: Deployment) -> World:
    """As the container `operator` of the compose file sees it."""
    world.set(
        LUNAS_DATABASE_URL=deployment.database_url("operator"),
        LUNAS_BROKER_URL=deployment.broker_url("operator"),
        LUNAS_OPERATOR_KEY="operator-" + secrets.token_hex(12),
        LUNAS_HOME="/nowhere/lunas",
    )
    await consumed(world.stack, deployment.broker_url("processor"))
    await led(world.stack, deployment.database_url("processor"))
    return world


async def test_in_perfect_health_nothing_is_reported_and_what_was_not_looked_at_is_named(
    deployed_world: World,
) -> None:
    seen = await deployed_world.doctor()
    assert seen.states("problem") == []
    # The tests' server archives nothing.
    assert {check["check"] for check in seen.checks if check["state"] == "note"} == {"archiving"}
    assert seen.code == exits.FINE
    unseen = {check["check"]: check["fix"] for check in seen.checks if check["state"] == "not_looked_at"}
    assert unseen.keys() == {
        "api_key", "secret.scalev", "secret.xendit", "secret.mayar", "disk", "arguments", "bindings", "transactions",
    }  # fmt: skip
    assert all(unseen.values())
    assert "queues" not in unseen
    assert "every exchange and queue is there" in str(seen.checks)
    assert "right arguments" not in str(seen.checks)
    assert "GRANT lunas" not in str(seen.checks)
    assert (await deployed_world.doctor("xendit")).code == exits.FINE


@pytest.mark.parametrize("login", ["processor", "projections", "api"])
async def test_with_the_login_of_another_process_what_is_the_operators_was_not_looked_at(
    deployed_world: World, deployment: Deployment, login: str
) -> None:
    """As `docker compose exec processor lunas doctor` would: each right that is missing there is as it should be."""
    deployed_world.set(LUNAS_DATABASE_URL=deployment.database_url(login))
    deployed_world.unset("LUNAS_OPERATOR_KEY")
    if login == "api":
        deployed_world.set(LUNAS_API_KEY="api-7c1f04be92d35a68")
    seen = await deployed_world.doctor()
    looked = [each for each in seen.states("problem") if not each.startswith("database")]
    assert looked == []
    unseen = {check["check"] for check in seen.checks if check["state"] == "not_looked_at"}
    assert "operator_key" in unseen
    assert any(check["check"] == "roles" and check["state"] == "ok" for check in seen.checks)


async def test_a_login_without_a_role_is_told_the_one_role_it_needs(
    deployed_world: World, deployment: Deployment, postgres: DatabaseServer
) -> None:
    name = f"t{secrets.token_hex(4)}_bare"
    async with bare_login(postgres, deployment, name) as url:
        deployed_world.set(LUNAS_DATABASE_URL=url)
        seen = await deployed_world.doctor()
    [roles] = [check for check in seen.checks if check["check"] == "roles"]
    assert roles["state"] == "problem"
    assert roles["fix"] == f"as an administrator: GRANT lunas_operator TO {name}"


@asynccontextmanager
async def bare_login(postgres: DatabaseServer, deployment: Deployment, name: str) -> AsyncIterator[str]:
    """A login that may connect, and nothing else."""
    parts = urlsplit(deployment.database_url("operator"))
    admin = await asyncpg.connect(postgres.admin_url)
    password = secrets.token_hex(8)
    database = parts.path.lstrip("/")
    try:
        await admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        await admin.execute(f'GRANT CONNECT ON DATABASE "{database}" TO {name}')
        yield urlunsplit(parts._replace(netloc=f"{name}:{password}@{parts.hostname}:{parts.port}"))
    finally:
        await admin.execute(f'REVOKE CONNECT ON DATABASE "{database}" FROM {name}; DROP ROLE {name}')
        await admin.close()
