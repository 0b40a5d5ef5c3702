"""A TCP proxy that can freeze, cut and refuse: a broken network or a stopped broker, without touching the broker."""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import socket
import struct
import sys
import termios
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import pytest
from yarl import URL

SO_ATTACH_FILTER = 26  # Linux; the socket module does not name it
BPF_RETURN = 0x06


class Proxy:
    """Forwards bytes between clients and one server."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.accepted = 0
        self.held = 0  # bytes that came while nothing was forwarded
        self.swallow: bytes | None = (
            None  # what a client may say only once: its connection then hangs, the others go on
        )
        self.swallowed = 0

    async def open(self) -> None:
        """Listens, on the same port as before if there was one."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuses new connections and resets the open ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def freeze(self) -> None:
        """Nothing is read any more, in neither direction; connections stay open."""
        self._flowing.clear()

    async def vanish(self) -> None:
        """Machine and cable are gone: whatever its connections are sent, their kernel acknowledges nothing any more, and says nothing. New ones are served."""
        socks = [writer.get_extra_info("socket") for writer in self._writers]
        # What is not acknowledged yet would be repeated, and be a sign of life.
        while any(_unacknowledged(sock) for sock in socks):
            await asyncio.sleep(0.01)
        for sock in socks:
            _deafened(sock)

    def thaw(self) -> None:
        self._flowing.set()

    def cut(self) -> None:
        """Resets all open connections."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            other_reader, other_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, other_writer}
        if self._server is None:
            self.cut()  # closed while this connection was being made: nobody else would cut it
        try:
            await asyncio.gather(self._pump(reader, other_writer), self._pump(other_reader, writer))
        finally:
            for side in (writer, other_writer):
                side.transport.abort()
                self._writers.discard(side)

    async def _until_flowing(self, writer: asyncio.StreamWriter) -> None:
        while not self._flowing.is_set():
            if writer.transport.is_closing():
                raise ConnectionResetError
            await asyncio.sleep(0.01)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while True:
                data = await reader.read(65536)
                if not self._flowing.is_set():
                    self.held += len(data)
                await self._until_flowing(writer)
                if not data:
                    break
                if self.swallow is not None and self.swallow in data:
                    self.swallowed += 1
                    await _closed(writer)
                    break
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


def _unacknowledged(sock: socket.socket) -> int:
    """Bytes (tcp(7), SIOCOUTQ)."""
    return int.from_bytes(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)


def _deafened(sock: socket.socket) -> None:
    """A filter that takes no packet, before TCP sees it (socket(7), SO_ATTACH_FILTER): a proxy that merely reads nothing has a kernel that goes on answering."""
    take_nothing = ctypes.create_string_buffer(struct.pack("HBBI", BPF_RETURN, 0, 0, 0))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(take_nothing)))


async def _closed(writer: asyncio.StreamWriter) -> None:
    while not writer.transport.is_closing():
        await asyncio.sleep(0.01)


@contextmanager
def knocking(port: int) -> Iterator[list[float]]:
    """Moments at which this loop tried to connect to a port, in vain or not."""
    knocks: list[float] = []
    loop = asyncio.get_running_loop()
    connect = loop.sock_connect

    async def noted(sock: socket.socket, address: Any) -> None:
        if address[1] == port:
            knocks.append(loop.time())
        await connect(sock, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "sock_connect", noted)
        yield knocks


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy in front of the server of `url`, and the address that leads through it."""
    target = URL(url)
    proxy = Proxy(target.host or "127.0.0.1", target.port or 5672)
    await proxy.open()
    try:
        yield proxy, str(target.with_port(proxy.port).with_host("127.0.0.1"))
    finally:
        proxy.thaw()
        await proxy.close()
