"""What is tortured: a PostgreSQL and a RabbitMQ of their own, wires that can be made bad, and the processes, which a keeper starts again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from console.processes import resending
from deploy.local.services.children import Child
from deploy.local.services.confirming import Confirming
from deploy.local.services.private import ServiceUrls, private_services
from deploy.local.services.resending import Resending
from deploy.local.services.service import Service
from deploy.local.services.users import ServiceUser
from runtime.settings import Settings
from tests.ports import Ports
from tests.powercuts.disk import Disk, NoDisk, can_mount
from tests.system.pipeline import PROCESSES, Pipeline
from tests.torture.comparing import PATIENT
from tests.torture.diary import Diary
from tests.torture.proxy import Proxy
from tests.witness.webhooks import catalogue

JOURNAL_LEAST_BYTES = 192 * 1024 * 1024
JOURNAL_BYTES_PER_WEBHOOK = 3_000
BROKER_LEAST_BYTES = 1024 * 1024 * 1024
BROKER_BYTES_PER_WEBHOOK = 4_000
"""What waits in the broker lies in its log and in a file of its queue; under a thousand faults nearly everything may wait."""
DATABASE_BYTES = 8 * 1024 * 1024 * 1024
DATABASE_DISK_MOST_WEBHOOKS = 50_000
SHIPPED_CATALOGUE = Path(__file__).parents[2] / "catalog.toml"
KEEPER_PAUSE_SECONDS = 0.1
REPUBLISH = "republish"
RATE_PER_SECOND = "100000"
"""The witness is one address: what protects us from strangers would only slow it down."""


@dataclass
class Stage:
    """The running system. `database_url` goes straight to the server: a witness does not look through a bad wire."""

    home: Path
    urls: ServiceUrls
    services: dict[str, Service]
    wires: dict[str, Proxy]
    pipeline: Pipeline
    journal: Path
    journal_is_small: bool
    broker_disk: Path | None
    """A disk of its own for the broker, where this user may mount one."""
    database_disk: Path | None
    kills: int = 0
    killed: set[int] = field(default_factory=set)
    """Processes that we killed: they did not die by themselves at a step that was asked for."""
    restarts: int = 0
    differing: list[str] = field(default_factory=list)
    """What comparisons found that were made meanwhile: at every moment what is shown is the fold of the log up to there."""
    boots: dict[str, list[float]] = field(default_factory=dict)
    """By service, how many seconds each start took until it answered: what is well again sooner than that, nobody can ask for."""
    booting: dict[str, float] = field(default_factory=dict)
    """By service, when it was started, while it does not answer."""
    resting: set[str] = field(default_factory=set)
    """Processes and services that a fault keeps down: the keeper leaves them alone."""
    standing: set[str] = field(default_factory=set)
    """Processes that a fault makes stand still: no other one wakes them."""
    _republish: Child | None = None

    def __post_init__(self) -> None:
        self.diary = Diary(self.home)
        """What the keeper did beside starting what was dead."""

    @property
    def database_url(self) -> str:
        return self.urls.database_url

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> bool:
        """Sends one process a signal; whether it lived to get it."""
        process = self.pipeline.running[name]
        if process.poll() is not None or (number == signal.SIGCONT and name in self.standing):
            return False
        process.send_signal(number)
        if number == signal.SIGKILL:
            self.kills += 1
            self.killed.add(process.pid)
        return True

    def signal_service(self, name: str, number: signal.Signals) -> None:
        """Sends a service and everything it started a signal: servers have many processes."""
        child = self.services[name].children[-1]
        if child.process is None or child.process.poll() is not None:
            return
        for pid in family(child.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        self.kills += number == signal.SIGKILL

    async def control_broker(self, *words: str) -> str:
        """rabbitmqctl; what it said. Raises nothing: a broker that is ill may not answer."""
        process = await asyncio.create_subprocess_exec(
            *self.urls.rabbitmqctl,
            *words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), 30)
        except TimeoutError:
            process.kill()
            await process.wait()
            return ""
        return said.decode()

    async def sql(self, statement: str) -> None:
        """As the database's owner, straight."""
        connection = await asyncpg.connect(self.database_url, server_settings={"search_path": "lunas"})
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def lunas(self, *words: str, **more: str) -> tuple[int, str]:
        """One command of ours, with further environment variables; exit code and output."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "console.main",
            *words,
            env=self.pipeline.environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    def heal(self) -> None:
        """Ends what a fault may have left."""
        for wire in self.wires.values():
            wire.heal()
        self.resting.clear()

    async def keep(self) -> None:
        """Starts again what is dead, or confirms nothing, as the supervisor does; until it is cancelled. On the thread that started it all."""
        broker = self.services["broker"]
        confirming = Confirming(broker.url, broker.control, full=broker.full)
        self._republish = self._resending_child()
        resending = Resending(list(self.services.values()), self._republish, self.diary.hear)
        confirming.start()
        try:
            while True:
                self._tend(confirming)
                if REPUBLISH not in self.resting:
                    resending.tend()
                await asyncio.sleep(KEEPER_PAUSE_SECONDS)
        finally:
            confirming.stop()

    def republishing(self) -> bool:
        """Whether the journal is being sent again beside ingress."""
        return self._republish is not None and self._republish.alive()

    def _resending_child(self) -> Child:
        return Child(
            name=REPUBLISH,
            command=resending(Settings()),
            environment=self.pipeline.environment,
            user=ServiceUser(None, os.geteuid(), os.getegid()),
            folder=Path.cwd(),
            log=self.home / f"{REPUBLISH}.log",
            death_signal=signal.SIGTERM,
        )

    def _tend(self, confirming: Confirming) -> None:
        """One look without waiting."""
        for name, process in self.pipeline.running.items():
            if process.poll() is not None and name not in self.resting:
                self.pipeline.start(name)
                self.restarts += 1
        for name, service in self.services.items():
            if name not in self.resting and not service.alive():
                service.launch()
                self.restarts += 1
                self.booting[name] = time.monotonic()
            elif name in self.booting and service.ready():
                self.boots.setdefault(name, []).append(time.monotonic() - self.booting.pop(name))
            service.tend() if service.alive() else None
        confirming.tend(self.services["broker"].children[-1], self.diary.hear)


def family(pid: int) -> list[int]:
    """A process and all that it started, itself first."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid] + [each for child in children for each in family(int(child))]


