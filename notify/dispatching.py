"""Sends what is due: so many at once for each receiver, none at the cost of another, and writes down what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from eventstore.queries import load
from notify.endpoints import Endpoint, endpoints
from notify.following import EMAIL
from notify.metrics import NotifyMetrics
from notify.outcome import GONE, Outcome, next_of
from notify.receiver import ReceiverLane
from notify.webhooks import ToSend
from runtime.database import Connection
from runtime.faults import fault_point
from runtime.logs import get_logger

if TYPE_CHECKING:
    from runtime.settings import Settings

Mailer = Callable[[ToSend], Awaitable[Outcome]]
Sender = Callable[[ToSend, Endpoint], Awaitable[Outcome]]

log = get_logger(__name__)


LOOK_SECONDS = 0.5
"""Between looks at which endpoints there are: what an operator does to one takes effect within this."""


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
        self.woken = asyncio.Event()

    @property
    def busy(self) -> bool:
        """Attempts are running, or ended and are not written down yet."""
        return bool(self._running or self._done)

    async def turn(self, connection: Connection) -> int:
        """How many attempts were begun."""
        self.woken.clear()
        await self._settle(connection)
        if time.monotonic() >= self._look_at:
            self._endpoints = await endpoints(connection)
            self._look_at = time.monotonic() + LOOK_SECONDS
        claimed = await self._claim(connection)
        for delivery in claimed:
            self._lanes[delivery.receiver].begin()
            task = asyncio.create_task(self._attempt(delivery), name=f"notify {delivery.receiver}")
            self._running.add(task)
            task.add_done_callback(self._ended)
        return len(claimed)

    async def drain(self, connection: Connection, seconds: float) -> None:
        """Lets attempts end, for so long at most, and writes down what came of them."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        await self._settle(connection)

    async def close(self) -> None:
        """Cuts off what still runs; it is tried again later."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _claim(self, connection: Connection) -> list[ToSend]:
        wanted = {name: room for name in self._receivers() if (room := self._lane(name).room()) > 0}
        if not wanted:
            return []
        rows = await connection.fetch(
            self._sql["claim"], list(wanted), list(wanted.values()), self._settings.notify_lease_seconds
        )
        return [ToSend(*row) for row in rows]

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
            )
        return lane

    async def _attempt(self, delivery: ToSend) -> None:
        began = time.monotonic()
        if delivery.receiver == EMAIL and self._mail is not None:
            outcome = await self._mail(delivery)
        else:
            outcome = await self._send(delivery, self._endpoints[delivery.receiver])
            fault_point("notify.after_send")
        self._lanes[delivery.receiver].ended(ok=outcome.ok or outcome.final)
        self._done.append(Attempted(delivery, outcome))
        self._metrics.attempted(delivery.receiver == EMAIL, outcome, time.monotonic() - began)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self.woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # Its delivery is due again when its time is over.
            log.error("an attempt broke", action="notify.broke", error=type(error).__name__, exc_info=error)

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
