"""Dead letters: what could not be processed, with the message to send again when it can."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace

from processor.intake.interpreter import DETAIL_LIMIT, ERROR_LIMIT, ERRORS_MAX, WhyParked
from processor.intake.verdicts import Verdict
from schemas.envelope import pack


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter. `message` is what would be published again: a packed envelope, or bytes that are none.

    `deliveries`: how often these bytes failed in the batch it comes from. `stream`: what is held up by it.
    """

    provider: str
    why: WhyParked
    message: bytes
    body_sha256: bytes
    delivery_id: uuid.UUID | None = None
    event_name: str | None = None
    deliveries: int = 1
    stream: str | None = None


def letter_of(verdict: Verdict) -> Letter:
    """The letter of a delivery that is to be parked."""
    if verdict.letter is None:
        raise ValueError("the verdict parks nothing")
    prepared = verdict.prepared
    return Letter(
        provider=prepared.envelope.provider,
        why=verdict.letter,
        message=pack([prepared.envelope]),
        body_sha256=prepared.body_sha256,
        delivery_id=prepared.delivery_id,
        event_name=prepared.event_name,
        stream=prepared.stream if prepared.parked else None,
    )


def unreadable(message: bytes, stage: str, reason: str, detail: str = "", attempts: int = 0) -> Letter:
    """The letter of an AMQP body that is not a frame of envelopes, or of an envelope with impossible fields."""
    why = WhyParked(stage, reason, detail[:DETAIL_LIMIT], attempts)
    return Letter("unknown", why, message, hashlib.sha256(message).digest())


def _after(before: WhyParked, why: WhyParked) -> WhyParked:
    """The later of two with what the earlier one failed with."""
    return replace(why, errors=(*before.errors, before.detail[:ERROR_LIMIT], *why.errors)[-ERRORS_MAX:])


def distinct(letters: Iterable[Letter]) -> list[Letter]:
    """One letter for all with the same bytes and the same problem, the latest, with their number."""
    found: dict[tuple[str, bytes, str, str], Letter] = {}
    for letter in letters:
        key = (letter.provider, letter.body_sha256, letter.why.stage, letter.why.reason)
        before = found.get(key)
        count = letter.deliveries + (before.deliveries if before else 0)
        why = letter.why if before is None else _after(before.why, letter.why)
        found[key] = replace(letter, deliveries=count, why=why)
    return list(found.values())
