"""What stands between a client and PostgreSQL as a connection pooler does: it greets with a number of its own, or refuses what it does not know."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_SSL_REQUEST = 80877103
_GREETING = b"K"
"""BackendKeyData: https://www.postgresql.org/docs/current/protocol-message-formats.html"""
OTHER_NUMBER = 1_000_003
"""Added to the server's: pgbouncer invents one."""


@asynccontextmanager
async def pooler(url: str, *, refuses: str | None = None) -> AsyncIterator[str]:
    """Address of a pooler in front of a server. `refuses`: a start-up parameter that it does not know, as pgbouncer refuses it."""
    async with _in_front(url, refuses, OTHER_NUMBER, []) as address:
        yield address


@asynccontextmanager
async def ending_server(url: str) -> AsyncIterator[tuple[str, Callable[[], None]]]:
    """Address of a server, and what has it say that it shuts down, to everybody, without hanging up yet."""
    clients: list[asyncio.StreamWriter] = []

    def end() -> None:
        for writer in clients:
            writer.write(_error("57P01", "terminating connection due to administrator command"))

    async with _in_front(url, None, 0, clients) as address:
        yield address, end


@asynccontextmanager
async def _in_front(
    url: str, refuses: str | None, number: int, clients: list[asyncio.StreamWriter]
) -> AsyncIterator[str]:
    parts = urlsplit(url)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        clients.append(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                begin = await _start(reader, writer)
                if refuses is not None:
                    writer.write(_error("08P01", f"unsupported startup parameter: {refuses}"))
                    await writer.drain()
                else:
                    await _between(begin, reader, writer, (parts.hostname or "", parts.port or 5432), number)
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}").geturl()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # what was closed is gone after another turn


async def _start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The client's first message; it is told that there is no TLS here."""
    while True:
        length = await reader.readexactly(4)
        rest = await reader.readexactly(struct.unpack("!i", length)[0] - 4)
        if struct.unpack("!i", rest[:4])[0] != _SSL_REQUEST:
            return length + rest
        writer.write(b"N")


def _error(code: str, message: str) -> bytes:
    fields = f"SFATAL\0VFATAL\0C{code}\0M{message}\0\0".encode()
    return b"E" + struct.pack("!i", len(fields) + 4) + fields


async def _between(
    begin: bytes,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    place: tuple[str, int],
    added: int,
) -> None:
    theirs, to_them = await asyncio.open_connection(*place)
    to_them.write(begin)
    up = asyncio.create_task(_copy(reader, to_them))
    try:
        while True:
            head = await theirs.readexactly(5)
            body = await theirs.readexactly(struct.unpack("!i", head[1:])[0] - 4)
            if head[:1] == _GREETING:
                theirs_number, key = struct.unpack("!ii", body)
                body = struct.pack("!ii", theirs_number + added, key)
            writer.write(head + body)
            await writer.drain()
    finally:
        up.cancel()
        to_them.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
