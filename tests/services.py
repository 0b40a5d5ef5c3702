"""PostgreSQL and RabbitMQ for the tests: given addresses, else what LUNAS_TEST_SERVICES says.

`containers`: through testcontainers. `programs`: private local programs. `auto`: containers where an engine answers, else programs.
Nothing here skips: without services a test fails and says what to install.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shlex
import subprocess
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from deploy.local.services.private import ServiceUrls, private_services
from tests import containers

T = TypeVar("T")
VHOSTS_PER_CALL = 20  # one rabbitmqctl call costs half a second, a vhost inside it milliseconds


def run_apart(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs a coroutine to its end on a loop of its own, in a thread, so that pytest-asyncio's loop stays untouched."""
    results: list[T] = []
    failures: list[BaseException] = []

    def target() -> None:
        try:
            results.append(asyncio.run(work()))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread below
            failures.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


@dataclass
class DatabaseServer:
    """A PostgreSQL server where tests make databases of their own from one migrated template."""

    admin_url: str
    template: str | None = None
    _made: list[str] = field(default_factory=list)

    def create_empty(self) -> str:
        """A new empty database; its address."""
        return self._create(None)

    def create_migrated(self) -> str:
        """A new database with all migrations; its address. The first call makes the template."""
        if self.template is None:
            url = self._create(None)
            run_apart(lambda: _migrate(url))
            self.template = urlsplit(url).path.lstrip("/")
        return self._create(self.template)

    def drop(self, url: str) -> None:
        name = urlsplit(url).path.lstrip("/")
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._made.remove(name)

    def drop_all(self) -> None:
        for name in self._made:
            self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._made.clear()

    def _create(self, template: str | None) -> str:
        name = f"lunas_test_{os.getpid()}_{secrets.token_hex(4)}"
        self._execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        self._made.append(name)
        return replace_path(self.admin_url, name)

    def _execute(self, statement: str) -> None:
        async def work() -> None:
            connection = await asyncpg.connect(self.admin_url)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        run_apart(work)


async def _migrate(url: str) -> None:
    from eventstore.migrations import migrate

    await migrate(url)


@dataclass
class BrokerServer:
    """A RabbitMQ server; with `rabbitmqctl` every test gets a vhost of its own."""

    url: str
    rabbitmqctl: Sequence[str] = ()
    _ready: list[str] = field(default_factory=list)
    _used: list[str] = field(default_factory=list)

    def vhost_url(self) -> str:
        """Address of a fresh vhost; without rabbitmqctl the given vhost, emptied of our queues."""
        if not self.rabbitmqctl:
            run_apart(self._delete_queues)
            return self.url
        if not self._ready:
            self._prepare()
        name = self._ready.pop()
        self._used.append(name)
        return replace_path(self.url, name)

    def delete_used(self) -> None:
        self._delete([*self._used, *self._ready])
        self._used.clear()
        self._ready.clear()

    def _prepare(self) -> None:
        user = urlsplit(self.url).username or "guest"
        names = [f"test-{os.getpid()}-{secrets.token_hex(3)}" for _ in range(VHOSTS_PER_CALL)]
        self._delete(self._used)
        self._used.clear()
        self._eval(
            '[begin rabbit_vhost:add(N, <<"tests">>), rabbit_auth_backend_internal:set_permissions('
            f'<<"{user}">>, N, <<".*">>, <<".*">>, <<".*">>, <<"tests">>) end || N <- {_binaries(names)}].'
        )
        self._ready = names

    def _delete(self, names: Sequence[str]) -> None:
        if names and self.rabbitmqctl:
            self._eval(f'[catch rabbit_vhost:delete(N, <<"tests">>) || N <- {_binaries(names)}].')

    def _eval(self, expression: str) -> None:
        done = subprocess.run(
            [*self.rabbitmqctl, "eval", expression], capture_output=True, text=True, timeout=60
        )
        if done.returncode != 0:
            raise RuntimeError(f"rabbitmqctl failed: {done.stdout}{done.stderr}")

    async def _delete_queues(self) -> None:
        import aio_pika

        from schemas.topology import topology

        connection = await aio_pika.connect(self.url)
        async with connection:
            channel = await connection.channel()
            for queue in topology(partitions=8).queues:
                await channel.queue_delete(queue.name)


def _binaries(names: Sequence[str]) -> str:
    return "[" + ",".join(f'<<"{name}">>' for name in names) + "]"


def replace_path(url: str, name: str) -> str:
    """The address with another database or vhost."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))


def database_server() -> Iterator[DatabaseServer]:
    """The session's PostgreSQL; stops what it started and drops what it made."""
    url = os.environ.get("LUNAS_TEST_DATABASE_URL")
    with ExitStack() as stack:
        if not url and containers_wanted():
            url = stack.enter_context(containers.postgres())
        server = DatabaseServer(url or stack.enter_context(_private(broker_url="unused")).database_url)
        stack.callback(server.drop_all)
        yield server


def broker_server() -> Iterator[BrokerServer]:
    """The session's RabbitMQ; stops what it started and deletes what it made."""
    url = os.environ.get("LUNAS_TEST_BROKER_URL")
    with ExitStack() as stack:
        if url:
            server = BrokerServer(url, shlex.split(os.environ.get("LUNAS_TEST_RABBITMQCTL", "")))
            stack.callback(server.delete_used)
        elif containers_wanted():
            server = BrokerServer(*stack.enter_context(containers.rabbitmq()))
        else:
            urls = stack.enter_context(_private(database_url="unused"))
            server = BrokerServer(urls.broker_url, urls.rabbitmqctl)
        yield server


@cache
def containers_wanted() -> bool:
    """Whether the servers are to be containers. Raises ValueError for a word that means nothing."""
    chosen = os.environ.get("LUNAS_TEST_SERVICES") or "auto"
    if chosen not in ("containers", "programs", "auto"):
        raise ValueError(f"LUNAS_TEST_SERVICES is {chosen}: it is containers, programs or auto")
    return chosen == "containers" or (chosen == "auto" and containers.engine_answers())


@contextmanager
def _private(*, database_url: str | None = None, broker_url: str | None = None) -> Iterator[ServiceUrls]:
    """One private service with its data in a temporary folder; local programs first, else containers."""
    home = Path(tempfile.mkdtemp(prefix="lunas-tests-"))
    home.chmod(0o755)  # the service's own user must pass through
    with private_services(home, database_url=database_url, broker_url=broker_url, erase=True) as urls:
        yield urls
