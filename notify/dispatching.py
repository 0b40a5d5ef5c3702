"""Sends what is due: so many at once for each receiver, none at the cost of another, and writes down what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from eventstore.queries import load
from notify.endpoints import Endpoint, endpoints
from notify.following import EMAIL
from notify.metrics import NotifyMetrics
from notify.outcome import GONE, Outcome, next_of
from notify.receiver import ReceiverLane
from notify.tracing import told, with_traces
from notify.webhooks import ToSend
from runtime.database import OUTAGE_ERRORS, Connection
from runtime.faults import fault_point
from runtime.logs import get_logger
from runtime.tracing import tracer

if TYPE_CHECKING:
    from runtime.settings import Settings

Mailer = Callable[[ToSend], Awaitable[Outcome]]
Sender = Callable[[ToSend, Endpoint], Awaitable[Outcome]]

log = get_logger(__name__)


LOOK_SECONDS = 0.5
"""Between looks at which endpoints there are: what an operator does to one takes effect within this."""


SETTLE_SECONDS = 0.02
"""How long what came of attempts may wait for more of it, so that it is written down together."""
SETTLED_TOGETHER = 64
"""Whoever dies before it is written down sends at most so many again, beside what was under way."""


class Attempted(NamedTuple):
    """A delivery and what came of its attempt."""

    delivery: ToSend
    outcome: Outcome


class Dispatcher:
    """`turn` claims, begins and settles; attempts run beside it. `woken` is set when a turn has something to do."""

    def __init__(self, settings: Settings, send: Sender, mail: Mailer | None, metrics: NotifyMetrics) -> None:
        self._settings, self._send, self._mail, self._metrics = settings, send, mail, metrics
        self._sql = load("notify.sql", "notify")
        self._lanes: dict[str, ReceiverLane] = {}
        self._endpoints: Mapping[str, Endpoint] = {}
        self._look_at = float("-inf")
        self._running: set[asyncio.Task[None]] = set()
        self._done: list[Attempted] = []
        self._quiet: dict[str, float] = {}
        self._settling: asyncio.TimerHandle | None = None
        self._resting = False
        self.woken = asyncio.Event()

    @property
    def busy(self) -> bool:
        """Attempts are running, or ended and are not written down yet."""
        return bool(self._running or self._done)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Inside, no attempt begins: what is in reserve waits for the next turn."""
        self._resting = True
        try:
            yield
        finally:
            self._resting = False

    async def turn(self, connection: Connection) -> int:
        """How many attempts were begun. Each is followed by others, as long as there is more in its receiver's reserve."""
        self.woken.clear()
        await self._settle(connection)
        if time.monotonic() >= self._look_at:
            await self._look(connection)
        await self._give_back(connection, self._lanes.keys() - set(self._receivers()))
        for delivery in await self._claim(connection):
            self._lanes[delivery.receiver].claimed(delivery)
        return sum(self._begin(lane) for lane in self._lanes.values())

    async def _look(self, connection: Connection) -> None:
        """Which endpoints there are, and who of them is to be left alone. What they asked for is kept with them, so that it outlives us."""
        kept = {name: until for name, until in self._quiet.items() if not self._asks_unwritten(name)}
        self._endpoints = await endpoints(connection)
        now = time.monotonic()
        for name, until in kept.items():
            # Mail has no row to keep it in, and whoever asked again while we looked is not written yet.
            if name != EMAIL and self._quiet.get(name) == until:
                del self._quiet[name]
        for name in self._receivers():
            asked = self._endpoints[name].quiet_seconds if name in self._endpoints else 0.0
            self._lane(name).leave_alone(max(now + asked, self._quiet.get(name, now)))
        self._look_at = now + LOOK_SECONDS

    def _asks_unwritten(self, name: str) -> bool:
        return any(one.delivery.receiver == name and one.outcome.quiet for one in self._done)

    async def drain(self, connection: Connection, seconds: float) -> None:
        """Lets attempts end, for so long at most, and writes down what came of them."""
        await self._give_back(connection, self._lanes.keys())
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        await self._settle(connection)

    async def close(self) -> None:
        """Cuts off what still runs; it is tried again later."""
        if self._settling is not None:
            self._settling.cancel()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _give_back(self, connection: Connection, left: Collection[str]) -> None:
        """What is in reserve for receivers that fail, are slow, or are to be left: it is due, and was not tried."""
        gone = [one for name, lane in self._lanes.items() for one in lane.given_back(all_of_it=name in left)]
        if gone:
            await connection.execute(
                self._sql["give_back"], [one.event_id for one in gone], [one.receiver for one in gone]
            )

    async def _claim(self, connection: Connection) -> list[ToSend]:
        wanted = {name: room for name in self._receivers() if (room := self._lane(name).room()) > 0}
        if not wanted:
            return []
        rows = await connection.fetch(
            self._sql["claim"], list(wanted), list(wanted.values()), self._settings.notify_lease_seconds
        )
        claimed = [ToSend(*row) for row in rows]
        return claimed if tracer() is None else await with_traces(connection, claimed)

    def _begin(self, lane: ReceiverLane) -> int:
        begun = 0
        while (delivery := lane.begin()) is not None:
            task = asyncio.create_task(self._attempts(lane, delivery), name=f"notify {delivery.receiver}")
            self._running.add(task)
            task.add_done_callback(self._ended)
            begun += 1
        return begun

    async def waiting(self, connection: Connection) -> None:
        """Shows what is due and not told yet."""
        late = [name for name in self._receivers() if not self._lane(name).is_quiet]
        row = await connection.fetchrow(self._sql["waiting"], late)
        if row is not None:
            self._metrics.waiting.set(row["waiting"])
            self._metrics.age.set(row["seconds"])

    def _receivers(self) -> list[str]:
        names = [name for name, one in self._endpoints.items() if one.disabled_at is None]
        return names if self._mail is None else [*names, EMAIL]

    def _lane(self, receiver: str) -> ReceiverLane:
        lane = self._lanes.get(receiver)
        if lane is None:
            settings = self._settings
            lane = self._lanes[receiver] = ReceiverLane(
                settings.notify_concurrency,
                settings.notify_breaker_failures,
                settings.notify_breaker_pause_seconds,
                lease=settings.notify_lease_seconds,
                attempt=settings.notify_timeout_seconds,
            )
        return lane

    async def _attempts(self, lane: ReceiverLane, first: ToSend) -> None:
        """This delivery, and then from the reserve."""
        delivery: ToSend | None = first
        while delivery is not None:
            await self._attempt(lane, delivery)
            delivery = None if self._resting else lane.begin()

    async def _attempt(self, lane: ReceiverLane, delivery: ToSend) -> None:
        began = time.monotonic()
        by = tracer()
        try:
            if by is None:
                outcome = await self._outcome_of(delivery)
            else:
                outcome = await told(by, delivery, lambda: self._outcome_of(delivery))
        except BaseException:
            # Its delivery is due again when its time is over.
            lane.ended(ok=False)
            raise
        seconds = time.monotonic() - began
        lane.ended(ok=outcome.ok or outcome.final, seconds=seconds)
        self._done.append(Attempted(delivery, outcome))
        if asked := self._asked_for(outcome):
            until = max(time.monotonic() + asked, self._quiet.get(delivery.receiver, 0.0))
            self._quiet[delivery.receiver] = until
            lane.leave_alone(until)
        self._metrics.attempted(delivery.receiver == EMAIL, outcome, seconds)
        if lane.is_low or len(self._done) >= SETTLED_TOGETHER:
            self.woken.set()
        elif self._settling is None:
            self._settling = asyncio.get_running_loop().call_later(SETTLE_SECONDS, self._wake)

    def _asked_for(self, outcome: Outcome) -> float:
        return min(outcome.quiet, self._settings.notify_retry_after_max_seconds)

    async def _outcome_of(self, delivery: ToSend) -> Outcome:
        """What nobody has foreseen is a failure like any other: written down, tried again by the schedule, and held against its receiver."""
        try:
            if delivery.receiver == EMAIL and self._mail is not None:
                return await self._mail(delivery)
            outcome = await self._send(delivery, self._endpoints[delivery.receiver])
            fault_point("notify.after_send")
        except OUTAGE_ERRORS:
            raise  # our own database is away: no word on the receiver
        except Exception as error:
            log.error("an attempt broke", action="notify.broke", error=type(error).__name__, exc_info=error)
            return Outcome(False, trouble="broke")
        return outcome

    def _wake(self) -> None:
        self._settling = None
        self.woken.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self.woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error(
                "an attempt broke off", action="notify.broke_off", error=type(error).__name__, exc_info=error
            )

    async def _settle(self, connection: Connection) -> None:
        done = self._done[:]
        if not done:
            return
        settings = self._settings
        rows = []
        for delivery, outcome in done:
            status, due = next_of(
                outcome,
                delivery.attempts,
                settings.notify_retry_seconds,
                settings.notify_retry_after_max_seconds,
            )
            rows.append(
                (delivery.event_id, delivery.receiver, status, outcome.answered, outcome.trouble, due)
            )
            if not outcome.ok:
                log.info(
                    "a notification was not taken",
                    action="notify.not_taken",
                    event_id=str(delivery.event_id),
                    receiver=delivery.receiver,
                    kind=delivery.kind,
                    attempt=delivery.attempts,
                    trouble=outcome.trouble,
                    status=status,
                )
        await connection.execute(self._sql["settle"], *zip(*rows, strict=True))
        fault_point("notify.settled")
        # A notifier that dies here has forgotten one judgement; the next attempt comes to the same.
        disabled = await self._judge(connection, done)
        del self._done[: len(done)]
        if disabled:
            self._look_at = float("-inf")
        for endpoint_id, because in disabled:
            self._metrics.disabled.labels(because).inc()
            log.error(
                "an endpoint was disabled; what comes for it waits until it is enabled",
                action="endpoint.disabled",
                endpoint_id=endpoint_id,
                because=because,
            )

    async def _judge(self, connection: Connection, done: Sequence[Attempted]) -> list[tuple[str, str]]:
        """Whether endpoints work or fail, by their newest attempts; those that are disabled by it."""
        newest = {each.delivery.receiver: each.outcome for each in done if each.delivery.receiver != EMAIL}
        works = [name for name, outcome in newest.items() if outcome.ok]
        fails = [name for name, outcome in newest.items() if not outcome.ok]
        gone = [name for name, outcome in newest.items() if outcome.answered == GONE]
        quiet: dict[str, float] = {}
        for one in done:
            name, asked = one.delivery.receiver, self._asked_for(one.outcome)
            if asked and name != EMAIL:
                quiet[name] = max(asked, quiet.get(name, 0.0))
        if quiet:
            await connection.execute(self._sql["quiet"], list(quiet), list(quiet.values()))
        found = []
        failing = {name for name, one in self._endpoints.items() if one.failing_since is not None}
        if failing.intersection(works):
            await connection.execute(self._sql["works"], works)
        if fails:
            await connection.execute(self._sql["fails"], fails)
            found += await connection.fetch(
                self._sql["disable_failing"], fails, self._settings.notify_disable_after_days
            )
        if gone:
            found += await connection.fetch(self._sql["disable_gone"], gone)
        return [(row["endpoint_id"], row["disabled_because"]) for row in found]
