"""A request that failed verification, on its way to the quarantine.

Message body: `b"LNQ1"`, u32 header length, header JSON, then the raw request body (the rest). It travels on an exchange
of its own and is never mixed with envelopes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.errors import Permanent

MAGIC = b"LNQ1"
CONTENT_TYPE = "application/vnd.lunas.rejection"

_LENGTH = struct.Struct(">I")
_TEXTS = ("quarantine_id", "provider", "cause", "remote", "path")


class RejectionError(Permanent):
    """The message is not a rejection."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """`received_at` is in epoch microseconds; `headers` holds no value that could be close to a secret.

    `credential`: what is kept of the token it carried (`providers/kept_credential.py`).
    """

    quarantine_id: str
    provider: str
    cause: str
    received_at: int
    remote: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    credential: str = ""


def pack_rejection(rejection: Rejection) -> bytes:
    header = {
        **{name: getattr(rejection, name) for name in _TEXTS},
        "received_at": rejection.received_at,
        "headers": dict(rejection.headers),
        "credential": rejection.credential,
    }
    encoded = json.dumps(header, separators=(",", ":"), allow_nan=False).encode("ascii")
    return b"".join((MAGIC, _LENGTH.pack(len(encoded)), encoded, rejection.body))


def unpack_rejection(data: bytes) -> Rejection:
    """Inverse of `pack_rejection`. Raises RejectionError."""
    start = len(MAGIC) + _LENGTH.size
    if data[: len(MAGIC)] != MAGIC or len(data) < start:
        raise RejectionError("the message does not start with LNQ1 and a length")
    end = start + _LENGTH.unpack_from(data, len(MAGIC))[0]
    if end > len(data):
        raise RejectionError("the message is cut")
    try:
        fields = json.loads(data[start:end])
    except (ValueError, RecursionError) as error:
        raise RejectionError("the header is not JSON") from error
    if not _is_valid(fields):
        raise RejectionError("the header has missing or wrong fields")
    return Rejection(
        **{name: fields[name] for name in _TEXTS},
        received_at=fields["received_at"],
        headers=fields["headers"],
        body=data[end:],
        credential=fields.get("credential", ""),
    )


def _is_valid(fields: object) -> bool:
    if not isinstance(fields, dict) or not all(isinstance(fields.get(name), str) for name in _TEXTS):
        return False
    headers = fields.get("headers")
    return (
        isinstance(fields.get("credential", ""), str)
        and type(fields.get("received_at")) is int
        and isinstance(headers, dict)
        and all(isinstance(value, str) for value in headers.values())
    )
