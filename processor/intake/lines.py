"""Which deliveries of a batch wait behind a failed one of their stream. Pure.

A stream is what its provider's deliveries are about: a payment, an order, a subscription, a membership (`providers/<name>/subject.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from processor.intake.interpreter import Prepared
from processor.intake.verdicts import Verdict
from schemas.translation import Effect

WAITS = "waits_behind"
"""Reason of a delivery that is kept for later because one before it failed."""

Heads = Mapping[str, Collection[bytes]]
"""Parked streams, each with the digests of the bodies that hold it up."""


def in_line(batch: Iterable[Prepared], heads: Heads) -> tuple[list[Prepared], list[Prepared]]:
    """(what is taken in now, what waits), each in the order it came.

    The very bytes that hold a stream up may try again at any time: a provider's redelivery, or a replay once the bug is gone. Of the same bytes
    that fail within this batch the first one holds up the rest of its stream.
    """
    held = {stream: set(bodies) for stream, bodies in heads.items()}
    now: list[Prepared] = []
    waiting: list[Prepared] = []
    for prepared in batch:
        stream = prepared.stream
        bodies = held.get(stream) if stream is not None else None
        if bodies is not None and prepared.body_sha256 not in bodies and has_a_place(prepared):
            waiting.append(prepared)
            continue
        now.append(prepared)
        if stream is not None and prepared.parked is not None:
            held.setdefault(stream, set()).add(prepared.body_sha256)
    return now, waiting


def has_a_place(prepared: Prepared) -> bool:
    """Whether order matters for it at all: it tells something, or nobody knows what it tells."""
    return prepared.translation is None or prepared.translation.effect is Effect.FACTS


def lined_up(waiting: Iterable[Prepared]) -> list[Verdict]:
    """What becomes of those that wait: the delivery is stored, and nothing of what it says."""
    return [Verdict(prepared, "parked", WAITS, waits=True) for prepared in waiting]
