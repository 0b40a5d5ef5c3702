"""Fixtures of every ring. Services start at first use, so the unit ring starts none.

| Fixture | What |
|---|---|
| `database_url` | address of a fresh database as `lunas migrate` leaves it, dropped afterwards |
| `empty_database_url` | address of a fresh database without tables |
| `pool` | asyncpg pool on `database_url`, connected the way processes are |
| `broker_url` | address of a fresh vhost |
| `settings` | factory: `settings(database_url=..., ingress_port=0)` gives `Settings` in development |
"""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis.reporting.html.writer  # noqa: F401  imported now: its plugin does it when everything has run, and CPython 3.11's parser failed there once (SystemError, "AST constructor recursion depth mismatch")
import structlog
from hypothesis.internal.conjecture import providers as examples

from runtime.database import Pool, open_pool
from runtime.settings import Settings
from runtime.settings.model import variable_name
from tests import again, services
from tests.turns import turns_of

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
# An example may take as long as the machine needs: a limit of its own is red when it stands still, and finds nothing.
hypothesis.settings.register_profile(
    "any speed",
    parent=hypothesis.settings(),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("any speed")
_NOTHING = examples.Constants()
examples._get_local_constants = lambda: _NOTHING

_CRASHED = pytest.StashKey[bool]()
PATIENT = {"database_acquire_timeout_seconds": 60.0, "probe_timeout_seconds": 30.0}
"""The end of the first is answered 503: a test has hundreds of calls wait for each other, and a machine may stand still meanwhile. Who probes is
then told that somebody does not answer who does."""
SERVICE_FIXTURES = {"database_url", "empty_database_url", "pool", "broker_url", "postgres", "rabbitmq"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The unit ring needs no service; a test that asks for one is in the wrong folder. And every file has its turn."""
    unit = Path(__file__).parent / "unit"
    for item in items:
        wrong = SERVICE_FIXTURES.intersection(getattr(item, "fixturenames", ()))
        if unit in item.path.parents and wrong:
            raise pytest.UsageError(
                f"{item.nodeid} uses {', '.join(sorted(wrong))}: move it to tests/integration"
            )
    turns = turns_of({item.path: None for item in items})
    items.sort(key=lambda item: turns[item.path])


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What is collected and loaded stays; the cycle collector need not walk through all of it again and again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """How a run ended, for `make test-again`: pytest itself keeps only which tests were red."""
    config = session.config
    # None with `-p no:cacheprovider`, as the museum and the stalled run have it.
    cache = getattr(config, "cache", None)
    if cache is not None and not hasattr(config, "workerinput"):
        cache.set(again.ENDED, again.CRASHED if config.stash.get(_CRASHED, False) else int(exitstatus))


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(crashitem: str, report: object, sched: Any) -> None:
    """A worker died, and took along tests that nobody ran (xdist's own exit code does not tell)."""
    sched.config.stash[_CRASHED] = True


@pytest.fixture(autouse=True)
def logging_as_in_a_new_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test sets up for its log lines ends with it: the next one may be a command whose answer alone belongs on stdout. So no logger keeps it, as
    those of a process do from their first line on: whoever captures lines later would see none of its."""
    configure = structlog.configure
    monkeypatch.setattr(
        structlog, "configure", lambda **words: configure(**words | {"cache_logger_on_first_use": False})
    )
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
        return Settings(**({"env": "development", "home": tmp_path, **PATIENT, **free} | overrides))

    return build


@pytest.fixture
async def pool(database_url: str, settings: Callable[..., Settings]) -> AsyncIterator[Pool]:
    async with open_pool(settings(database_url=database_url), "test") as opened:
        yield opened
