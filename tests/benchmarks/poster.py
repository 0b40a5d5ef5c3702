"""Posting webhooks at a fixed rate from this process, with as little work as possible: the generator shares the machine with what is measured."""

from __future__ import annotations

import asyncio
from typing import cast
from urllib.parse import urlsplit

_END = b"\r\n\r\n"


class _Answers(asyncio.Protocol):
    """One connection with one request at a time."""

    def __init__(self) -> None:
        self._got = b""
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's are, but do not say so

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        if self._transport is None:
            raise ConnectionError("not connected")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, body = self._got.partition(_END)
        if not end or len(body) < _length(head) or self._waiting is None:
            return
        waiting, self._waiting, self._got = self._waiting, None, b""
        waiting.set_result((int(head.split(b" ", 2)[1]), body))

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error or ConnectionError("closed by the server"))


class Poster:
    """HTTP/1.1 with kept connections to one address; as many of them as there are requests under way."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._idle: list[_Answers] = []
        fields = {"Host": parts.netloc, **headers}
        self._fields = "".join(f"{name}: {value}\r\n" for name, value in fields.items())

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        head = f"POST {path} HTTP/1.1\r\n{self._fields}Content-Length: {len(body)}\r\n\r\n"
        return await self._ask(head.encode() + body)

    async def put(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        head = f"PUT {path} HTTP/1.1\r\n{self._fields}Content-Length: {len(body)}\r\n\r\n"
        return await self._ask(head.encode() + body)

    async def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of the answer."""
        return await self._ask(f"GET {path} HTTP/1.1\r\n{self._fields}\r\n".encode())

    async def _ask(self, request: bytes) -> tuple[int, bytes]:
        connection = self._kept() or await self._connected()
        answer = await connection.ask(request)
        self._idle.append(connection)
        return answer

    def _kept(self) -> _Answers | None:
        """A connection that the server has not ended because it was idle for long."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return None

    async def _connected(self) -> _Answers:
        _, connection = await asyncio.get_running_loop().create_connection(_Answers, self._host, self._port)
        return connection


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