@asynccontextmanager
async def staged(
    home: Path, webhooks: int, more: dict[str, str], made_by: type[Pipeline] = Pipeline
) -> AsyncIterator[Stage]:
    """Everything running and ready, with the keeper; ended with the block. `more`: further variables of every process."""
    async with AsyncExitStack() as stack:
        broker_disk = _broker_disk(home, webhooks, stack)
        database_disk = _database_disk(home, webhooks, stack)
        journaled = more.get("LUNAS_INGRESS_DURABILITY") != "broker"
        services = private_services(home / "services", journaled=journaled)
        urls = stack.enter_context(services)
        ports = Ports()
        stack.callback(ports.close)
        wires = {
            name: await stack.enter_async_context(Proxy(port, urlsplit(url).port or 0))
            for name, url, port in zip(
                ("broker", "database"), (urls.broker_url, urls.database_url), ports.pick(2), strict=True
            )
        }
        journal, small = _journal(home, stack, max(JOURNAL_LEAST_BYTES, webhooks * JOURNAL_BYTES_PER_WEBHOOK))
        pipeline = _pipeline(home, urls, wires, journal, more, made_by)
        named = {
            "database": next(each for each in services.services if each.name == "PostgreSQL"),
            "broker": next(each for each in services.services if each.name == "RabbitMQ"),
        }
        stage = Stage(home, urls, named, wires, pipeline, journal, small, broker_disk, database_disk)
        for service in named.values():
            service.reports_to(stage.diary.hear)
        code, said = await stage.lunas("migrate", "--json", **PATIENT)
        assert code == 0, said
        await stack.enter_async_context(pipeline)
        keeper = asyncio.create_task(stage.keep(), name="keeper")
        try:
            yield stage
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            stage.heal()


def _pipeline(
    home: Path,
    urls: ServiceUrls,
    wires: dict[str, Proxy],
    journal: Path,
    more: dict[str, str],
    made_by: type[Pipeline],
) -> Pipeline:
    sold = home / "catalog.toml"
    sold.write_text(catalogue(SHIPPED_CATALOGUE.read_text("utf-8")), "utf-8")
    own = {
        "LUNAS_CATALOG": str(sold),
        "LUNAS_INGRESS_JOURNAL_DIR": str(journal),
        "LUNAS_INGRESS_RATE_LIMIT_PER_SECOND": RATE_PER_SECOND,
        "LUNAS_INGRESS_RATE_BURST": RATE_PER_SECOND,
    }
    return made_by(
        _through(urls.database_url, wires["database"]),
        _through(urls.broker_url, wires["broker"]),
        home,
        PROCESSES,
        own | more,
    )


def _through(url: str, wire: Proxy) -> str:
    parts = urlsplit(url)
    credentials, _, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{wire.port}"))


def _broker_disk(home: Path, webhooks: int, stack: AsyncExitStack) -> Path | None:
    """Where the broker's data will lie, on a disk that can be filled."""
    home.chmod(0o755)  # the broker's user must pass through
    folder = home / "services" / "rabbitmq"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o755)
    size = max(BROKER_LEAST_BYTES, webhooks * BROKER_BYTES_PER_WEBHOOK)
    return folder if _mounted(folder, size, stack) else None


def _database_disk(home: Path, webhooks: int, stack: AsyncExitStack) -> Path | None:
    """A file system in a file for the database: what it holds would not fit in memory. None for a run that would fill that by itself."""
    folder = home / "services" / "postgres"
    if webhooks > DATABASE_DISK_MOST_WEBHOOKS or not can_mount():
        return None
    disk = Disk(home / "postgres.img", folder, size=DATABASE_BYTES)
    try:
        disk.make()
        disk.mount()
    except NoDisk:
        return None
    stack.callback(disk.unmount)
    return folder


def _journal(home: Path, stack: AsyncExitStack, size: int) -> tuple[Path, bool]:
    """A folder for the journal: a disk of its own that can be filled, where this user may mount one."""
    folder = home / "journal"
    folder.mkdir()
    return folder, _mounted(folder, size, stack)


def _mounted(folder: Path, size: int, stack: AsyncExitStack) -> bool:
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "lunas-torture", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode == 0:
        stack.callback(lambda: subprocess.run(["umount", "-l", str(folder)], check=False))
    return done.returncode == 0
