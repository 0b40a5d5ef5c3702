"""Fixtures of every ring. Services start at first use, so the unit ring starts none.

| Fixture | What |
|---|---|
| `database_url` | address of a fresh database with all migrations, dropped afterwards |
| `empty_database_url` | address of a fresh database without tables |
| `pool` | asyncpg pool on `database_url`, connected the way processes are |
| `broker_url` | address of a fresh vhost |
| `settings` | factory: `settings(database_url=..., ingress_port=0)` gives `Settings` in development |
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis.internal.conjecture import providers as examples

from runtime.database import Pool, open_pool
from runtime.settings import Settings
from runtime.settings.model import variable_name
from tests import services

# What the caller has set for an instance of theirs, in the environment or in the checkout's `.env`, is for that instance: the tests,
# and the processes that they start, read neither.
for _name in [variable_name(field) for field in Settings.model_fields]:
    os.environ.pop(_name, None)
    os.environ.pop(f"{_name}_FILE", None)
os.environ["LUNAS_DOTENV"] = os.devnull

# Hypothesis also tries the constants of every module of ours that is loaded: which examples a test sees would hang on which tests its
# worker ran before it, and a run could not be had again (https://hypothesis.readthedocs.io, "constants from local modules").
if not hasattr(examples, "_get_local_constants"):
    raise pytest.UsageError(
        "Hypothesis has changed: see to it in tests/conftest.py that examples do not hang on what is loaded"
    )
_NOTHING = examples.Constants()
examples._get_local_constants = lambda: _NOTHING

SERVICE_FIXTURES = {"database_url", "empty_database_url", "pool", "broker_url", "postgres", "rabbitmq"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The unit ring needs no service; a test that asks for one is in the wrong folder."""
    unit = Path(__file__).parent / "unit"
    for item in items:
        wrong = SERVICE_FIXTURES.intersection(getattr(item, "fixturenames", ()))
        if unit in item.path.parents and wrong:
            raise pytest.UsageError(
                f"{item.nodeid} uses {', '.join(sorted(wrong))}: move it to tests/integration"
            )


@pytest.fixture(autouse=True)
def logging_as_in_a_new_process() -> Iterator[None]:
    """What a test sets up for its log lines ends with it: the next one may be a command whose answer alone belongs on stdout."""
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture(scope="session")
def postgres() -> Iterator[services.DatabaseServer]:
    yield from services.database_server()


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[services.BrokerServer]:
    yield from services.broker_server()


@pytest.fixture
def database_url(postgres: services.DatabaseServer) -> Iterator[str]:
    url = postgres.create_migrated()
    yield url
    postgres.drop(url)


@pytest.fixture
def empty_database_url(postgres: services.DatabaseServer) -> Iterator[str]:
    url = postgres.create_empty()
    yield url
    postgres.drop(url)


@pytest.fixture
def broker_url(rabbitmq: services.BrokerServer) -> str:
    return rabbitmq.vhost_url()


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings for one test: development secrets, every port free, nothing read from the environment."""
    free = {name: 0 for name in Settings.model_fields if name.endswith("_port")}

    def build(**overrides: Any) -> Settings:
        return Settings(**({"env": "development", "home": tmp_path, **free} | overrides))

    return build


@pytest.fixture
async def pool(database_url: str, settings: Callable[..., Settings]) -> AsyncIterator[Pool]:
    async with open_pool(settings(database_url=database_url), "test") as opened:
        yield opened
