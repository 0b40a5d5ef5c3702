"""Messages that may kill the worker that touches them: the broker's count of deliveries makes a suspect, and only its own deaths a culprit.

A worker that dies gives back everything it held, and each of it counts one delivery more, innocents included: what waited in a window, and the first
message of every other queue. So that count only says who is worked on with care: with nothing ordinary beside it in the whole process (`Hands`), and
with a mark in the database that is made before anybody looks into it and goes when its outcome is certain. A mark that a process left behind is a
death with this message in hand. Nobody died with them yet: some are worked on together, since most are innocent and each would cost three commits
by itself. Once somebody did, each is alone; so many deaths, and it is parked unread. Ordinary messages make no mark. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from runtime.amqp.consumer import Incoming
from schemas.envelope import SUSPECT_HEADER

T = TypeVar("T")

SUSPICIOUS = (
    3  # deliveries without an outcome; orderly restarts and reconnects count too, so not at the first
)
DEADLY = 5  # deaths of processes with it in hand, one at most with others beside it; then it is parked unread, with what we know
TOGETHER = (
    20  # suspicious messages that are worked on at once; when one of them kills, so many are worked on alone
)
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
    return min(TOGETHER, full) if any(is_suspicious(delivery) for delivery in deliveries) else full


def together(messages: Sequence[T], deaths: Sequence[int]) -> list[list[T]]:
    """Suspicious messages in groups that are worked on one after another, in order. `deaths`: processes that died with each in hand."""
    groups: list[list[T]] = []
    open_group = False
    for message, died in zip(messages, deaths, strict=True):
        if died or not open_group or len(groups[-1]) >= TOGETHER:
            groups.append([])
        groups[-1].append(message)
        open_group = not died
    return groups
