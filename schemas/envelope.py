"""The wire message between ingress and intake: raw bytes of a webhook with what ingress knows about them.

One AMQP body holds one or more envelopes of one partition::

    b"LNS1"  then per envelope  u32 header length, header JSON (UTF-8), u32 body length, raw body bytes

Lengths are big-endian. The raw body is never touched, so that a signature can be verified again years later.
Nothing here knows AMQP or payments.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from json.encoder import encode_basestring_ascii
from types import MappingProxyType

from schemas.errors import Permanent
from schemas.trace_context import TRACEPARENT, trace_id, well_formed

MAGIC = b"LNS1"
CONTENT_TYPE = "application/vnd.lunas.envelopes"
ATTEMPT_HEADER = "lunas-attempt"
PARTITION_HEADER = "lunas-partition"
SUSPECT_HEADER = "lunas-suspect"

RECONCILED = "reconciled"
"""Scheme of what we found by asking the provider itself. Its body is what the webhook would have said; only our own processes write such envelopes."""
TOLD_AT = "lunas-told-at"
"""Header of such an envelope: epoch microseconds at which the provider says that it sent the webhook, where it does."""

KEPT_HEADERS = ("content-type", "user-agent", "webhook-id", "x-scalev-app-id")
"""Headers of a request that travel with it; none of them ever holds a credential."""

# Our own headers hold an allow-list of request headers; far below this. A larger one is a broken frame.
MAX_HEADER_BYTES = 64 * 1024
# RabbitMQ 4 refuses messages above 16 MiB (https://www.rabbitmq.com/docs/limits); a longer length is a broken frame.
MAX_BODY_BYTES = 16 * 1024 * 1024

_LENGTH = struct.Struct(">I")
# ASCII escapes: header values may hold undecodable bytes as lone surrogates, which UTF-8 refuses.
_quoted = encode_basestring_ascii
_CONTEXT = b'"traceparent":'
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class EnvelopeError(Permanent):
    """An AMQP body is not a frame of envelopes.

    `reason` is a stable word (`magic`, `empty`, `truncated`, `too_long`, `header`) for metrics and dead letters.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Envelope:
    """One verified HTTP delivery, or a replay of one.

    `received_at` is in epoch microseconds. `secret_id` is the first 12 hex digits of the SHA-256 of the secret that
    matched, never the secret. `headers` holds lower-case names from an allow-list. `traceparent`: what it is a part of, where somebody
    records that (docs/tracing.md).
    """

    delivery_id: str
    provider: str
    received_at: int
    scheme: str
    secret_id: str
    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    replay_of: str | None = None
    dead_letter_id: str | None = None
    actor: str | None = None
    traceparent: str | None = None


def pack_one(envelope: Envelope) -> bytes:
    """Frame one envelope without the magic; frames can be joined in any number behind one magic."""
    # Written out by hand: one webhook, one header, and the general encoder takes five times as long.
    optional = "".join(
        f',"{name}":{_quoted(value)}'
        for name, value in (
            ("replay_of", envelope.replay_of),
            ("dead_letter_id", envelope.dead_letter_id),
            ("actor", envelope.actor),
            (TRACEPARENT, envelope.traceparent),
        )
        if value is not None
    )
    headers = ",".join([f"{_quoted(name)}:{_quoted(value)}" for name, value in envelope.headers.items()])
    encoded = (
        f'{{"delivery_id":{_quoted(envelope.delivery_id)},"provider":{_quoted(envelope.provider)},'
        f'"received_at":{envelope.received_at},"scheme":{_quoted(envelope.scheme)},'
        f'"secret_id":{_quoted(envelope.secret_id)},"headers":{{{headers}}},'
        f'"path":{_quoted(envelope.path)}{optional}}}'
    ).encode("ascii")
    return b"".join((_LENGTH.pack(len(encoded)), encoded, _LENGTH.pack(len(envelope.body)), envelope.body))


def join(frames: Iterable[bytes]) -> bytes:
    """AMQP body from frames made by `pack_one`."""
    return b"".join((MAGIC, *frames))


