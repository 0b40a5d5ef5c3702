"""Ways to publish that were measured for ADR 22 and not kept. For comparison only: none of them is safe."""

from __future__ import annotations

import asyncio
import struct
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
import aiormq
import pamqp.frame
from aiormq.abc import AbstractChannel
from pamqp import commands
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from runtime.amqp.broker import Message
from runtime.amqp.transport import AbortableTransport
from schemas.topology import WEBHOOKS


class Silent:
    """Confirms at once, without a broker: what the handler costs by itself."""

    async def publish(self, message: Message, *, deadline: float) -> None:
        """Nothing."""


class Plain:
    """aio-pika as its documentation shows it."""

    def __init__(self, exchange: aio_pika.abc.AbstractExchange) -> None:
        self._exchange = exchange

    async def publish(self, message: Message, *, deadline: float) -> None:
        async with asyncio.timeout(deadline):
            await self._exchange.publish(
                aio_pika.Message(
                    message.body,
                    content_type=message.content_type,
                    headers=dict(message.headers),
                    message_id=uuid.uuid4().hex,
                    delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                ),
                message.routing_key,
                mandatory=True,
            )


class Thin:
    """Frames marshalled once and written past the library; the library still reads the confirms."""

    def __init__(self, channel: AbstractChannel, transport: AbortableTransport, sample: Message) -> None:
        assert isinstance(channel, aiormq.Channel)
        self._channel = channel
        self._writer = transport._writer  # a measurement, not a client
        number = channel.number
        publish = commands.Basic.Publish(
            exchange=sample.exchange, routing_key=sample.routing_key, mandatory=True
        )
        self._method = pamqp.frame.marshal(publish, number)
        self._mark = b"m" * 32
        properties = commands.Basic.Properties(
            content_type=sample.content_type,
            delivery_mode=2,
            message_id=self._mark.decode(),
            headers=dict(sample.headers),
        )
        self._header = pamqp.frame.marshal(ContentHeader(properties=properties, body_size=0), number)
        self._size_at = 7 + 4

    async def publish(self, message: Message, *, deadline: float) -> None:
        channel = self._channel
        channel.delivery_tag += 1
        tag = channel.delivery_tag
        message_id = uuid.uuid4().hex
        confirm: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        channel.confirmations[tag] = confirm
        channel.message_id_delivery_tag[message_id] = tag
        header = bytearray(self._header.replace(self._mark, message_id.encode()))
        struct.pack_into(">Q", header, self._size_at, len(message.body))
        assert self._writer is not None
        self._writer.write(b"".join((self._method, header, *self._body(message.body))))
        try:
            async with asyncio.timeout(deadline):
                await confirm
        finally:
            del channel.message_id_delivery_tag[message_id]

    def _body(self, body: bytes) -> list[bytes]:
        step = self._channel.max_content_size
        return [
            pamqp.frame.marshal(ContentBody(body[start : start + step]), self._channel.number)
            for start in range(0, len(body), step)
        ]


@asynccontextmanager
async def plain(url: str) -> AsyncIterator[Plain]:
    connection = await aio_pika.connect_robust(url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        yield Plain(await channel.get_exchange(WEBHOOKS, ensure=False))


@asynccontextmanager
async def thin(url: str, sample: Message) -> AsyncIterator[Thin]:
    connection = aio_pika.Connection(aio_pika.connection.make_url(url))
    transport = AbortableTransport(tls=False)
    connection.kwargs["transport_factory"] = transport
    await connection.connect()
    async with connection:
        assert connection.transport is not None
        channel = await connection.transport.connection.channel(
            publisher_confirms=True, on_return_raises=True
        )
        yield Thin(channel, transport, sample)
