"""What simulators produce and from what: pure values, no clock and no network. All data is invented."""

from __future__ import annotations

import json
import string
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random


@dataclass(frozen=True, slots=True)
class Buyer:
    """Somebody who pays. `customer_id` is our application's; None for somebody it does not know."""

    email: str
    name: str = "Ratna Wulandari"
    customer_id: str | None = None
    phone: str = "081290011223"


@dataclass(frozen=True, slots=True)
class SimulatedWebhook:
    """One request as a provider would send it at `at`: POST `body` to `path` with `headers`."""

    provider: str
    path: str
    event: str
    body: bytes
    headers: Mapping[str, str] = field(repr=False)
    at: datetime


def to_bytes(document: Mapping[str, object]) -> bytes:
    """A body as providers write it: compact JSON in UTF-8."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def new_uuid(rng: Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def new_code(rng: Random, length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(rng.choices(alphabet, k=length))


def iso(moment: datetime) -> str:
    """Milliseconds and a Z, as Xendit and Mayar write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def iso_micro(moment: datetime) -> str:
    """Microseconds and a Z, as Scalev writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
