"""Looking at queues from outside the pipeline: how full they are, and whether they are as this version needs them. Creates nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import aio_pika
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    ProbableAuthenticationError,
    ProtocolSyntaxError,
)
from aiormq.exceptions import ChannelAccessRefused

from runtime.amqp.consumer import open_channel
from runtime.amqp.link import loss_named
from runtime.settings.urls import broker_nodes
from schemas.topology import Queue

Connection: TypeAlias = AbstractConnection
BROKER_ERRORS: tuple[type[Exception], ...] = (AMQPError,)
AWAY = (OSError, TimeoutError, AMQPError)
REFUSES = (AuthenticationError, ProbableAuthenticationError, ProtocolSyntaxError)
"""For a virtual host that does not exist or may not be used the library only knows that it expected another answer."""


@asynccontextmanager
async def open_look(url: str, name: str, *, timeout: float) -> AsyncIterator[AbstractConnection]:
    """A connection for one look, to the first node that takes it. Raises one of REFUSES at once, the last of AWAY when no node answers, and one of AWAY when it
    ends meanwhile."""
    with loss_named():
        connection = await _connect(url, name, timeout)
        try:
            yield connection
        finally:
            await connection.close()


async def _connect(url: str, name: str, timeout: float) -> AbstractConnection:
    error: Exception | None = None
    for node in broker_nodes(url):
        try:
            return await aio_pika.connect(node, timeout=timeout, client_properties={"connection_name": name})
        except REFUSES:
            raise
        except AWAY as away:
            error = away
    raise error or OSError("no node named")


async def count(connection: AbstractConnection, queue: str) -> tuple[int, int] | None:
    """Messages that wait in a queue and consumers it has; None when there is no such queue."""
    channel = await open_channel(connection)
    try:
        result = (await channel.declare_queue(queue, passive=True)).declaration_result
    except ChannelNotFoundEntity:
        return None
    await channel.close()
    return result.message_count or 0, result.consumer_count or 0


class MayNotLook(Exception):
    """This user may see how full a queue is, and not what it is made of."""


async def difference(connection: AbstractConnection, queue: Queue) -> str | None:
    """Declares an existing queue again: the broker refuses when an argument differs, and changes nothing.

    Raises MayNotLook when the user may not declare: the broker then says nothing of arguments.
    """
    channel = await open_channel(connection)
    try:
        await channel.declare_queue(queue.name, durable=True, arguments=dict(queue.arguments))
    except ChannelPreconditionFailed as error:
        return str(error.args[0] if error.args else error).split(" - ", 1)[-1]
    except ChannelAccessRefused as error:
        raise MayNotLook(queue.name) from error
    await channel.close()
    return None


async def exchange_exists(connection: AbstractConnection, exchange: str) -> bool:
    """Whether there is an exchange of that name."""
    channel = await open_channel(connection)
    try:
        await channel.get_exchange(exchange, ensure=True)
    except ChannelNotFoundEntity:
        return False
    await channel.close()
    return True