def pack(envelopes: Iterable[Envelope]) -> bytes:
    """AMQP body of one or more envelopes of one partition. Raises EnvelopeError when there is none."""
    frames = [pack_one(envelope) for envelope in envelopes]
    if not frames:
        raise EnvelopeError("empty", "a message holds at least one envelope")
    return join(frames)


def unpack(data: bytes) -> list[Envelope]:
    """Inverse of `pack`. Raises EnvelopeError; never any other error, whatever the bytes."""
    if data[: len(MAGIC)] != MAGIC:
        raise EnvelopeError("magic", "the message does not start with LNS1")
    envelopes: list[Envelope] = []
    offset = len(MAGIC)
    while offset < len(data):
        header, offset = _block(data, offset, MAX_HEADER_BYTES)
        body, offset = _block(data, offset, MAX_BODY_BYTES)
        envelopes.append(_envelope(header, body))
    if not envelopes:
        raise EnvelopeError("empty", "the message holds no envelope")
    return envelopes


def contexts_in(data: bytes) -> Iterator[str]:
    """The trace contexts of the envelopes in an AMQP body of ours, without unpacking it: a quick look for who records traces. Never raises."""
    offset = len(MAGIC)
    with suppress(EnvelopeError, ValueError):
        while offset < len(data):
            header, offset = _block(data, offset, MAX_HEADER_BYTES)
            if _CONTEXT in header and (context := well_formed(json.loads(header).get(TRACEPARENT))):
                yield context
            _, offset = _block(data, offset, MAX_BODY_BYTES)


def context_in(frame: bytes) -> str | None:
    """The trace context of an envelope that `pack_one` made."""
    return next(contexts_in(MAGIC + frame), None)


def carried_on(envelopes: Sequence[Envelope], context: object) -> list[Envelope]:
    """Envelopes of a message that bears a trace context of its own: the one of the same trace goes on from there."""
    sent = well_formed(context.decode("ascii", "replace") if isinstance(context, bytes) else context)
    if sent is None:
        return list(envelopes)
    return [
        replace(each, traceparent=sent)
        if each.traceparent is not None and trace_id(each.traceparent) == trace_id(sent)
        else each
        for each in envelopes
    ]


def _block(data: bytes, offset: int, limit: int) -> tuple[bytes, int]:
    start = offset + _LENGTH.size
    if start > len(data):
        raise EnvelopeError("truncated", "the message ends inside a length")
    (length,) = _LENGTH.unpack_from(data, offset)
    if length > limit:
        raise EnvelopeError("too_long", f"a block of {length} bytes, the limit is {limit}")
    end = start + length
    if end > len(data):
        raise EnvelopeError("truncated", f"a block of {length} bytes, {len(data) - start} are left")
    return data[start:end], end


def _envelope(header: bytes, body: bytes) -> Envelope:
    try:
        fields = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise EnvelopeError("header", "the header is not JSON") from error
    if not isinstance(fields, dict):
        raise EnvelopeError("header", "the header is not an object")
    received_at, context = fields.get("received_at"), fields.get(TRACEPARENT)
    if type(received_at) is not int:
        raise EnvelopeError("header", "received_at is not an integer")
    return Envelope(
        delivery_id=_text(fields, "delivery_id"),
        provider=_text(fields, "provider"),
        received_at=received_at,
        scheme=_text(fields, "scheme"),
        secret_id=_text(fields, "secret_id"),
        path=_text(fields, "path"),
        body=body,
        headers=_headers(fields.get("headers", {})),
        replay_of=_optional_text(fields, "replay_of"),
        dead_letter_id=_optional_text(fields, "dead_letter_id"),
        actor=_optional_text(fields, "actor"),
        # What is no context says nothing: it is no reason to set a delivery aside.
        traceparent=None if context is None else well_formed(context),
    )


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise EnvelopeError("header", f"{name} is missing or not a string")
    return value


def _optional_text(fields: dict[str, object], name: str) -> str | None:
    return None if fields.get(name) is None else _text(fields, name)


def _headers(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise EnvelopeError("header", "headers is not an object of strings")
    return value
