"""The supervisor of `make run`: private services, migration, our processes; restarts what dies, stops all in order.

It knows no process: names and commands come from its caller. A process called `x` has the settings `x_metrics_port` and, with a public door,
`x_port`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from deploy.local.services.children import Child, end_orphans, stop_all
from deploy.local.services.confirming import Confirming
from deploy.local.services.doors import (
    SERVICES,
    answers_ready,
    choose_ports,
    door_urls,
    failed_checks,
    not_ready,
)
from deploy.local.services.failures import ServiceFailure
from deploy.local.services.instance import Instance, process_start
from deploy.local.services.interrupts import Interrupts, MakeParent
from deploy.local.services.private import private_services
from deploy.local.services.resending import Resending
from deploy.local.services.restarts import Restarts
from deploy.local.services.users import ServiceUser
from runtime.lifecycle import SUPERVISOR_VARIABLE
from runtime.settings import ConfigurationError, Settings
from runtime.settings.model import variable_name

START_BUDGET_SECONDS = 60.0
STOP_BUDGET_SECONDS = 9.0  # of our processes; the services add at most 6 s
ORPHAN_STOP_SECONDS = 1.5
HOPELESS_RESTARTS = 4  # of a process that has never been ready
POLL_SECONDS = 0.2
EXIT_WRONG_USE = 2  # a process that ends so has a wrong configuration: starting it again cannot help

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Programs:
    """Commands: what prepares the database and ends, and by name the processes to keep alive, in the order of their start."""

    migrate: Sequence[str]
    processes: Mapping[str, Sequence[str]]
    republish: Sequence[str] = ()
    """What sends again what queues held that were made anew; without it a person does."""


class Supervisor:
    """A whole instance for as long as a `with` block runs; `watch` in between keeps it alive.

    `show_logs`: our processes write to this terminal; otherwise to LUNAS_HOME/logs. Raises ServiceFailure and
    ConfigurationError, each one sentence for a person.
    """

    def __init__(
        self, settings: Settings, programs: Programs, *, show_logs: bool = False, erase: bool = False,
        report: Report = lambda _line: None,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._programs = programs
        self._names = list(programs.processes)
        self._show_logs = show_logs
        self._report = report
        self._services = private_services(
            settings.home,
            database_url=_clear(settings.database_url),
            broker_url=_clear(settings.broker_url),
            erase=erase,
            journaled=settings.ingress_durability == "journal",
            report=report,
            first=self._choose_ports,
        )
        self._ports: dict[str, int] = {}
        self._children: dict[str, Child] = {}
        self._restarts = Restarts(report)
        self._confirming: list[tuple[Child, Confirming]] = []
        self._resending: Resending | None = None
        self._beside: list[Child] = []
        self._stop_budget_seconds = STOP_BUDGET_SECONDS
        self._cleanup = ExitStack()
        self.environment: dict[str, str] = {}
        self.instance: Instance | None = None

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            urls = undo.enter_context(self._services)
            undo.callback(self._stop_processes)
            ports = self._ports
            self.environment = {
                **os.environ,
                **self._settings.as_environment(),
                **{variable_name(field): str(port) for field, port in ports.items()},
                "LUNAS_ENV": self._settings.env,
                "LUNAS_HOME": str(self._services.home.path),
                "LUNAS_CATALOG": str(self._settings.catalog.absolute()),
                "LUNAS_DATABASE_URL": urls.database_url,
                "LUNAS_BROKER_URL": urls.broker_url,
                SUPERVISOR_VARIABLE: str(os.getpid()),
            }
            self._migrate()
            for name, command in self._programs.processes.items():
                self._children[name] = self._child(name, command)
                self._children[name].start()
            self._wait_ready(door_urls(self._settings, ports, health=True))
            for service in self._services.services:
                service.settle()
            self._watch_confirms(undo)
            if self._programs.republish:
                child = self._child("republish", self._programs.republish, log=True)
                self._beside.append(child)
                self._resending = Resending(self._services.services, child, self._report)
            self.instance = self._publish(door_urls(self._settings, ports, health=False))
            undo.callback(self.instance.remove)
            self._cleanup = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def _choose_ports(self) -> None:
        # The home is locked by us: whoever still works for it belongs to a supervisor that was killed, and may hold our ports.
        end_orphans(f"LUNAS_HOME={self._services.home.path}\0", f"{SUPERVISOR_VARIABLE}=")
        self._ports = choose_ports(self._settings, self._names, self._services.leases, self._report)

    def watch(self) -> None:
        """One look at everything: starts again what has died. Call it a few times a second."""
        for service in self._services.services:
            for child in service.children:
                self._restarts.look(child)
            service.tend()
        for child in self._children.values():
            self._restarts.look(child)
        for broker, confirming in self._confirming:
            confirming.tend(broker, self._report)
        if self._resending is not None:
            self._resending.tend()

    def hurry(self) -> None:
        """Stop within the 5 s that are left when nobody waits for us any more."""
        self._stop_budget_seconds = ORPHAN_STOP_SECONDS
        for service in self._services.services:
            service.stop_budget_seconds = ORPHAN_STOP_SECONDS

    def _watch_confirms(self, undo: ExitStack) -> None:
        """Of a broker of our own; one that was given is somebody else's to start."""
        for service in self._services.services:
            if service.control:
                confirming = Confirming(service.url, service.control, full=service.full)
                confirming.start()
                undo.callback(confirming.stop)
                self._confirming.append((service.children[-1], confirming))

    def _child(self, name: str, command: Sequence[str], *, log: bool = False) -> Child:
        to_file = log or not self._show_logs
        return Child(
            name=name,
            command=list(command),
            environment=self.environment,
            user=ServiceUser(None, os.geteuid(), os.getegid()),
            folder=Path.cwd(),
            log=self._services.home.logs / f"{name}.log" if to_file else None,
            death_signal=signal.SIGTERM,
        )

    def _migrate(self) -> None:
        child = self._child("migrate", self._programs.migrate, log=True)
        self._beside.append(child)
        child.start()
        while child.alive():
            time.sleep(POLL_SECONDS / 4)
        self._beside.remove(child)  # its number may be another one's by the time that all are stopped
        if child.process is not None and child.process.returncode != 0:
            raise ServiceFailure(
                f"The database schema could not be brought up to date:\n{child.last_words()}"
            )

    def _wait_ready(self, urls: Mapping[str, str]) -> None:
        deadline = time.monotonic() + START_BUDGET_SECONDS
        waiting = [name for name in self._names if name in urls]
        while waiting := [name for name in waiting if not answers_ready(urls[name])]:
            for name, child in self._children.items():
                if child.process is not None and child.process.poll() == EXIT_WRONG_USE:
                    raise ConfigurationError(
                        child.last_words().strip() or f"{name} refused to start; its reason is above."
                    )
            hopeless = any(self._restarts.count(name) >= HOPELESS_RESTARTS for name in waiting)
            late = hopeless or time.monotonic() > deadline
            if late and (silent := self._silent_services()):
                self._report(
                    f"{' and '.join(silent)} does not answer; waiting for it, Ctrl-C stops everything"
                )
                deadline = time.monotonic() + START_BUDGET_SECONDS
            elif late:
                said = {name: self._children[name].last_words() for name in waiting}
                words = "".join(f"\n{name}:\n{lines}" for name, lines in said.items() if lines)
                failing = {name: failed_checks(urls[name]) for name in waiting}
                raise ServiceFailure(not_ready(failing, START_BUDGET_SECONDS, self._given()) + words)
            self.watch()
            time.sleep(POLL_SECONDS)

    def _silent_services(self) -> list[str]:
        """Private services that were ready and are not now: frozen, or starting again. Nobody else is to blame, and they may come back."""
        return [service.name for service in self._services.services if not service.ready()]

    def _given(self) -> list[str]:
        return [name for name in SERVICES if getattr(self._settings, f"{name}_url") is not None]

    def _publish(self, urls: dict[str, str]) -> Instance:
        known = {variable_name(field) for field in Settings.model_fields}
        shown = {name: value for name, value in self.environment.items() if name in known}
        instance = Instance(os.getpid(), process_start(os.getpid()), self._services.home.path, urls, shown)
        instance.write()
        return instance

    def _stop_processes(self) -> None:
        for name in stop_all([*self._children.values(), *self._beside], self._stop_budget_seconds):
            self._report(f"{name} did not stop in {self._stop_budget_seconds:g} s and was killed")


