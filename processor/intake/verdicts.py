"""What becomes of each delivery, given what the inbox knows. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from processor.intake.interpreter import Prepared, WhyParked
from schemas.translation import Effect, Fact

Key = tuple[str, str]
"""(provider, dedupe key)."""

CONFLICT = WhyParked("append", "conflicting_content", "an earlier delivery with this key says something else")


@dataclass(frozen=True, slots=True)
class Known:
    """What the inbox holds for a key: the first delivery, the digest of what it says, how many facts it led to."""

    delivery_id: uuid.UUID
    content_digest: bytes
    effects: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """`status` and `reason` as in `deliveries`; `facts` are to be appended; `letter` is to be parked.

    `waits`: nothing of it is taken in now; it stands in the line of its stream.
    """

    prepared: Prepared
    status: str
    reason: str | None = None
    facts: tuple[Fact, ...] = ()
    duplicate_of: uuid.UUID | None = None
    letter: WhyParked | None = None
    learned: bool = False
    waits: bool = False


def key_of(prepared: Prepared) -> Key | None:
    """The inbox key; None for what is never deduplicated: parked, tests, other people's."""
    translation = prepared.translation
    if translation is None or translation.effect in (Effect.TEST, Effect.QUARANTINED):
        return None
    return prepared.envelope.provider, translation.dedupe_key


def firsts(batch: Iterable[Prepared]) -> dict[Key, Prepared]:
    """The first delivery of every key in the batch."""
    found: dict[Key, Prepared] = {}
    for prepared in batch:
        key = key_of(prepared)
        if key is not None:
            found.setdefault(key, prepared)
    return found


def judge(batch: Sequence[Prepared], held: Mapping[Key, Known]) -> list[Verdict]:
    """Verdicts in the order of the batch. `held` has every key that was in the inbox before; the batch's own are found here."""
    known: dict[Key, Known] = dict(held)
    verdicts: list[Verdict] = []
    for prepared in batch:
        key = key_of(prepared)
        before = known.get(key) if key is not None else None
        verdict = _first(prepared) if before is None else _again(prepared, before)
        verdicts.append(verdict)
        if key is not None and (before is None or verdict.learned):
            first = prepared.delivery_id if before is None else before.delivery_id
            digest = prepared.content_digest if before is None else before.content_digest
            known[key] = Known(first, digest, len(verdict.facts))
    return verdicts


def _first(prepared: Prepared) -> Verdict:
    translation = prepared.translation
    if translation is None:
        letter = prepared.parked or WhyParked("translate", "translator_failed")
        return Verdict(prepared, "parked", letter.reason, letter=letter)
    if translation.effect is Effect.FACTS:
        return Verdict(prepared, "processed", translation.reason, translation.facts)
    status = {Effect.TEST: "test", Effect.QUARANTINED: "quarantined"}.get(translation.effect, "no_effect")
    unknown = "unknown_event" if translation.effect is Effect.UNKNOWN else None
    return Verdict(prepared, status, translation.reason or unknown)


def _again(prepared: Prepared, before: Known) -> Verdict:
    """A delivery whose key is known: a conflict, the first one of its key that is understood, or a duplicate."""
    facts = prepared.translation.facts if prepared.translation else ()
    if prepared.content_digest != before.content_digest:
        return Verdict(
            prepared, "conflict", CONFLICT.reason, duplicate_of=before.delivery_id, letter=CONFLICT
        )
    if facts and before.effects == 0:
        reason = "understood_later"
        return Verdict(prepared, "processed", reason, facts, duplicate_of=before.delivery_id, learned=True)
    # Without the provider's own id, the same content may be a second payment; the delivery says so for whoever looks.
    ambiguous = any(getattr(fact.event, "without_id", False) for fact in facts)
    reason_again = "ambiguous_duplicate" if ambiguous else None
    return Verdict(prepared, "duplicate", reason_again, duplicate_of=before.delivery_id)
