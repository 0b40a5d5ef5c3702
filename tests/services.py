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
from tests.memory import quick_place, sweep

T = TypeVar("T")
ROOM_BYTES = 4 << 30
"""Free memory that a worker's servers are put into: what a run of the suite leaves there, several times over."""
HOMES = "lunas-tests-"
BY_FILE = "STRATEGY file_copy"
"""Copies a database past the log: in memory a seventh of the work, on a disk slower, as every file is synced."""
VHOSTS_PER_CALL = 40  # one rabbitmqctl call costs half a second, a vhost inside it milliseconds
HANGS_SECONDS = 240.0  # below the limit of a test; on a machine with ten times its work forty vhosts took more than a minute


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
    """A PostgreSQL server where tests make databases of their own, copies of one template.

    A database that a test is done with goes when the next one is made, over the same connection. `copying`: options of such a copy.
    """

    admin_url: str
    copying: str = ""
    template: str | None = None
    _made: list[str] = field(default_factory=list)
    _done: list[str] = field(default_factory=list)

    def create_empty(self) -> str:
        """A new empty database; its address."""
        return self._create(None)

    def create_migrated(self) -> str:
        """A new database as `lunas migrate` leaves it; its address. The first call makes the template."""
        if self.template is None:
            url = self._create(None)
            run_apart(lambda: _migrate(url))
            self.template = _name(url)
        return self._create(self.template)

    def drop(self, url: str) -> None:
        self._done.append(_name(url))

    def drop_all(self) -> None:
        self._execute(*map(_dropping, self._made))
        self._made.clear()
        self._done.clear()

    def _create(self, template: str | None) -> str:
        name = f"lunas_test_{os.getpid()}_{secrets.token_hex(4)}"
        copied = f' TEMPLATE "{template}" {self.copying}' if template else ""
        done, self._done = self._done, []
        self._execute(*map(_dropping, done), f'CREATE DATABASE "{name}"{copied}')
        self._made = [*(kept for kept in self._made if kept not in done), name]
        return replace_path(self.admin_url, name)

    def _execute(self, *statements: str) -> None:
        async def work() -> None:
            connection = await asyncpg.connect(self.admin_url)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        run_apart(work)


def _name(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


def _dropping(name: str) -> str:
    return f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'


async def _migrate(url: str) -> None:
    from eventstore.migrations import migrate
    from projections.versions import ensure_at

    await migrate(url)
    await ensure_at(url)


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
        self._eval(
            f"{_deleting(self._used)}, "
            '[begin rabbit_vhost:add(N, <<"tests">>), rabbit_auth_backend_internal:set_permissions('
            f'<<"{user}">>, N, <<".*">>, <<".*">>, <<".*">>, <<"tests">>) end || N <- {_binaries(names)}].'
        )
        self._used.clear()
        self._ready = names

    def _delete(self, names: Sequence[str]) -> None:
        if names and self.rabbitmqctl:
            self._eval(f"{_deleting(names)}.")

    def _eval(self, expression: str) -> None:
        done = subprocess.run(
            [*self.rabbitmqctl, "eval", expression], capture_output=True, text=True, timeout=HANGS_SECONDS
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


def _deleting(names: Sequence[str]) -> str:
    return f'[catch rabbit_vhost:delete(N, <<"tests">>) || N <- {_binaries(names)}]'


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
        if url:
            server = DatabaseServer(url)
        else:
            place = quick_place(ROOM_BYTES)
            urls = stack.enter_context(_private(place, broker_url="unused"))
            server = DatabaseServer(urls.database_url, copying=BY_FILE if place else "")
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
            urls = stack.enter_context(_private(quick_place(ROOM_BYTES), database_url="unused"))
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
def _private(
    place: str | None = None, *, database_url: str | None = None, broker_url: str | None = None
) -> Iterator[ServiceUrls]:
    """One private service with its data in a temporary folder, at `place`; local programs first, else containers."""
    if place is not None:
        sweep(HOMES, Path(place))
    home = Path(tempfile.mkdtemp(prefix=HOMES, dir=place))
    home.chmod(0o755)  # the service's own user must pass through
    with private_services(home, database_url=database_url, broker_url=broker_url, erase=True) as urls:
        yield urls
