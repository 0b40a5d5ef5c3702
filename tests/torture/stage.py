"""What is tortured: a PostgreSQL and a RabbitMQ of their own, wires that can be made bad, and the processes, which a keeper starts again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from deploy.local.services.private import ServiceUrls, private_services
from deploy.local.services.service import Service
from tests.ports import Ports
from tests.system.pipeline import PROCESSES, Pipeline
from tests.torture.proxy import Proxy
from tests.witness.webhooks import catalogue

JOURNAL_LEAST_BYTES = 192 * 1024 * 1024
JOURNAL_BYTES_PER_WEBHOOK = 3_000
SHIPPED_CATALOGUE = Path(__file__).parents[2] / "catalog.toml"
KEEPER_PAUSE_SECONDS = 0.1
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
    kills: int = 0
    restarts: int = 0
    resting: set[str] = field(default_factory=set)
    """Processes and services that a fault keeps down: the keeper leaves them alone."""

    @property
    def database_url(self) -> str:
        return self.urls.database_url

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends one process a signal."""
        process = self.pipeline.running[name]
        if process.poll() is None:
            process.send_signal(number)
            self.kills += number == signal.SIGKILL

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

    async def lunas(self, *words: str) -> tuple[int, str]:
        """One command of ours; exit code and output."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "console.main",
            *words,
            env=self.pipeline.environment,
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
        """Starts again what is dead, as a supervisor would; until it is cancelled. On the thread that started it all."""
        while True:
            for name, process in self.pipeline.running.items():
                if process.poll() is not None and name not in self.resting:
                    self.pipeline.start(name)
                    self.restarts += 1
            for name, service in self.services.items():
                if name not in self.resting and not service.alive():
                    service.launch()
                    self.restarts += 1
                service.tend() if service.alive() else None
            await asyncio.sleep(KEEPER_PAUSE_SECONDS)


def family(pid: int) -> list[int]:
    """A process and all that it started, itself first."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid] + [each for child in children for each in family(int(child))]


@asynccontextmanager
async def staged(home: Path, webhooks: int, more: dict[str, str]) -> AsyncIterator[Stage]:
    """Everything running and ready, with the keeper; ended with the block. `more`: further variables of every process."""
    async with AsyncExitStack() as stack:
        services = private_services(home / "services")
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
        pipeline = _pipeline(home, urls, wires, journal, more)
        named = {
            "database": next(each for each in services.services if each.name == "PostgreSQL"),
            "broker": next(each for each in services.services if each.name == "RabbitMQ"),
        }
        stage = Stage(home, urls, named, wires, pipeline, journal, small)
        code, said = await stage.lunas("migrate", "--json")
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
    home: Path, urls: ServiceUrls, wires: dict[str, Proxy], journal: Path, more: dict[str, str]
) -> Pipeline:
    sold = home / "catalog.toml"
    sold.write_text(catalogue(SHIPPED_CATALOGUE.read_text("utf-8")), "utf-8")
    own = {
        "LUNAS_CATALOG": str(sold),
        "LUNAS_INGRESS_JOURNAL_DIR": str(journal),
        "LUNAS_INGRESS_RATE_LIMIT_PER_SECOND": RATE_PER_SECOND,
        "LUNAS_INGRESS_RATE_BURST": RATE_PER_SECOND,
    }
    return Pipeline(
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


def _journal(home: Path, stack: AsyncExitStack, size: int) -> tuple[Path, bool]:
    """A folder for the journal: a disk of its own that can be filled, where this user may mount one."""
    folder = home / "journal"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "lunas-torture", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode == 0:
        stack.callback(lambda: subprocess.run(["umount", "-l", str(folder)], check=False))
    return folder, mounted.returncode == 0
