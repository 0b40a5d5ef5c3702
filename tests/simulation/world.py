"""One schedule: a provider sends webhooks to an ingress with a journal, a processor takes them in, and both die at any step."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from ingress.journal.course import Sender
from ingress.journal.doubts import Doubts
from ingress.journal.journal import Journal, JournalBounds
from ingress.journal.keeper import Keeper
from ingress.journal.place import own_place
from ingress.journal.progress import Progress
from ingress.journal.reader import JournalReader
from ingress.journal.relay import relay
from ingress.journal.upkeep import Upkeep
from ingress.lane import Bounds, Unpublished
from ingress.metrics import Metrics
from ingress.publisher import GroupingPublisher
from ingress.routing import Routing
from processor.intake.hands import Hands
from processor.intake.instruments import Instruments
from processor.intake.interpreter import Interpreter
from processor.intake.patience import Patience
from processor.intake.pipeline import Pipeline
from processor.intake.retry import Detours
from processor.intake.store import Store
from providers.registry import PROVIDERS
from runtime.amqp.consumer import Consumer
from runtime.amqp.publisher import Publisher
from schemas.envelope import Envelope
from schemas.topology import RETRY_DELAYS, own_queues, queue_name, routing_key, work_queues
from tests.simulation.bodies import capture
from tests.simulation.broker import FORGOTTEN_SECONDS, SimBroker, SimConsumer, SimPublisher
from tests.simulation.faults import CRASH_CHANCE, MOST_CRASHES, OUTAGE_CHANCE, Faults
from tests.simulation.locks import SimLocks
from tests.simulation.loop import SimLoop, SimProcess
from tests.simulation.store import SimLog, SimStore

PARTITIONS = 2
OWN = own_queues(PARTITIONS)
ROUTING = Routing(PARTITIONS, OWN)
WEBHOOKS = 20
PAYMENTS = 14
"""Fewer than webhooks: the rest are tellings of the same again, some with other bytes."""
PATIENCE_SECONDS = 12.0
DOUBT_SECONDS = FORGOTTEN_SECONDS + 1.0
LONGEST_SECONDS = 20_000.0
PASSED_SECONDS = 120.0
"""So long after the last webhook, and with no other fault any more, a queue that is well has what is for it."""
RECEIVED_AT_US = 1_782_875_047_120_001

BOUNDS = Bounds(
    deadline=3.0,
    group_envelopes=8,
    group_bytes=64_000,
    in_flight=2,
    pending=500,
    pending_bytes=4_000_000,
    pause=0.001,
)
JOURNAL_BOUNDS = JournalBounds(
    segment=2_500, total=50_000_000, retention=0.0, pending=500, pending_bytes=4_000_000
)


@cache
def _metrics() -> tuple[Metrics, Instruments]:
    """Counters are nobody's subject here, and making them takes longer than a schedule."""
    return Metrics(CollectorRegistry()), Instruments(CollectorRegistry(), 1e9)


@cache
def interpreter() -> Interpreter:
    return Interpreter(providers=PROVIDERS, accounts={}, production=False)


@dataclass
class Outcome:
    """What came of a schedule. `broken` is empty when every invariant held."""

    seed: int
    webhooks: int
    crashes: int
    steps: int
    trace: str
    seen: dict[str, int]
    broken: list[str] = field(default_factory=list)


