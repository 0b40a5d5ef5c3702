"""Tickets: what a browser's own EventSource shows instead of a key, which it cannot send.

Whoever has a key asks for one, for one customer and a few minutes, and hands it to that customer's page. It opens that customer's stream and
nothing else, and streams end with it. Nothing is kept: a ticket says what it opens, under a seal that only holders of the API's key can make.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
import time
from collections.abc import Callable
from typing import NamedTuple

TIME = struct.Struct(">q")  # seconds
SEAL_BYTES = 32
TICKET_MAX = 512  # characters; the longest customer id makes fewer


class Ticket(NamedTuple):
    """Whose stream it opens, and until when (seconds since 1970)."""

    customer_id: str
    until: int


class Tickets:
    """Makes tickets and looks at them. Every process with the same key accepts the same ones."""

    def __init__(self, api_key: str, seconds: int, clock: Callable[[], float] = time.time) -> None:
        self._secret = hmac.digest(api_key.encode(), b"lunas ticket of the change stream", "sha256")
        self._seconds = seconds
        self._clock = clock

    def issue(self, customer_id: str) -> tuple[str, Ticket]:
        ticket = Ticket(customer_id, int(self._clock()) + self._seconds)
        content = TIME.pack(ticket.until) + customer_id.encode()
        return base64.urlsafe_b64encode(content + self._seal(content)).decode().rstrip("="), ticket

    def read(self, shown: str) -> Ticket | None:
        """What it opens; None when it is none of ours, or over."""
        if len(shown) > TICKET_MAX or not shown.isascii() or "=" in shown:
            return None
        try:
            raw = base64.b64decode(shown + "=" * (-len(shown) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            return None
        content, seal = raw[:-SEAL_BYTES], raw[-SEAL_BYTES:]
        if len(content) <= TIME.size or not hmac.compare_digest(seal, self._seal(content)):
            return None
        ticket = Ticket(content[TIME.size :].decode(), TIME.unpack_from(content)[0])
        return ticket if self.left(ticket) > 0 else None

    def left(self, ticket: Ticket) -> float:
        """Seconds until it is over."""
        return ticket.until - self._clock()

    def _seal(self, content: bytes) -> bytes:
        return hmac.digest(self._secret, content, hashlib.sha256)
