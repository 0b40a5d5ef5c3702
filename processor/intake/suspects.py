"""Messages that may kill the worker that touches them: how often the broker delivered them tells.

A worker that dies gives back everything it held, and each of it counts one delivery more, innocents included. So a worker starts carefully, with
one message at a time, until it sees an unsuspicious one: from the third crash on only the culprit is in its hands, only the culprit's count
grows, and it is parked before the broker's own limit (20) takes it out. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from runtime.amqp.consumer import Incoming

SUSPICIOUS = (
    3  # deliveries without an outcome; orderly restarts and reconnects count too, so not at the first
)
HOPELESS = 8  # then it is parked unread, with what we know


def is_suspicious(delivery: Incoming) -> bool:
    """To be processed alone."""
    return delivery.count >= SUSPICIOUS


def is_hopeless(delivery: Incoming) -> bool:
    """To be parked without being looked into."""
    return delivery.count >= HOPELESS


def window(deliveries: Iterable[Incoming], full: int) -> int:
    """How many messages to hold at once after these."""
    return 1 if any(is_suspicious(delivery) for delivery in deliveries) else full
