"""The frames of one publish as bytes (AMQP 0-9-1, 2.3.5 and 4.2). Pure.

The library marshals field by field, which costs more than everything else about a small message that is one of hundreds.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache

HeaderValue = str | int | bool

METHOD, HEADER, BODY = 1, 2, 3
BASIC, PUBLISH = 60, 40
PERSISTENT = 2
CONTENT_TYPE_HEADERS_MODE = 0xB000
"""Which properties follow: content_type, headers and delivery_mode, in this order."""
SHORT_MAX = 255

_FRAME = struct.Struct(">BHI")
_METHOD = struct.Struct(">HHH")
_CONTENT = struct.Struct(">HHQH")
_LONG = struct.Struct(">I")
_INTEGER = struct.Struct(">cq")
_TEXT = struct.Struct(">cI")
_END = b"\xce"


def publish_frames(
    channel: int,
    exchange: str,
    routing_key: str,
    body: bytes,
    content_type: str,
    headers: Mapping[str, HeaderValue],
    *,
    content_max: int,
) -> bytes:
    """A persistent publish that nobody need take. `content_max`: bytes of a body that fit one frame. Raises ValueError for a key that is too long."""
    table = b"".join([_name(name) + _value(value) for name, value in headers.items()])
    method = _METHOD.pack(BASIC, PUBLISH, 0) + _short(exchange) + _short(routing_key) + b"\0"
    content = b"".join(
        (
            _CONTENT.pack(BASIC, 0, len(body), CONTENT_TYPE_HEADERS_MODE),
            _name(content_type),
            _LONG.pack(len(table)),
            table,
            bytes((PERSISTENT,)),
        )
    )
    frames = [_frame(METHOD, channel, method), _frame(HEADER, channel, content)]
    for start in range(0, len(body), content_max):
        frames.append(_frame(BODY, channel, body[start : start + content_max]))
    return b"".join(frames)


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return _FRAME.pack(kind, channel, len(payload)) + payload + _END


@lru_cache(maxsize=256)
def _name(text: str) -> bytes:
    """Short strings that come again and again: names of headers, a type of content."""
    return _short(text)


def _short(text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > SHORT_MAX:
        raise ValueError("a short string of AMQP has 255 bytes at most")
    return bytes((len(encoded),)) + encoded


def _value(value: HeaderValue) -> bytes:
    if isinstance(value, bool):
        return b"t\1" if value else b"t\0"
    if isinstance(value, int):
        return _INTEGER.pack(b"l", value)
    encoded = value.encode()
    return _TEXT.pack(b"S", len(encoded)) + encoded