def run_foreground(settings: Settings, programs: Programs, *, welcome: Callable[[Instance], str]) -> int:
    """`make run`: everything until Ctrl-C or SIGTERM; the exit code. `welcome` gives the text shown when all is ready."""
    make = MakeParent()
    with Interrupts() as interrupts:
        try:
            _say("starting private services and processes …")
            supervisor = Supervisor(settings, programs, show_logs=True, report=_say)
            with ExitStack() as stack:
                stack.enter_context(supervisor)
                stack.callback(interrupts.stopping)
                if supervisor.instance is not None:
                    print(welcome(supervisor.instance), flush=True)
                _watch(supervisor, make)
        except KeyboardInterrupt:
            pass
        except (ServiceFailure, ConfigurationError) as error:
            print(error, file=sys.stderr, flush=True)
            return EXIT_WRONG_USE if isinstance(error, ConfigurationError) else 1
    _say("stopped; nothing is left running")
    return 0


def _watch(supervisor: Supervisor, make: MakeParent) -> None:
    while True:
        supervisor.watch()
        if make.gone():
            supervisor.hurry()
            return
        if make.interrupted():
            return
        time.sleep(POLL_SECONDS)


def _clear(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _say(line: str) -> None:
    """To a person as a sentence, to a collector as the lines of our processes are."""
    if not sys.stderr.isatty():
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        said = {"action": "supervisor.told", "event": line, "process": "supervisor", "level": "info"}
        print(json.dumps(said | {"timestamp": at}, ensure_ascii=False), file=sys.stderr, flush=True)
        return
    print(f"lunas: {line}", file=sys.stderr, flush=True)
