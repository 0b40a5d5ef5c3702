"""One request while it arrives, and the parser that turns bytes into requests a bearable piece at a time.

A parser takes a microsecond for every chunk of a body, so that what came in one read can keep it busy for 30 ms. Here it never gets more
than a few hundred chunks at once, the head always by itself, and what a body costs is known while it arrives.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from aiohttp import HttpVersion11, StreamReader, hdrs
from aiohttp.http import HttpRequestParser, RawRequestMessage

from providers.verification import Rejected, Verified
from runtime.settings import Settings

if TYPE_CHECKING:
    from ingress.answers import Answer
    from ingress.entrance import Entrance

SLICE = (
    4096  # bytes that are parsed at once where they may be chunks: 700 of them at most, half a millisecond
)
CHUNK_OVERHEAD = 5  # the shortest chunk is five bytes and what it carries
STREAM_BYTES = 65_536  # aiohttp's own mark for pausing; nothing pauses here
HEAD_END = b"\r\n\r\n"


class _Flow:
    """aiohttp's bodies ask their connection to pause and to go on. How much is read is decided elsewhere."""

    def pause_reading(self) -> None:
        """Not here."""

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Not here."""


_FLOW = _Flow()


class Request:
    """A request whose head is there. `foregone` is its answer when the head alone decides it."""

    __slots__ = (
        "_parts",
        "entrance",
        "foregone",
        "length",
        "limit",
        "message",
        "payload",
        "size",
        "verdict",
        "wire",
    )  # fmt: skip

    def __init__(self, message: RawRequestMessage, payload: StreamReader) -> None:
        self.message = message
        self.payload = payload
        self.length: int | None = None
        self.limit = 0
        self.entrance: Entrance | None = None
        self.verdict: Verified | Rejected | None = None
        self.foregone: Answer | None = None
        self.size = 0
        self.wire = 0
        self._parts: list[bytes] = []
        if not payload.is_eof() and not message.chunked:
            # The parser has checked it: digits only, and one. CONNECT alone has none and still no end.
            self.length = int(message.headers.get(hdrs.CONTENT_LENGTH, 0))
        if payload.total_bytes:
            self.gather(0)  # some of the body came with the head

    @property
    def whole(self) -> bool:
        """Nothing is missing."""
        return self.payload.is_eof()

    @property
    def vouched(self) -> bool:
        """Its head carries a valid credential."""
        return isinstance(self.verdict, Verified)

    @property
    def is_refused(self) -> bool:
        """Its answer does not depend on its body."""
        return self.foregone is not None or isinstance(self.verdict, Rejected)

    @property
    def is_last(self) -> bool:
        """Nothing more is taken from this connection after it. HTTP/1.0 knows no other way, whatever it says."""
        message = self.message
        return message.should_close or message.upgrade or message.version != HttpVersion11

    @property
    def is_head(self) -> bool:
        """Only the head of an answer is wanted."""
        return self.message.method == "HEAD"

    @property
    def waits_for_us(self) -> bool:
        """Its client sends nothing more before it hears from us."""
        return not self.whole and (self.asks_to_go_on or self.message.method == "CONNECT")

    @property
    def asks_to_go_on(self) -> bool:
        """Its client waits for our word before it sends the body."""
        return self.message.headers.get(hdrs.EXPECT, "").lower() == "100-continue"

    @property
    def chunks(self) -> int:
        """In how many the body came so far, at most."""
        return (self.wire - self.size) // CHUNK_OVERHEAD if self.message.chunked else 0

    @property
    def body(self) -> bytes:
        """What has come of it."""
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def gather(self, wire: int) -> None:
        """Takes over what the parser made of so many more bytes."""
        part = self.payload.read_nowait()
        self.wire += wire
        if part:
            self.size += len(part)
            self._parts.append(part)


class Reader:
    """What a client has sent and nobody has looked at yet, and the requests in it."""

    __slots__ = ("_at", "_head", "_held", "_messages", "_parser")

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self._parser = HttpRequestParser(
            _FLOW,  # type: ignore[arg-type]  # of a connection, bodies use these two methods only
            loop,
            STREAM_BYTES,
            max_line_size=settings.ingress_header_field_limit_bytes,
            max_field_size=settings.ingress_header_field_limit_bytes,
            max_headers=settings.ingress_headers_max,
            auto_decompress=False,  # a signature is over the bytes as sent; a bomb stays small
        )
        self._messages: deque[tuple[RawRequestMessage, StreamReader]] = deque()
        self._held = b""
        self._at = 0
        self._head = 0

    @property
    def held(self) -> int:
        """Bytes that wait to be parsed."""
        return len(self._held) - self._at

    @property
    def head(self) -> int:
        """Bytes of a head that has only begun."""
        return self._head

    @property
    def waiting(self) -> bool:
        """There is something to go on with."""
        return bool(self._messages) or len(self._held) > self._at

    def add(self, data: bytes) -> None:
        self._held = self._held[self._at :] + data if self.held else data
        self._at = 0

    def drop(self) -> None:
        """Forgets what nobody has looked at."""
        self._messages.clear()
        self._held, self._at, self._head = b"", 0, 0

    def next(self) -> Request | None:
        """The next request whose head is there."""
        return Request(*self._messages.popleft()) if self._messages else None

    def at_once(self, data: bytes) -> Request | None:
        """The first request in a few bytes that came when nothing waited. Raises HttpProcessingError."""
        messages, _, _ = self._parser.feed_data(data)
        if not messages:
            self._head += len(data)
            return None
        self._head = 0
        if len(messages) > 1:
            self._messages.extend(messages[1:])
        return Request(*messages[0])

    def parse_head(self) -> None:
        """A head, whole or not. Raises HttpProcessingError."""
        end = self._held.find(HEAD_END, self._at)
        piece = self._cut(SLICE if end < 0 else end + len(HEAD_END) - self._at)
        self._head += len(piece)
        self._feed(piece)
        if self._messages:
            self._head = 0

    def parse_body(self, request: Request) -> None:
        """More of a body: all of it when its length is known. Raises HttpProcessingError."""
        piece = self._cut(SLICE if request.length is None else request.length - request.size)
        self._feed(piece)
        request.gather(len(piece))

    def _cut(self, size: int) -> bytes:
        start, held = self._at, self._held
        if start == 0 and size >= len(held):
            self._held = b""
            return held
        self._at = start + size
        piece = held[start : self._at]
        if self._at >= len(held):
            self._held, self._at = b"", 0
        return piece

    def _feed(self, piece: bytes) -> None:
        messages, _, _ = self._parser.feed_data(piece)
        if messages:
            self._messages.extend(messages)
