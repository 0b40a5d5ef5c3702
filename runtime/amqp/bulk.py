"""Publishing many messages at once: written together, confirmed one by one. For those of which hundreds are waiting and nobody need take any.

A message by itself goes through `Publisher`, which costs ten times as much and can do more: it is given to a queue or it is an error, and is
tried again on the next connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq import Channel as BareChannel
from aiormq.abc import ChannelFrame

from runtime.amqp.frames import publish_frames
from runtime.amqp.publisher import Message

UNCONFIRMED_MAX = 256  # messages without a confirm at once; a frozen broker is not fed more than this


class BulkPublisher:
    """Confirmed, persistent publishes on a channel of its own. Put it on a link."""

    def __init__(self) -> None:
        self._channel: BareChannel | None = None
        self._ready = asyncio.Event()
        self._open: set[asyncio.Future[object]] = set()
        self._turn = asyncio.Lock()

    async def attach(self, connection: AbstractConnection) -> AbstractChannel:
        channel = connection.channel(publisher_confirms=True, on_return_raises=False)
        await channel.initialize()
        # `publish` of the library takes one message; this channel's numbers and its queue of frames take all.
        self._channel = cast(BareChannel, await channel.get_underlay_channel())
        self._ready.set()
        return channel

    def detach(self) -> None:
        self._channel = None
        self._ready.clear()
        # Nobody will confirm these any more.
        for future in self._open:
            future.cancel()
        self._open.clear()

    async def publish_all(self, messages: Sequence[Message], *, deadline: float) -> list[bool]:
        """Which of them the broker has confirmed. Of the others nobody knows: it refused them, went away, or did not answer within `deadline` seconds.

        Raises what is wrong with a message itself.
        """
        confirmed: list[bool] = []
        async with self._turn:
            until = asyncio.get_running_loop().time() + deadline
            for start in range(0, len(messages), UNCONFIRMED_MAX):
                part = messages[start : start + UNCONFIRMED_MAX]
                confirmed += await self._published(part, until)
        return confirmed

    async def _published(self, messages: Sequence[Message], until: float) -> list[bool]:
        sent: list[asyncio.Future[object]] = []
        try:
            async with asyncio.timeout_at(until):
                await self._ready.wait()
                # What an earlier call gave up waiting for is still with the broker.
                while len(self._open) + len(messages) > UNCONFIRMED_MAX:
                    await asyncio.wait(self._open, return_when=asyncio.FIRST_COMPLETED)
                sent = await self._sent(messages)
                if sent:
                    await asyncio.wait(sent)
        except TimeoutError:
            pass
        return [_is_confirmed(future) for future in sent] or [False] * len(messages)

    async def _sent(self, messages: Sequence[Message]) -> list[asyncio.Future[object]]:
        """What becomes of each; none when the channel ended meanwhile."""
        channel = self._channel
        if channel is None:
            return []
        frames = b"".join([_frames(channel, message) for message in messages])
        await channel.write_queue.put(ChannelFrame(payload=frames, should_close=False))
        # The broker counts publishes of a channel from 1, and the library keeps by that number who waits. Nothing is read in between.
        sent: list[asyncio.Future[object]] = []
        for _ in messages:
            channel.delivery_tag += 1
            future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
            channel.confirmations[channel.delivery_tag] = future
            self._open.add(future)
            future.add_done_callback(self._settled)
            sent.append(future)
        if channel is not self._channel:  # it ended while there was no room to write
            for future in sent:
                future.cancel()
        return sent

    def _settled(self, future: asyncio.Future[object]) -> None:
        self._open.discard(future)
        if not future.cancelled():
            future.exception()  # whoever sent it may have given up; asyncio would complain that nobody looked


def _frames(channel: BareChannel, message: Message) -> bytes:
    return publish_frames(
        channel.number,
        message.exchange,
        message.routing_key,
        message.body,
        message.content_type,
        message.headers,
        content_max=channel.max_content_size,
    )


def _is_confirmed(future: asyncio.Future[object]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
