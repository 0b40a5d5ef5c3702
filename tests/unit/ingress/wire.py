"""A guarded connection without a socket: the client's end, and a handler that notes what it gets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from prometheus_client import CollectorRegistry

from ingress import answers
from ingress.answers import Answer
from ingress.connection import Connection
from ingress.guard import Guard
from ingress.metrics import Metrics
from ingress.request import Request
from providers.verification import Verified
from runtime.settings import Settings


def post(body: bytes, path: str = "/", fields: bytes = b"") -> bytes:
    return b"POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s" % (
        path.encode(),
        fields,
        len(body),
        body,
    )


def chunked(*chunks: bytes) -> bytes:
    """A whole request, each chunk as given."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


class Wire(asyncio.Transport):
    """The client's end."""

    def __init__(self, flow: Callable[[], None]) -> None:
        super().__init__()
        self._flow = flow
        self.said: list[bytes] = []
        self.reading = True
        self.switched = 0
        self.half_closed = False
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said.append(bytes(data))

    def write_eof(self) -> None:
        self.half_closed = True

    def pause_reading(self) -> None:
        self.reading = False
        self.switched += 1

    def resume_reading(self) -> None:
        self.reading = True
        asyncio.get_running_loop().call_soon(self._flow)
        self.switched += 1

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    @property
    def statuses(self) -> list[int]:
        return [int(said.split(b" ", 2)[1]) for said in self.said]


class Handler:
    """Stands behind the guard: notes whole requests and why others were turned away; answers nothing by itself."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.turned: list[str] = []
        self.limit = 1_048_576
        self.vouch = False
        self.broken = False

    def look(self, request: Request) -> str | None:
        request.limit = self.limit
        if self.vouch:
            request.verdict = Verified("static_token", "0" * 12)
        return "too_large" if (request.length or 0) > self.limit else None

    def take(self, connection: Connection, request: Request) -> None:
        if self.broken:
            raise RuntimeError("a detail")
        self.bodies.append(request.body)

    def turn_away(self, connection: Connection, request: Request, cause: str) -> Answer:
        self.turned.append(cause)
        return {"slow_body": answers.TOO_SLOW, "crowded": answers.not_durable(5)}.get(
            cause, answers.BAD_REQUEST
        )


class Visit:
    """One open connection at a guard."""

    def __init__(self, settings: Settings, guard: Guard | None = None) -> None:
        self._unread = b""
        self.wire = Wire(self._flow)
        self.guard = guard or Guard(Handler(), settings, Metrics(CollectorRegistry()))
        self.guard.turnstile.clock = lambda: 0.0  # nobody's work takes time, however slow this machine is
        self.handler = cast(Handler, self.guard.door)
        self.connection = self.guard()
        self.connection.connection_made(self.wire)

    def send(self, data: bytes) -> None:
        self._unread += data
        self._flow()

    def answer(self, *, last: bool = False) -> None:
        self.connection.reply(answers.SUCCESS, last=last)
        self._flow()

    def _flow(self) -> None:
        """What a transport does: read into the buffer it is given, as long as reading is not paused."""
        while self._unread and self.wire.reading and not self.wire.closed:
            buffer = self.connection.get_buffer(-1)
            size = min(len(buffer), len(self._unread))
            buffer[:size] = self._unread[:size]
            self._unread = self._unread[size:]
            self.connection.buffer_updated(size)
