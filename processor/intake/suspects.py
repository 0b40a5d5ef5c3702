"""Messages that may kill the worker that touches them: the broker's count of deliveries makes a suspect, and only its own deaths a culprit.

A worker that dies gives back everything it held, and each of it counts one delivery more, innocents included: what waited in a window, and the first
message of every other queue. So that count only says who is worked on with care: alone in the whole process (`Hands`), and with a mark in the
database that is made before anybody looks into it and goes when its outcome is certain. A mark that a process left behind is a death with this
message, and no other, in hand; so many of them, and it is parked unread. Ordinary messages make no mark. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from runtime.amqp.consumer import Incoming
from schemas.envelope import SUSPECT_HEADER

SUSPICIOUS = (
    3  # deliveries without an outcome; orderly restarts and reconnects count too, so not at the first
)
DEADLY = 5  # deaths of processes that had nothing but it in hand; then it is parked unread, with what we know
HOPELESS = SUSPICIOUS + DEADLY
"""So many deliveries a message that kills every worker has had when it is parked."""
CRASH_LOOP = "crash_loop"
UNREADABLE = 2 * DEADLY
"""After so many deaths it is parked as it is, bytes and all: even taking it apart to park it was too much."""


def is_suspicious(delivery: Incoming) -> bool:
    """To be worked on alone, under a mark."""
    return delivery.count >= SUSPICIOUS or SUSPECT_HEADER in delivery.headers


def window(deliveries: Iterable[Incoming], full: int) -> int:
    """How many messages to hold at once after these."""
    return 1 if any(is_suspicious(delivery) for delivery in deliveries) else full
