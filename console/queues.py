"""The broker as the operator's command sees it: which queues there are, how full, and whether they are as we need them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from console.causes import BROKER
from console.exits import Away
from console.messages import text
from console.store import place
from runtime.amqp.broker import topology_of
from runtime.amqp.leftovers import leftovers
from runtime.amqp.look import (
    AWAY,
    REFUSES,
    Connection,
    MayNotLook,
    count,
    difference,
    exchange_exists,
    open_look,
)
from schemas.topology import Exchange, Queue, quarantine, queue_name

if TYPE_CHECKING:
    from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue now. `ready` messages wait for a consumer; `exists` is false when it was never declared.

    `left_over`: a work queue of an earlier, larger number of partitions.
    """

    name: str
    exists: bool
    ready: int = 0
    consumers: int = 0
    left_over: bool = False


@asynccontextmanager
async def open_queues(settings: Settings) -> AsyncIterator[Connection]:
    """A connection for one look. Raises Away with what to start when the broker does not answer, or what to correct."""
    url, seconds = settings.require_broker_url(), settings.probe_timeout_seconds
    try:
        # A broker that is frozen takes the connection and then says nothing, at any step: one limit for the whole look.
        async with asyncio.timeout(seconds), open_look(url, "lunas-operator", timeout=seconds) as connection:
            yield connection
    except REFUSES as error:
        raise Away(text("error.broker_refuses", address=place(url)), BROKER, "refused") from error
    except TimeoutError as error:
        sentence = text("error.broker_silent", address=place(url), seconds=f"{seconds:g}")
        raise Away(sentence, BROKER, "silent") from error
    except AWAY as error:
        raise Away(text("error.broker_away", address=place(url)), BROKER, "away") from error


async def depths(settings: Settings) -> list[QueueState]:
    """Every queue of the topology and every work queue that is left over, looked at without creating anything."""
    async with open_queues(settings) as connection:
        left = [queue_name(number) for number in await leftovers(connection, settings.broker_partitions)]
        ours = [await _look(connection, queue.name) for queue in _queues(settings)]
        return [*ours, *[replace(await _look(connection, name), left_over=True) for name in left]]


@dataclass(frozen=True, slots=True)
class Compared:
    """What the broker holds differently from what this version needs, one clause each, and queues that this user may not look into."""

    different: list[str]
    unseen: list[str]


async def compare(settings: Settings) -> Compared:
    """Looks at every exchange and queue, and changes nothing."""
    compared = Compared([], [])
    async with open_queues(settings) as connection:
        for exchange in _exchanges(settings):
            if not await exchange_exists(connection, exchange.name):
                compared.different.append(text("exchange.missing", name=exchange.name))
        for queue in _queues(settings):
            await _compare(connection, queue, compared)
    return compared


async def _compare(connection: Connection, queue: Queue, compared: Compared) -> None:
    if not (await _look(connection, queue.name)).exists:
        compared.different.append(text("queue.missing", name=queue.name))
        return
    try:
        problem = await difference(connection, queue)
    except MayNotLook:
        compared.unseen.append(queue.name)
        return
    if problem is not None:
        compared.different.append(problem)


def _exchanges(settings: Settings) -> list[Exchange]:
    return [*topology_of(settings).exchanges, *quarantine().exchanges]


def _queues(settings: Settings) -> list[Queue]:
    return [*topology_of(settings).queues, *quarantine().queues]


async def _look(connection: Connection, name: str) -> QueueState:
    state = await count(connection, name)
    return QueueState(name, exists=False) if state is None else QueueState(name, True, *state)
