"""The broker as the operator's command sees it: which queues there are, how full, and whether they are as we need them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import aiormq
from aiormq.abc import AbstractConnection
from aiormq.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelAccessRefused,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    ProbableAuthenticationError,
    ProtocolSyntaxError,
)
from yarl import URL

from console.exits import CommandError
from console.messages import text
from console.store import place
from runtime.amqp.broker import topology_of
from runtime.amqp.leftovers import leftovers
from schemas.topology import Queue, queue_name

if TYPE_CHECKING:
    from runtime.settings import Settings

CONNECT_SECONDS = 5.0


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
async def open_queues(settings: Settings) -> AsyncIterator[AbstractConnection]:
    """A connection for one look. Raises CommandError with what to start when the broker does not answer, or what to correct."""
    url = settings.require_broker_url()
    address = URL(url).update_query(connection_timeout=int(CONNECT_SECONDS * 1000), name="lunas-operator")
    try:
        connection = await aiormq.connect(address)
    except (AuthenticationError, ProbableAuthenticationError, ProtocolSyntaxError) as error:
        # For a virtual host that does not exist or may not be used the library only knows that it expected another answer.
        raise CommandError(text("error.broker_refuses", address=place(url))) from error
    except (OSError, TimeoutError, AMQPError) as error:
        raise CommandError(text("error.broker_away", address=place(url))) from error
    try:
        yield connection
    finally:
        await connection.close()


async def depths(settings: Settings) -> list[QueueState]:
    """Every queue of the topology and every work queue that is left over, looked at without creating anything."""
    async with open_queues(settings) as connection:
        left = [queue_name(number) for number in await leftovers(connection, settings.broker_partitions)]
        ours = [await _look(connection, queue.name) for queue in topology_of(settings).queues]
        return [*ours, *[replace(await _look(connection, name), left_over=True) for name in left]]


async def differences(settings: Settings) -> list[str]:
    """What the broker holds differently from what this version needs, one clause each; empty when all is well."""
    found: list[str] = []
    async with open_queues(settings) as connection:
        for queue in topology_of(settings).queues:
            state = await _look(connection, queue.name)
            problem = (
                await _compare(connection, queue) if state.exists else text("queue.missing", name=queue.name)
            )
            if problem is not None:
                found.append(problem)
    return found


async def _look(connection: AbstractConnection, name: str) -> QueueState:
    channel = await connection.channel(publisher_confirms=False)
    try:
        state = await channel.queue_declare(name, passive=True)
    except ChannelNotFoundEntity:
        return QueueState(name, exists=False)
    await channel.close()
    return QueueState(name, True, state.message_count or 0, state.consumer_count or 0)


async def _compare(connection: AbstractConnection, queue: Queue) -> str | None:
    """Declares an existing queue again: the broker refuses when an argument differs, and changes nothing."""
    channel = await connection.channel(publisher_confirms=False)
    try:
        await channel.queue_declare(queue.name, durable=True, arguments=dict(queue.arguments))
    except ChannelPreconditionFailed as error:
        return str(error.args[0] if error.args else error).split(" - ", 1)[-1]
    except ChannelAccessRefused:
        return None  # this user may only look; the broker's definitions vouch for the arguments
    await channel.close()
    return None
