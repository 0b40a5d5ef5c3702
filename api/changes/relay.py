"""The exchange `lunas.changes`: what `GET /v1/changes` tells, told to whoever has bound a queue (ADR 0055).

The log is the outbox: one process follows it from a place of its own, publishes with confirms, and moves the place when everything before it
was confirmed. So nothing is left out, and after a crash the last page is told again under the same ids. What happens to the broker or to this
follower concerns nobody else: no webhook waits for it, no answer, no readiness.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from operator import attrgetter
from typing import TYPE_CHECKING

from api.changes.relay_metrics import RelayMetrics
from api.changes.source import Changes, ChangeSource, RowChange
from api.gate import UNAVAILABLE
from eventstore.leadership import Leadership
from eventstore.queries import load
from eventstore.read import age_behind
from projections.fold import describe
from runtime.amqp.broker import Broker, LinkOptions, Message, TopologyMismatch
from runtime.amqp.bulk import BulkPublisher
from runtime.courtesy import Courtesy
from runtime.database import Pool
from runtime.faults import fault_point
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.notifications import Notifications
from runtime.outage import DATABASE
from schemas.change_messages import DATA_TYPE, attributes, routing_key
from schemas.topology import CHANGES, changes

if TYPE_CHECKING:
    from runtime.settings import Settings

JOB = "api.changes"
REST_MAX_SECONDS = 5.0
FREE_SHARE = 0.2  # of the time, where nobody waits for a processor: many changes at once are told more cheaply than one by one
RETRY_SECONDS = 1.0  # pause after the database or the broker did not do what was asked
AGE_SECONDS = 1.0  # between looks at how old is what was not told
BROKEN_SECONDS = 30.0  # pause after what no reconnect can cure, such as an exchange of another kind
FOLLOW_SECONDS = (
    0.01  # the projections do not notify: behind an append we look again this soon, and less and less often
)

Reading = Callable[[int], Changes | None]

log = get_logger(__name__)


async def tell_exchange(
    settings: Settings,
    process: str,
    pool: Pool,
    metrics: RelayMetrics,
    stop: asyncio.Event,
    read: Reading = lambda _: None,
) -> None:
    """Until `stop`. Of however many processes one tells; without a broker none does. `read`: the page behind a place, where somebody has it in
    memory already."""
    if settings.broker_url is None:
        log.info("no broker is set: the exchange is not told", action="changes.no_broker")
        return
    while not stop.is_set():
        try:
            await _tell_until_broken(settings, process, pool, metrics, stop, read)
        except TopologyMismatch as error:
            problem = "; ".join(error.problems)
        except Exception as error:  # noqa: BLE001 - calls must be answered whatever is wrong here; what is told late raises an alarm
            problem = describe(error)
        else:
            return
        metrics.leader.set(0)
        log.error("the exchange cannot be told", action="changes.failed", problem=problem)
        await sleep_until(stop, BROKEN_SECONDS)


async def _tell_until_broken(
    settings: Settings, process: str, pool: Pool, metrics: RelayMetrics, stop: asyncio.Event, read: Reading
) -> None:
    """Returns when stopped. Raises what no reconnect can cure, such as an exchange of another kind."""
    async with _broker(settings, process) as broker:
        publisher = BulkPublisher()
        await broker.publishing.add(publisher)
        relay = _Relay(settings, pool, publisher, metrics, read)
        telling = asyncio.create_task(relay.run(process, stop), name=JOB)
        failing = asyncio.create_task(broker.failure(), name=f"{JOB} broker")
        try:
            await asyncio.wait({telling, failing}, return_when=asyncio.FIRST_COMPLETED)
            for task in (failing, telling):
                if task.done():
                    task.result()
        finally:
            telling.cancel()
            failing.cancel()
            await asyncio.gather(telling, failing, return_exceptions=True)


def _broker(settings: Settings, process: str) -> Broker:
    return Broker(
        settings.require_broker_url(),
        name=f"{process}-changes",
        topology=changes(),
        options=LinkOptions(
            heartbeat=settings.broker_heartbeat_seconds,
            connect_timeout=settings.broker_connect_timeout_seconds,
            reconnect_pause=settings.broker_reconnect_seconds,
        ),
    )


class _Relay:
    def __init__(
        self, settings: Settings, pool: Pool, publisher: BulkPublisher, metrics: RelayMetrics, read: Reading
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._source = ChangeSource(pool, settings)
        self._publisher, self._read = publisher, read
        self._age_at = 0.0
        self._courtesy = Courtesy(settings.changes_published_share, REST_MAX_SECONDS, free=FREE_SHARE)
        self._metrics = metrics
        self._sql = load("changes_published.sql", "api")

    async def run(self, process: str, stop: asyncio.Event) -> None:
        async with (
            Notifications(self._settings, process, "lunas_events") as wakeups,
            Leadership(self._settings, process, JOB) as leadership,
            _woken_by(stop, wakeups),
        ):
            while await leadership.wait(stop):
                self._metrics.leader.set(1)
                try:
                    await self._lead(stop, wakeups, leadership)
                except UNAVAILABLE as error:
                    if not DATABASE.explains(error):
                        log.warning(
                            "changes are told later", action="changes.later", error=type(error).__name__
                        )
                    await sleep_until(stop, RETRY_SECONDS)
                self._metrics.leader.set(0)

    async def _lead(self, stop: asyncio.Event, wakeups: Notifications, leadership: Leadership) -> None:
        place = await self._place()
        pause = FOLLOW_SECONDS
        while leadership.is_leader and not stop.is_set():
            with self._courtesy.working():
                page = self._read(place) or await self._source.after(place, self._settings.outbox_batch_max)
                behind = page.through <= place
                if not behind:
                    if not await self._told(page.items, stop, leadership):
                        return
                    place, pause = await self._advance(place, page.through), FOLLOW_SECONDS
            if page.items:
                await sleep_until(stop, self._courtesy.rest())
            await self._show(place, page.head)
            if place >= page.head:
                if await wakeups.wait():
                    await asyncio.sleep(FOLLOW_SECONDS)
            elif behind:
                # Read models are not there yet: soon they will be, or it is told by their own alarm.
                await asyncio.sleep(pause)
                pause = min(2 * pause, self._settings.poll_interval_seconds)

    async def _told(self, items: Sequence[RowChange], stop: asyncio.Event, leadership: Leadership) -> bool:
        """True when the broker has confirmed all of them. What it has confirmed is not sent again while this process lives."""
        waiting = list(items)
        while waiting and leadership.is_leader and not stop.is_set():
            waiting = await self._tell_in_order(waiting)
            if waiting:
                self._metrics.failed.inc()
                log.warning(
                    "the broker has not confirmed changes: trying again",
                    action="changes.unconfirmed",
                    waiting=len(waiting),
                )
                await sleep_until(stop, RETRY_SECONDS)
        return not waiting

    async def _tell_in_order(self, items: Sequence[RowChange]) -> list[RowChange]:
        """Everybody's first change together, then everybody's second: what is refused must not be overtaken by what came later of the same
        customer. Returns what is left, in order."""
        left: list[RowChange] = []
        refused: set[str] = set()
        for turn in turns_of(items):
            sent = [item for item in turn if item.owner not in refused]
            left += [item for item in turn if item.owner in refused]
            confirmed = await self._publisher.publish_all(
                [_message(item) for item in sent], deadline=self._settings.broker_publish_deadline_seconds
            )
            for item, is_confirmed in zip(sent, confirmed, strict=True):
                if is_confirmed:
                    self._metrics.published.labels(item.kind).inc()
                    fault_point("changes.published")
                else:
                    refused.add(item.owner)
                    left.append(item)
        return sorted(left, key=attrgetter("position"))

    async def _place(self) -> int:
        async with self._pool.acquire(timeout=self._settings.database_acquire_timeout_seconds) as connection:
            place: int = await connection.fetchval(self._sql["place"])
        return place

    async def _advance(self, old: int, new: int) -> int:
        """The new place; where another process has moved it meanwhile, the one it is at."""
        async with self._pool.acquire(timeout=self._settings.database_acquire_timeout_seconds) as connection:
            moved: int | None = await connection.fetchval(self._sql["advance"], old, new)
        fault_point("changes.advanced")
        return await self._place() if moved is None else moved

    async def _show(self, place: int, head: int) -> None:
        self._metrics.position.set(place)
        self._metrics.lag_positions.set(max(head - place, 0))
        seconds, now = 0.0, asyncio.get_running_loop().time()
        if head > place:
            if now < self._age_at:
                return
            self._age_at = now + AGE_SECONDS
            async with self._pool.acquire(
                timeout=self._settings.database_acquire_timeout_seconds
            ) as connection:
                seconds = await age_behind(connection, place)
        self._metrics.lag_seconds.set(seconds)


@asynccontextmanager
async def _woken_by(stop: asyncio.Event, wakeups: Notifications) -> AsyncIterator[None]:
    async def wake() -> None:
        await stop.wait()
        wakeups.wake()

    waking = asyncio.create_task(wake(), name=f"{JOB} stop")
    try:
        yield
    finally:
        waking.cancel()


def turns_of(items: Sequence[RowChange]) -> list[list[RowChange]]:
    """The first change of everybody's, then the second, and so on: in each turn nobody has more than one. Pure."""
    turns: list[list[RowChange]] = []
    had: dict[str, int] = {}
    for item in items:
        turn = had[item.owner] = had.get(item.owner, -1) + 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append(item)
    return turns


def _message(change: RowChange) -> Message:
    return Message(
        CHANGES,
        routing_key(change.kind, change.customer_id),
        change.document,
        DATA_TYPE,
        attributes(change.kind, change.position, change.key, change.customer_id),
        mandatory=False,
    )
