"""One client that means harm, as fast as one core can: `python -m tests.benchmarks.attackers SHAPE PORT SECONDS`. It speaks to this machine only, and ends by itself.

It knows no secret. What it sends is written out before, so that its core is spent on sending; a connection that is closed is opened again.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

MIB = 1_048_576
HOST = "127.0.0.1"
SIGNATURE = base64.b64encode(b"x" * 32).decode()  # of the right form, so that only the whole body tells
FORGED = f"POST /webhooks/scalev HTTP/1.1\r\nHost: x\r\nX-Scalev-Hmac-Sha256: {SIGNATURE}\r\n"
WRONG = "POST /webhooks/xendit HTTP/1.1\r\nHost: x\r\nx-callback-token: wrong\r\n"


@dataclass(frozen=True)
class Shape:
    """`sent` once on each of so many connections; then for ever what `again` holds, or nothing. `leaves`: without waiting for an answer."""

    connections: int
    sent: bytes
    again: bytes = b""
    leaves: bool = False


def _chunked(head: str) -> bytes:
    return (head + "Transfer-Encoding: chunked\r\n\r\n").encode()


def _sized(head: str, size: int) -> bytes:
    return f"{head}Content-Length: {size}\r\n\r\n".encode()


CRUMBS = b"1\r\nx\r\n" * 40_000
SMALL = _sized(WRONG, 300) + b"x" * 300
NOWHERE = b"GET /webhooks/nobody HTTP/1.1\r\nHost: x\r\n\r\n" * 400
SHAPES = {
    "crumbs": Shape(20, _chunked(FORGED), CRUMBS),
    "crumbs with a wrong token": Shape(20, _chunked(WRONG), CRUMBS),
    "unfinished bodies of 1 MiB": Shape(1000, _sized(FORGED, MIB) + b"x" * (MIB - 1)),
    "small forged": Shape(64, SMALL * 20, SMALL * 20),
    "large forged by token": Shape(32, _sized(WRONG, MIB) + b"x" * MIB, _sized(WRONG, MIB) + b"x" * MIB),
    "large forged by signature": Shape(
        32, _sized(FORGED, MIB) + b"x" * MIB, _sized(FORGED, MIB) + b"x" * MIB
    ),
    "too large by signature": Shape(32, _sized(FORGED, 2 * MIB) + b"x" * 2 * MIB),
    "one byte at a time": Shape(200, _sized(FORGED, MIB), b"x"),
    "new connections": Shape(64, SMALL.replace(b"Host: x", b"Host: x\r\nConnection: close")),
    "hit and run": Shape(64, SMALL, leaves=True),
    "nowhere, in rows": Shape(20, NOWHERE, NOWHERE),
    "forged by signature, 60 KB": Shape(
        32,
        _sized(FORGED.replace("Host: x", "Host: x\r\nConnection: close"), 60_000) + b"x" * 60_000,
        leaves=True,
    ),
}


class Attacker:
    """All connections of one shape."""

    def __init__(self, shape: Shape, port: int) -> None:
        self._shape = shape
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._left: dict[socket.socket, memoryview] = {}
        self.sent = 0
        self.opened = 0

    def run(self, seconds: float) -> None:
        """Attacks for so long, then leaves."""
        until = time.monotonic() + seconds
        for _ in range(self._shape.connections):
            self._open()
        while time.monotonic() < until:
            for key, events in self._selector.select(0.1):
                client = key.fileobj
                if isinstance(client, socket.socket):
                    self._serve(client, events)
        for client in [*self._left]:
            self._close(client)

    def _open(self) -> None:
        client = socket.socket()
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(BlockingIOError):
            client.connect((HOST, self._port))
        self._left[client] = memoryview(self._shape.sent)
        self._selector.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE)
        self.opened += 1

    def _close(self, client: socket.socket) -> None:
        self._selector.unregister(client)
        del self._left[client]
        client.close()

    def _serve(self, client: socket.socket, events: int) -> None:
        try:
            if events & selectors.EVENT_READ and not client.recv(65_536):
                raise ConnectionError
            if events & selectors.EVENT_WRITE:
                self._write(client)
        except BlockingIOError:
            return
        except OSError:
            self._close(client)
            self._open()

    def _write(self, client: socket.socket) -> None:
        left = self._left[client]
        if not left:
            left = memoryview(self._shape.again)
            if not left and self._shape.leaves:
                raise ConnectionError
            if not left:
                self._selector.modify(client, selectors.EVENT_READ)
                return
        count = client.send(left)
        self.sent += count
        self._left[client] = left[count:]


def lines(attacker: Attacker, seconds: float) -> Iterator[str]:
    """What it did."""
    yield f"{attacker.opened / seconds:.0f} connections/s"
    yield f"{attacker.sent / seconds / MIB:.1f} MiB/s"


def main(arguments: list[str]) -> int:
    name, port, seconds = arguments
    attacker = Attacker(SHAPES[name], int(port))
    attacker.run(float(seconds))
    print(", ".join(itertools.islice(lines(attacker, float(seconds)), 2)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
