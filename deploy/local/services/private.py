"""`private_services`: a PostgreSQL and a RabbitMQ for as long as a block runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from deploy.local.services import programs
from deploy.local.services.docker import docker_postgres, docker_rabbitmq
from deploy.local.services.home import Home
from deploy.local.services.ports import PortLeases
from deploy.local.services.postgres import postgres_service
from deploy.local.services.rabbitmq import rabbitmq_service
from deploy.local.services.service import Service


@dataclass(frozen=True)
class ServiceUrls:
    """Addresses of running services, passwords included."""

    database_url: str = field(repr=False)
    broker_url: str = field(repr=False)
    rabbitmqctl: list[str] = field(
        default_factory=list, repr=False
    )  # command prefix; empty for a broker that was given


class private_services:
    """Starts what is not given and stops it at the end; works with `with` and with `async with`.

    `database_url` and `broker_url`, when given, are used instead of private instances. Use it from the main thread: the
    kernel ends the services when the thread that started them ends. Starting blocks for 5 to 15 s. `erase` removes the
    home afterwards. `journaled`: ingress keeps what the broker is given, so that a queue which cannot serve any more is made anew. `first` is called once the home is ours and before anything is started: what it raises stops the start.
    Raises ServiceFailure; its MissingProgram names what to install.
    """

    def __init__(
        self,
        home: Path,
        *,
        database_url: str | None = None,
        broker_url: str | None = None,
        erase: bool = False,
        journaled: bool = True,
        report: Callable[[str], None] = lambda _line: None,
        first: Callable[[], None] = lambda: None,
    ) -> None:
        self.home = Home(home)
        self.leases = PortLeases()
        self.services: list[Service] = []
        self._given = (database_url, broker_url)
        self._erase = erase
        self._journaled = journaled
        self._report = report
        self._first = first
        self._cleanup = ExitStack()

    def __enter__(self) -> ServiceUrls:
        with ExitStack() as undo:
            if self._erase:
                undo.callback(self.home.erase)
            undo.enter_context(self.home)
            undo.callback(self.leases.close)
            self._first()
            undo.callback(self._stop)
            urls = self._start()
            self._cleanup = undo.pop_all()
        return urls

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    async def __aenter__(self) -> ServiceUrls:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def _start(self) -> ServiceUrls:
        database_url, broker_url = self._given
        control: list[str] = []
        # The broker boots longest, so it is launched first.
        if not broker_url:
            broker = _broker(self.home, self.leases, journaled=self._journaled)
            self.services.append(broker)
            broker_url, control = broker.url, broker.control
            broker.launch()
        if not database_url:
            database = _database(self.home, self.leases)
            self.services.append(database)
            database_url = database.url
            database.launch()
        for service in reversed(self.services):
            service.reports_to(self._report)
            service.wait_ready()
        return ServiceUrls(database_url, broker_url, control)

    def _stop(self) -> None:
        for service in self.services:
            service.stop()


def _database(home: Home, leases: PortLeases) -> Service:
    local = programs.postgres_folder()
    if local is not None:
        return postgres_service(home, local, leases)
    docker = programs.docker_program()
    if docker is not None:
        return docker_postgres(home, docker, leases)
    raise programs.missing(programs.missing_packages())


def _broker(home: Home, leases: PortLeases, *, journaled: bool) -> Service:
    local, epmd = programs.rabbitmq_folder(), programs.epmd_program()
    if local is not None and epmd is not None:
        return rabbitmq_service(home, local, epmd, leases, journaled=journaled)
    docker = programs.docker_program()
    if docker is not None:
        return docker_rabbitmq(home, docker, leases)
    raise programs.missing(programs.missing_packages())
