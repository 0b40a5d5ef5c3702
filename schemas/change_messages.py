"""How one change travels in AMQP: CloudEvents 1.0, binary mode. Pure; the AsyncAPI document says the same.

https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/amqp-protocol-binding.md: attributes are headers with the prefix
`cloudEvents:`, the body is the data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from schemas.vocabulary import ChangeKind

PREFIX: Final = "cloudEvents:"
SOURCE: Final = "urn:lunas:changes"
DATA_TYPE: Final = "application/json"
NOBODY: Final = "-"
"""Second word of the routing key where a change concerns no customer that we know."""
KEY_BYTES_MAX: Final = 255  # a short string of AMQP


def type_of(kind: ChangeKind) -> str:
    return f"lunas.{kind}.changed"


def routing_key(kind: ChangeKind, customer_id: str | None) -> str:
    """`<kind>.<customer>`: two words always, so that `payment.*` and `*.budi` both mean what they say."""
    if customer_id is None:
        return f"{kind}.{NOBODY}"
    # `-` alone is nobody; a dot would make a third word.
    word = "%2D" if customer_id == NOBODY else quote(customer_id, safe="").replace(".", "%2E")
    key = f"{kind}.{word}"
    if len(key) <= KEY_BYTES_MAX:
        return key
    return f"{kind}.sha256-{hashlib.sha256(customer_id.encode()).hexdigest()}"


def attributes(kind: ChangeKind, position: int, key: str, customer_id: str | None) -> Mapping[str, str | int]:
    """The headers. `id` names the change: the same one told again bears the same, whoever tells it and when."""
    found: dict[str, str | int] = {
        "specversion": "1.0",
        "id": f"{position}/{kind}/{key}",
        "source": SOURCE,
        "type": type_of(kind),
        "subject": key,
        "position": position,
    }
    if customer_id is not None:
        found["customerid"] = customer_id
    return {f"{PREFIX}{name}": value for name, value in found.items()}
