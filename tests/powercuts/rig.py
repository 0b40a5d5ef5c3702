"""A machine that is cut off: its services, its processes and its journal on one disk, somebody who sends webhooks, and a thread that cuts."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aio_pika
import asyncpg

from deploy.local.services.failures import ServiceFailure
from deploy.local.services.private import ServiceUrls, private_services
from deploy.local.services.service import Service
from schemas.topology import topology
from tests.powercuts.disk import Disk, standing_still
from tests.powercuts.planted import JOURNAL, until_lost
from tests.system.forks import ForkedPipeline
from tests.system.pipeline import PROCESSES, Pipeline
from tests.torture.comparing import PATIENT
from tests.torture.settling import ControlBroker, settled
from tests.torture.stage import SHIPPED_CATALOGUE, family
from tests.witness.load import Load
from tests.witness.missing import not_stored
from tests.witness.record import Record
from tests.witness.verdict import judge
from tests.witness.webhooks import CUSTOMERS, Webhook, catalogue

QUIET_LOOKS = 2
LISTING_SECONDS = 30.0
RECORD_SECONDS = 0.2
"""So long after everything stands still, what was answered before is written down."""
COMMAND_SECONDS = 300.0
READY_TRIES = 4
LOST = "I1 accepted and lost"
"""As the witness calls it."""
LAST_BYTES = 3_000


@dataclass
class Cut:
    """What the disk held at an instant, and the witness's record up to it."""

    number: int
    image: Path
    record: bytes
    after: float
    """Seconds since the machine was switched on."""
    alone: str = ""
    """Who alone kept what was accepted."""


@dataclass
class Fate:
    """What became of a cut once the machine was switched on again. `broken` is empty when everything was as it must be."""

    cut: Cut
    started: float = 0.0
    accepted: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def lost(self) -> bool:
        """Whether something that was answered 200 is nowhere."""
        return any(each.startswith(LOST) for each in self.broken)


@dataclass(frozen=True)
class Moments:
    """Seconds after the machine was switched on, and seconds after the first webhook was sent."""

    of_start: Sequence[float]
    of_load: Sequence[float]


class Cutter(threading.Thread):
    """Takes copies at its moments; the services start in the main thread meanwhile."""

    def __init__(
        self, disk: Disk, record: Path, folder: Path, moments: Moments, first: int, alone: str
    ) -> None:
        super().__init__(name="cutter")
        self._disk, self._record, self._folder = disk, record, folder
        self._moments, self._first, self._alone = moments, first, alone
        self._began = time.monotonic()
        self._over = threading.Event()
        self._loaded = threading.Event()
        self.cuts: list[Cut] = []
        self.missed = 0

    def run(self) -> None:
        for moment in sorted(self._moments.of_start):
            self._at(self._began + moment)
        while not self._loaded.wait(0.1):
            if self._over.is_set():
                return
        began = time.monotonic()
        for moment in sorted(self._moments.of_load):
            self._at(began + moment)

    def loaded(self) -> None:
        """The first webhook is on its way."""
        self._loaded.set()

    def end(self) -> None:
        self._over.set()

    def _at(self, when: float) -> None:
        if self._over.wait(max(0.0, when - time.monotonic())):
            return
        number = self._first + len(self.cuts)
        image = self._folder / f"cut-{number}.img"
        with standing_still():
            time.sleep(RECORD_SECONDS)
            record = self._record.read_bytes() if self._record.exists() else b""
            if self._disk.copy(image):
                whole = record[: record.rfind(b"\n") + 1]
                self.cuts.append(Cut(number, image, whole, time.monotonic() - self._began, self._alone))
            else:
                self.missed += 1


@dataclass
class Machine:
    """One boot. `home` lies on the disk; logs of processes do not."""

    home: Path
    logs: Path
    durability: str = JOURNAL
    made_by: type[ForkedPipeline] = ForkedPipeline

    @contextmanager
    def on(self) -> Iterator[tuple[ServiceUrls, ForkedPipeline, dict[str, Service]]]:
        """Switched on; at the end the current is gone: nothing is stopped in order. Raises ServiceFailure."""
        services = private_services(self.home, journaled=self.durability == JOURNAL)
        pipeline: ForkedPipeline | None = None
        try:
            urls = services.__enter__()
            pipeline = self._pipeline(urls)
            named = {
                "database": next(one for one in services.services if one.name == "PostgreSQL"),
                "broker": next(one for one in services.services if one.name == "RabbitMQ"),
            }
            yield urls, pipeline, named
        finally:
            for process in pipeline.running.values() if pipeline else ():
                process.kill()
                process.wait()
            if pipeline is not None:
                pipeline.held.close()
            for service in services.services:
                cut_off(service)
            with suppress(ServiceFailure, OSError, subprocess.TimeoutExpired):
                services.__exit__(None, None, None)

    def last_words(self) -> str:
        """The end of the services' logs, the broker's own too: the disk that holds them is gone before anybody can look."""
        logs = [*(self.home / "logs").glob("*.log"), *self.home.glob("rabbitmq/log/*.log")]
        ends = {log.name: log.read_bytes()[-LAST_BYTES:].decode("utf-8", "replace") for log in logs}
        return "".join(f"\n--- {name}\n{end}" for name, end in ends.items() if end)

    def _pipeline(self, urls: ServiceUrls) -> ForkedPipeline:
        sold = self.logs / "catalog.toml"
        sold.write_text(catalogue(SHIPPED_CATALOGUE.read_text("utf-8")), "utf-8")
        own = {
            "LUNAS_CATALOG": str(sold),
            "LUNAS_INGRESS_DURABILITY": self.durability,
            "LUNAS_INGRESS_JOURNAL_DIR": str(self.home / "journal"),
            "LUNAS_INGRESS_RATE_LIMIT_PER_SECOND": "100000",
            "LUNAS_INGRESS_RATE_BURST": "100000",
        }
        return self.made_by(urls.database_url, urls.broker_url, self.logs, PROCESSES, own)


