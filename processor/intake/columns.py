"""Batches as one list per column, in the order of the parameters in `sql/intake.sql`. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from processor.intake.interpreter import Prepared
from processor.intake.letters import Letter, distinct
from processor.intake.verdicts import Key, Verdict
from providers.parked_money import amount_in, whose
from runtime.ids import uuid7
from schemas.envelope import pack

Columns = tuple[list[object], ...]


def inbox_columns(wanted: Mapping[Key, Prepared]) -> Columns:
    return (
        [provider for provider, _ in wanted],
        [dedupe_key for _, dedupe_key in wanted],
        [prepared.content_digest for prepared in wanted.values()],
        [prepared.delivery_id for prepared in wanted.values()],
        [len(prepared.translation.facts) if prepared.translation else 0 for prepared in wanted.values()],
    )


def delivery_columns(verdicts: Sequence[Verdict], positions: Sequence[int]) -> Columns:
    each = [verdict.prepared for verdict in verdicts]
    envelopes = [prepared.envelope for prepared in each]
    meanings = [prepared.translation for prepared in each]
    return (
        [prepared.delivery_id for prepared in each],
        [envelope.provider for envelope in envelopes],
        [prepared.received_at for prepared in each],
        [prepared.started_at for prepared in each],
        [envelope.path for envelope in envelopes],
        [json_text(envelope.headers) for envelope in envelopes],
        [envelope.body for envelope in envelopes],
        [prepared.body_sha256 for prepared in each],
        [envelope.scheme for envelope in envelopes],
        [envelope.secret_id for envelope in envelopes],
        [prepared.event_name for prepared in each],
        [meaning.dedupe_key if meaning else None for meaning in meanings],
        [verdict.status for verdict in verdicts],
        [verdict.reason for verdict in verdicts],
        [verdict.duplicate_of for verdict in verdicts],
        [envelope.replay_of for envelope in envelopes],
        list(positions),
        [prepared.trip.queue for prepared in each],
        [prepared.trip.attempts for prepared in each],
        [prepared.trip.handed_out for prepared in each],
    )


def resolved_columns(verdicts: Sequence[Verdict]) -> Columns:
    """What went through: dead letters with the same bytes are settled by it."""
    through = [verdict.prepared for verdict in verdicts if verdict.letter is None and not verdict.waits]
    return (
        [prepared.envelope.provider for prepared in through],
        [prepared.body_sha256 for prepared in through],
        [prepared.envelope.actor for prepared in through],
        [prepared.replayed_letter for prepared in through],
    )


def letter_columns(letters: Sequence[Letter]) -> Columns:
    each = distinct(letters)
    return (
        [uuid7() for _ in each],
        [letter.delivery_id for letter in each],
        [letter.provider for letter in each],
        [letter.event_name for letter in each],
        [letter.why.stage for letter in each],
        [letter.why.reason for letter in each],
        [letter.why.detail for letter in each],
        [letter.message for letter in each],
        [letter.why.attempts for letter in each],
        [letter.deliveries for letter in each],
        [letter.body_sha256 for letter in each],
        [amount_in(letter.message) for letter in each],
        [whose(letter.message) for letter in each],
        [letter.stream for letter in each],
        [letter.why.place for letter in each],
        [_tried(letter.why.errors) for letter in each],
    )


def _tried(errors: Sequence[str]) -> str:
    """What the attempts before the last one failed with, oldest first."""
    return json.dumps([{"attempt": nth, "detail": error} for nth, error in enumerate(errors, 1)])


def line_columns(verdicts: Sequence[Verdict]) -> Columns:
    """Deliveries that wait behind another one of their stream."""
    each = [verdict.prepared for verdict in verdicts]
    messages = [pack([prepared.envelope]) for prepared in each]
    return (
        [prepared.stream for prepared in each],
        [prepared.delivery_id for prepared in each],
        [prepared.envelope.provider for prepared in each],
        [prepared.received_at for prepared in each],
        list(messages),
        [amount_in(message) for message in messages],
    )


def held_columns(letters: Sequence[Letter]) -> Columns:
    """Streams that these letters may hold up from now on."""
    each = [letter for letter in letters if letter.stream is not None]
    return (
        [letter.stream for letter in each],
        [letter.provider for letter in each],
        [amount_in(letter.message) for letter in each],
    )


def stranger_columns(verdicts: Sequence[Verdict]) -> Columns:
    """Deliveries of another account or environment as rows of the quarantine; the delivery's own id keeps them unique."""
    each = [verdict.prepared for verdict in verdicts]
    return (
        [prepared.delivery_id for prepared in each],
        [prepared.envelope.provider for prepared in each],
        [verdict.reason or "untrusted" for verdict in verdicts],
        [prepared.received_at for prepared in each],
        ["" for _ in each],
        [prepared.envelope.path for prepared in each],
        [json_text(prepared.envelope.headers) for prepared in each],
        [prepared.envelope.body for prepared in each],
        [prepared.body_sha256 for prepared in each],
        ["" for _ in each],
    )


def json_text(headers: Mapping[str, str]) -> str:
    """ASCII: header values may hold undecodable bytes as lone surrogates, which only an escape can carry."""
    return _ASCII.encode(dict(headers))


_ASCII = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=True
)  # made once: making one costs more than the headers