class World:
    """Everything of one schedule; `run` plays it."""

    def __init__(self, seed: int, folder: Path, pipeline: type[Pipeline] = Pipeline) -> None:
        self.seed = seed
        self.dice = random.Random(seed)
        self.loop = SimLoop(self.dice)
        self.faults = Faults.dealt(self.dice, PARTITIONS)
        self.folder = folder
        self.broker = SimBroker(self.loop, self.faults, work_queues(PARTITIONS), forgets=seed % 2 == 0)
        self.log = SimLog(interpreter())
        self.crashes = 0
        self.accepted: list[Envelope] = []
        self.sent: dict[str, bytes] = {}
        self.processes: dict[str, SimProcess] = {}
        self._pipeline = pipeline
        self._keeper: Keeper | None = None
        self._doubts: Doubts | None = None
        self._journals: list[Journal] = []
        self._locks = SimLocks()
        self._dead: list[object] = []
        self._over = False
        self.fallen: list[str] = []
        self.held_up: list[str] = []

    def run(self) -> Outcome:
        """The whole schedule, to its end."""
        others = random.getstate()
        random.seed(self.seed)  # what tenacity rolls
        self.loop.between = self._between
        try:
            with self._locks.watched():
                broken = self.loop.run_until_complete(self._play())
        finally:
            self.loop.between, self._over = lambda: None, True
            for process in self.processes.values():
                process.alive = False
            self.loop.bury()
            random.setstate(others)
            self._close_files()
            shutil.rmtree(self.folder, ignore_errors=True)
        return Outcome(
            self.seed,
            len(self.sent),
            self.crashes,
            self.loop.steps,
            self.loop.trace(),
            self.faults.seen,
            broken,
        )

    async def _play(self) -> list[str]:
        self._start("ingress")
        self._start("processor")
        if self.faults.refusing is not None:
            queue, at, silent = self.faults.refusing
            self.loop.outside(at, self.broker.refuse, OWN["xendit"] + queue, silent)
        sending = [asyncio.create_task(self._deliver(body)) for body in self._bodies()]
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await asyncio.gather(*sending)
                self.faults.active = False
                await self._others_arrive()
                self.broker.take_again()
                while not self._quiet():
                    await asyncio.sleep(1.0)
        except TimeoutError:
            return [*self.fallen, f"I9 not at rest: {self._rest()}"]
        return self._judge()

    async def _others_arrive(self) -> None:
        """While one queue still refuses."""
        until = self.loop.time() + PASSED_SECONDS
        while self.broker.refusing is not None and (late := self._held_up()):
            if self.loop.time() > until:
                return self.held_up.extend(late)
            await asyncio.sleep(1.0)

    def _held_up(self) -> list[str]:
        """Accepted, for a queue that is well, and not in it."""
        arrived = self.broker.brought()
        return [
            one.delivery_id
            for one in self.accepted
            if one.body not in arrived
            and routing_key(ROUTING.number(PROVIDERS[one.provider], one.body)) != self.broker.refusing
        ]

    # The provider.

    def _bodies(self) -> list[bytes]:
        """Top-ups of a few payments; some told again, word for word or at another time."""
        bodies = []
        for number in range(WEBHOOKS):
            payment = number if number < PAYMENTS else self.dice.randrange(PAYMENTS)
            again = number >= PAYMENTS and self.dice.random() < 0.5
            bodies.append(
                capture(self.seed, payment, "2026-07-01T04:00:00Z" if again else "2026-07-01T03:04:07Z")
            )
        return bodies

    async def _deliver(self, body: bytes) -> None:
        """Until it is answered 200, again after every other answer and after none."""
        await asyncio.sleep(self.dice.random() * 4)
        while True:
            number = self.dice.getrandbits(128)
            envelope = Envelope(
                delivery_id=str(uuid.UUID(int=number, version=4)),
                provider="xendit",
                received_at=RECEIVED_AT_US,
                scheme="static_token",
                secret_id="0a1b2c3d4e5f",
                path="/webhooks/xendit",
                body=body,
                headers={"content-type": "application/json"},
            )
            self.sent[envelope.delivery_id] = body
            if await self._post(envelope):
                self.accepted.append(envelope)
                return
            await asyncio.sleep(0.2 + self.dice.random())

    async def _post(self, envelope: Envelope) -> bool:
        answer: asyncio.Future[bool] = self.loop.create_future()
        await asyncio.sleep(self.loop.latency())
        ingress, keeper = self.processes["ingress"], self._keeper
        if not ingress.alive or keeper is None:
            return False

        def settled(failure: Unpublished | None) -> None:
            if ingress.alive and not self.faults.strikes("answer_lost"):
                self.loop.outside(self.loop.latency(), _answer, answer, failure is None)

        def take() -> None:
            provider = PROVIDERS[envelope.provider]
            try:
                keeper.submit(envelope, ROUTING.number(provider, envelope.body), settled)
            except Unpublished as error:  # type: ignore[misc]
                settled(error)

        self.loop.call_in(ingress, take)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await answer
        except TimeoutError:
            return False

    # Processes.

    def _start(self, name: str) -> None:
        process = self.processes[name] = SimProcess(name)
        work = self._ingress(process) if name == "ingress" else self._processor(process)
        self.loop.spawn(process, work).add_done_callback(partial(self._ended, process))

    def _ended(self, process: SimProcess, task: asyncio.Task[None]) -> None:
        """No process ends by itself."""
        error = task.exception() if not task.cancelled() else None
        if process.alive and not self._over:
            self.fallen.append(f"{process.name} ended: {error!r}")
            self.kill(process.name)

    async def _ingress(self, process: SimProcess) -> None:
        """As ingress.journal.opening does it."""
        metrics, _ = _metrics()
        root = self.folder / "journal"
        place = await asyncio.to_thread(own_place, root)
        await asyncio.to_thread(place.cut_torn)
        journal = Journal(place, JOURNAL_BOUNDS)
        self._journals.append(journal)
        journal._write = self._disk(journal._write)  # type: ignore[method-assign]
        progress = Progress(place.sure, DOUBT_SECONDS)
        channel = _publisher(self.broker, process)
        publisher = GroupingPublisher(channel, work_queues(PARTITIONS), BOUNDS, metrics)
        keeper = Keeper(journal, publisher, progress)
        sender = Sender(publisher, routing=ROUTING, window=8, metrics=metrics)
        doubts = Doubts(progress, channel, JournalReader(place.folder), sender, DOUBT_SECONDS)
        upkeep = Upkeep(root, place, journal, progress, sender, doubts)
        self._keeper, self._doubts = keeper, doubts
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(relay(journal, keeper, JournalReader(place.folder), sender))
            tasks.create_task(upkeep.run())
            tasks.create_task(doubts.watch())
            tasks.create_task(doubts.run())
            while True:
                await asyncio.sleep(1.0)
                await journal.is_writable()

    def _disk(self, write: object) -> object:
        """A disk that is full now and then: before the write, so that nothing of it is there."""

        def checked(first: int, frames: Sequence[bytes]) -> None:
            if frames and self.faults.strikes("disk_full"):
                raise OSError(28, "No space left on device")
            write(first, frames)  # type: ignore[operator]

        return checked

    async def _processor(self, process: SimProcess) -> None:
        """As processor.app does it."""
        stop = asyncio.Event()
        store = SimStore(self.log, self.loop, self.faults)
        publisher, hands = _publisher(self.broker, process), Hands()
        _, instruments = _metrics()
        async with asyncio.TaskGroup() as tasks:
            for number in range(work_queues(PARTITIONS)):
                consumer = _consumer(self.broker, process, queue_name(number))
                patience = Patience(consumer, stop, max_pause=2.0, alive=store.alive)
                pipeline = self._pipeline(
                    consumer,
                    _store(store),
                    Detours(publisher, number, RETRY_DELAYS, len(RETRY_DELAYS), 3.0),
                    patience,
                    instruments,
                    batch_max=6,
                    fill_seconds=0.0,
                    prefetch=12,
                    hands=hands,
                )
                tasks.create_task(pipeline.run(stop))

    def _between(self) -> None:
        """After every step of anybody: a process dies here, or the broker goes away."""
        faults, dice = self.faults, self.dice
        if not faults.active or self.crashes >= MOST_CRASHES:
            return
        for name in faults.crashing:
            if self.processes[name].alive and dice.random() < CRASH_CHANCE:
                self.kill(name)
        if self.broker.up and dice.random() < OUTAGE_CHANCE:
            faults.note("broker_away")
            self.crashes += 1
            self.broker.away(dice.random() * 8)

    def kill(self, name: str) -> None:
        """`kill -9`; somebody starts it again."""
        self.crashes += 1
        self.faults.note(f"kill_{name}")
        self.processes[name].alive = False
        if name == "ingress":
            self._dead += [self._keeper, self._doubts]
            self._keeper = self._doubts = None
            self._locks.free(self.processes[name])
        else:
            for consumer in list(self.broker.consumers()):
                self.loop.outside(self.loop.latency(), self.broker.detach, consumer)
        self.loop.outside(0.2 + self.dice.random() * 3, self._start, name)

    # The end.

    def _close_files(self) -> None:
        """What the kernel closes of a process that is dead."""
        for journal in self._journals:
            if journal._segment is not None:
                journal._segment.close()

    def _quiet(self) -> bool:
        keeper, doubts = self._keeper, self._doubts
        if keeper is None or doubts is None or keeper.waiting or doubts.waiting:
            return False
        return not self.broker.messages and self.broker.up

    def _rest(self) -> str:
        waiting = self._keeper.waiting if self._keeper else "no ingress"
        return f"{self.broker.messages} messages, {waiting} in the journal, broker {'up' if self.broker.up else 'away'}"

    def _judge(self) -> list[str]:
        """By what was sent and answered, and by what is committed; nothing in between is asked."""
        broken = [f"a process fell: {each}" for each in self.fallen]
        stored = Counter(verdict.prepared.envelope.body for verdict in self.log.deliveries.values())
        counted = Counter(fact.attempt_id for fact in self.log.facts)  # type: ignore[attr-defined]
        wanted = {json.loads(envelope.body)["data"]["payment_id"] for envelope in self.accepted}
        sent = {json.loads(body)["data"]["payment_id"] for body in self.sent.values()}
        broken += [
            f"I1 accepted and lost: {one.delivery_id}" for one in self.accepted if one.body not in stored
        ]
        broken += [f"I1 accepted, and no fact: {one}" for one in sorted(wanted - set(counted))]
        broken += [f"I2 counted {times} times: {one}" for one, times in counted.items() if times > 1]
        broken += [f"I3 nobody sent it: {one}" for one in sorted(set(counted) - sent)]
        broken += [f"I3 nobody sent it: {one}" for one in self.log.deliveries if str(one) not in self.sent]
        broken += [f"I10 held up by a queue that is not its own: {one}" for one in self.held_up]
        broken += [f"I9 parked: {stage} {reason}" for stage, reason in self.log.letters]
        broken += [f"I9 in the parking lot: {held.number}" for held in self.broker.parked]
        return broken


def _answer(answer: asyncio.Future[bool], yes: bool) -> None:
    if not answer.done():
        answer.set_result(yes)


def _publisher(broker: SimBroker, process: SimProcess) -> Publisher:
    return SimPublisher(broker, process)  # type: ignore[return-value]


def _consumer(broker: SimBroker, process: SimProcess, queue: str) -> Consumer:
    return SimConsumer(broker, process, queue, 1)  # type: ignore[return-value]


def _store(store: SimStore) -> Store:
    return store  # type: ignore[return-value]