def cut_off(service: Service) -> None:
    """Everything of a service, at once."""
    for child in service.children:
        if child.process is not None and child.process.poll() is None:
            for pid in family(child.process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            child.process.wait()


async def boot(pipeline: ForkedPipeline) -> None:
    """Migrated, and every process ready. Raises AssertionError or TimeoutError when that needs a person."""
    out = pipeline.home / "migrate.json"
    migrating = pipeline.order(["migrate", "--json"], out, **PATIENT)
    try:
        code = await asyncio.to_thread(migrating.wait, COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"lunas migrate has not ended after {COMMAND_SECONDS:g} s") from None
    assert code == 0, f"lunas migrate ended with {code}: {pipeline.log('commands')[-500:]}"
    for name in PROCESSES:
        pipeline.start(name)
    for name in PROCESSES:
        await _ready(pipeline, name)


async def _ready(pipeline: Pipeline, name: str) -> None:
    """A busy machine may take long; what does not come at all needs a person."""
    for _ in range(READY_TRIES):
        with suppress(TimeoutError):
            return await pipeline.wait_ready(name)
    raise TimeoutError(f"{name} is not ready:\n{pipeline.log(name)[-1500:]}")


@dataclass
class Life:
    """A machine between two cuts: switched on, sent webhooks, copied at some instants."""

    machine: Machine
    plan: Sequence[Webhook]
    record: Path
    rate: float
    seed: int
    begun: int
    """Webhooks of the plan that an earlier life sent."""
    alone: str
    """Who alone keeps what is accepted: the journal, the broker, or "" for whoever may."""
    alone_after: float
    """Seconds of load after which all others are gone for the rest of it."""

    async def live(self, cutter: Cutter) -> int:
        """Until the cutter is through; how far the plan was sent."""
        cutter.start()
        try:
            with self.machine.on() as (_, pipeline, services):
                await boot(pipeline)
                await pipeline.register(CUSTOMERS)
                async with Record(self.record) as record:
                    load = Load(
                        self.plan[self.begun :], record, pipeline.ingress, pipeline.api, self.rate, self.seed
                    )
                    running = asyncio.create_task(load.run())
                    others_go = time.monotonic() + (self.alone_after if self.alone else float("inf"))
                    cutter.loaded()
                    while cutter.is_alive() and not running.done():
                        await asyncio.sleep(0.05)
                        if time.monotonic() >= others_go:
                            self._leave_alone(pipeline, services["broker"])
                            others_go = float("inf")
                    load.give_up()
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)
                return self.begun + load.sent
        finally:
            cutter.end()
            cutter.join()

    def _leave_alone(self, pipeline: ForkedPipeline, broker: Service) -> None:
        """The journal without a broker, or the broker without anybody who takes what it has into the database."""
        if self.alone == JOURNAL:
            cut_off(broker)
        else:
            pipeline.running["processor"].kill()
            pipeline.running["processor"].wait()


def listing(broker_url: str) -> ControlBroker:
    """In place of `rabbitmqctl list_queues`, which starts a virtual machine: what waits in each queue of webhooks, in its form. Nothing, where the broker
    does not say."""

    async def listed(*_words: str) -> str:
        found = []
        with suppress(aio_pika.exceptions.AMQPError, OSError, TimeoutError):
            async with await aio_pika.connect(broker_url, timeout=LISTING_SECONDS) as connection:
                channel = await connection.channel()
                for queue in topology().queues:
                    seen = await channel.declare_queue(queue.name, passive=True, timeout=LISTING_SECONDS)
                    found.append(f"{queue.name}\t{seen.declaration_result.message_count}")
        return "\n".join(found)

    return listed


async def judged(machine: Machine, cut: Cut, plan: Sequence[Webhook], folder: Path, *, control: bool) -> Fate:
    """Switched on again with what the disk held, and looked at by the witness. `control`: something is to be lost."""
    fate = Fate(cut)
    began = time.monotonic()
    record = folder / f"record-{cut.number}.jsonl"
    record.write_bytes(cut.record)
    try:
        with machine.on() as (urls, pipeline, _):
            await boot(pipeline)
            fate.started = time.monotonic() - began

            look = partial(not_stored, record, urls.database_url)
            await settled(
                urls.database_url,
                listing(urls.broker_url),
                QUIET_LOOKS,
                missing=until_lost(look) if control else look,
            )
            verdict = await judge(record, plan, urls.database_url)
            fate.accepted = verdict.figures.get("of them different", 0)
            fate.broken = [f"{name}: {each}" for name, found in verdict.broken.items() for each in found]
    except (ServiceFailure, AssertionError, TimeoutError, OSError, asyncpg.PostgresError) as error:
        words = machine.last_words() if isinstance(error, ServiceFailure) else ""
        fate.broken.append(f"needs a person: {type(error).__name__}: {error}"[:600] + words)
    return fate


def moments(dice: random.Random, number: int, *, first: bool) -> Moments:
    """Instants of cuts: half of those of a first start while it is being made, all others under load."""
    early = number // 2 if first else 0
    return Moments(
        [dice.uniform(1.0, 16.0) for _ in range(early)],
        [dice.uniform(0.5, 12.0) for _ in range(number - early)],
    )
