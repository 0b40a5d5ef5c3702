"""The socket under an AMQP connection: dead peers are noticed by the kernel, and we can cut it at once.

The library closes politely and waits for the other side; a frozen broker never answers. `abort` does not ask. For that it reaches below aio-pika,
to aiormq's factory of sockets, which aio-pika passes on as a parameter of the connection.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import aio_pika
from aio_pika.abc import ConnectionParameter
from aiormq.connection import TCPTransportFactory, TLSTransportFactory, TransportFactory
from yarl import URL

from runtime.sockets import notice_dead_peer


class AbortableTransport(TransportFactory):
    """Opens the socket of one connection and keeps it to be able to cut it."""

    def __init__(self, *, tls: bool) -> None:
        self._factory: TransportFactory = TLSTransportFactory() if tls else TCPTransportFactory()
        self._writer: asyncio.StreamWriter | None = None

    async def create(self, url: URL, **kwargs: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await self._factory.create(url, **kwargs)
        self._writer = writer
        notice_dead_peer(writer.get_extra_info("socket"))
        return reader, writer

    def abort(self) -> None:
        """Closes the socket now; what was not sent is lost."""
        if self._writer is not None:
            self._writer.transport.abort()


def _given(value: Any) -> Any:
    return value


class AbortableConnection(aio_pika.Connection):
    """aio-pika's plain connection on a socket that can be cut."""

    PARAMETERS: ClassVar[tuple[ConnectionParameter, ...]] = (  # type: ignore[misc]  # the library's own is no ClassVar
        *aio_pika.Connection.PARAMETERS,
        ConnectionParameter("transport_factory", parser=_given, is_kwarg=True),
    )

    def __init__(self, url: str) -> None:
        address = URL(url)
        self._socket = AbortableTransport(tls=address.scheme == "amqps")
        super().__init__(address, transport_factory=self._socket)

    def abort(self) -> None:
        """Ends the connection without asking the other side."""
        self._socket.abort()
