"""Every way a delivery can be bad becomes a reason; none becomes an exception."""

from __future__ import annotations

import dataclasses
import hashlib
import uuid
from typing import Any

import pytest

from processor.intake.interpreter import EnvelopeInvalid, WhyParked, identified
from providers.registry import PROVIDERS
from runtime.ids import uuid7
from schemas.errors import AmountError, UntranslatableError
from schemas.translation import Effect, Translation, TranslationContext
from tests.unit.processor.intake.envelopes import BUSINESS, RECEIVED_AT, capture, envelope, interpreter


def test_a_good_delivery_is_understood() -> None:
    body = capture("py-7")
    prepared = interpreter().prepare(envelope(body))
    assert prepared.parked is None
    assert prepared.translation is not None
    assert prepared.translation.effect is Effect.FACTS
    assert prepared.received_at == RECEIVED_AT
    assert prepared.body_sha256 == hashlib.sha256(body).digest()


def test_the_same_statement_has_the_same_digest_whatever_the_delivery_time() -> None:
    first = interpreter().prepare(envelope(capture(created="2026-07-01T03:04:07Z")))
    again = interpreter().prepare(envelope(capture(created="2026-07-01T09:00:00Z")))
    other = interpreter().prepare(envelope(capture(amount=60_000)))
    assert first.body_sha256 != again.body_sha256
    assert first.content_digest == again.content_digest != other.content_digest


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "unparsable_empty_body"),
        (b"{", "unparsable_not_json"),
        (b"\xff\xfe", "unparsable_not_utf8"),
        (b'\xef\xbb\xbf{"event": 1}', "unparsable_byte_order_mark"),
        (b'{"event": "a", "event": "b"}', "unparsable_duplicate_key"),
        (b"[" * 10_000, "unparsable_too_deep"),
        (b'{"event": NaN}', "unparsable_not_a_number"),
        (b'{"event": "\\ud800"}', "event_malformed"),
        (b'{"event": "\\u0000"}', "event_malformed"),
        (capture(amount=-1), "amount_negative"),
        (capture(amount=1.5), "amount_fractional"),
        (capture(amount="10.000.000"), "amount_malformed"),
    ],
)
def test_what_cannot_be_read_is_parked_with_a_reason(body: bytes, reason: str) -> None:
    prepared = interpreter().prepare(envelope(body))
    assert prepared.translation is None
    assert prepared.parked is not None
    assert (prepared.parked.stage, prepared.parked.reason) == ("translate", reason)


@pytest.mark.parametrize(
    ("amount", "detail"),
    [
        (-1, "-1"),
        (1.5, "1.5"),
        ("10.000.000", "10.000.000"),
        ("Budi Harsono", "text of 12 characters"),
        (True, "a boolean"),
        ("4111111111111111", "text of 16 characters"),
    ],
)
def test_c65_a_wrong_amount_is_shown_with_its_event_and_never_as_somebodys_text(
    amount: object, detail: str
) -> None:
    prepared = interpreter().prepare(envelope(capture(amount=amount)))
    assert prepared.parked is not None
    assert (prepared.event_name, prepared.parked.detail) == ("payment.capture", detail)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{",
        b'{"event": 5}',
        b'{"event": "' + b"x" * 300 + b'", "data": 1}',
        b'{"event": "Siti Rahayu", "data": {"amount": 5, "status": "PAID"}}',
        b'{"event": "siti@contoh.id", "data": {"amount": 5, "status": "PAID"}}',
        b'{"event": "4111111111111111", "data": {"amount": 5, "status": "PAID"}}',
    ],
)
def test_an_event_without_a_plain_name_is_shown_without_one(body: bytes) -> None:
    prepared = interpreter().prepare(envelope(body))
    assert (prepared.parked is not None, prepared.event_name) == (True, None)


def test_a_provider_nobody_knows_is_parked() -> None:
    prepared = interpreter().prepare(envelope(b"{}", provider="nobody"))
    assert prepared.parked == WhyParked("translate", "provider_unknown")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            UntranslatableError("status_missing", "data.status"),
            WhyParked("translate", "status_missing", "data.status"),
        ),
        (AmountError("amount_missing"), WhyParked("translate", "amount_missing")),
    ],
)
def test_a_translators_refusal_keeps_its_reason(error: Exception, expected: WhyParked) -> None:
    assert interpreter(providers={"xendit": _failing(error)}).prepare(envelope()).parked == expected


def test_a_translators_bug_parks_the_delivery_and_names_the_place_but_not_the_payload() -> None:
    prepared = interpreter(providers={"xendit": _failing(KeyError("ratna@contoh.id"))}).prepare(envelope())
    assert prepared.parked is not None
    assert prepared.parked.reason == "translator_failed"
    assert "KeyError in translate" in prepared.parked.detail
    assert prepared.parked.place == "KeyError in translate"
    assert "ratna" not in prepared.parked.detail


@pytest.mark.parametrize(
    ("why", "place"),
    [
        (WhyParked("translate", "translator_failed", "KeyError in _order line 42"), "KeyError in _order"),
        (WhyParked("append", "not_storable", "CheckViolationError 23514 some_check"), "CheckViolationError 23514 some_check"),
        (WhyParked("append", "retries_exhausted", "DeadlockDetectedError 40P01", 5), "DeadlockDetectedError 40P01"),
        (WhyParked("broker", "crash_loop", "delivered 9 times"), ""),
        (WhyParked("translate", "amount_fractional", "1.5 on line 3"), ""),
    ],
)  # fmt: skip
def test_what_was_raised_has_a_place_that_no_release_moves(why: WhyParked, place: str) -> None:
    assert why.place == place


def test_a_translation_that_says_what_json_cannot_say_is_a_bug_of_the_translator() -> None:
    translation = Translation(Effect.NO_EFFECT, "x", "xendit:x:1", {"said": object()})
    provider = dataclasses.replace(PROVIDERS["xendit"], translate=lambda document, context: translation)
    prepared = interpreter(providers={"xendit": provider}).prepare(envelope())
    assert prepared.parked is not None
    assert prepared.parked.reason == "translator_failed"


@pytest.mark.parametrize(
    ("accounts", "effect"),
    [({}, Effect.FACTS), ({"xendit": BUSINESS}, Effect.FACTS), ({"xendit": "biz-2"}, Effect.QUARANTINED)],
)
def test_c09_another_accounts_webhook_is_quarantined_when_we_know_ours(
    accounts: dict[str, str], effect: Effect
) -> None:
    prepared = interpreter(accounts=accounts).prepare(envelope())
    assert prepared.translation is not None
    assert prepared.translation.effect is effect
    assert (prepared.translation.reason == "wrong_account") == (effect is Effect.QUARANTINED)


def test_c10_a_sandbox_event_in_production_is_quarantined() -> None:
    prepared = interpreter(production=True).prepare(envelope(capture(livemode=False)))
    assert prepared.translation is not None
    assert (prepared.translation.effect, prepared.translation.reason) == (
        Effect.QUARANTINED,
        "wrong_environment",
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"delivery_id": "42"}, "delivery_id_invalid"),
        ({"received_at": 10**20}, "received_at_invalid"),
        ({"received_at": -(10**20)}, "received_at_invalid"),
        ({"path": "/a\0b"}, "text_invalid"),
        ({"provider": "\ud800"}, "text_invalid"),
    ],
)
def test_an_envelope_nobody_of_ours_wrote_is_refused_by_name(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(EnvelopeInvalid) as caught:
        identified(envelope(**fields))
    assert caught.value.reason == reason


def test_a_replay_keeps_the_time_of_the_webhook_and_starts_now() -> None:
    replay = envelope(replay_of=str(uuid.uuid4()))
    prepared = identified(replay)
    assert prepared.received_at == RECEIVED_AT
    drawn = uuid.UUID(replay.delivery_id).int >> 80
    assert round(prepared.started_at.timestamp() * 1000) == drawn
    assert identified(envelope()).started_at == RECEIVED_AT


def test_translation_is_given_the_exact_time_of_receipt_and_the_digest_of_the_body() -> None:
    seen: list[TranslationContext] = []

    def translate(_document: object, context: TranslationContext) -> Translation:
        seen.append(context)
        return Translation(Effect.NO_EFFECT, "x", "xendit:x:1")

    provider = dataclasses.replace(PROVIDERS["xendit"], translate=translate)
    interpreter(providers={"xendit": provider}, accounts={"xendit": "biz-9"}, production=True).prepare(
        envelope()
    )
    digest = hashlib.sha256(capture()).hexdigest()
    assert seen == [TranslationContext(RECEIVED_AT, "biz-9", True, digest)]


def _failing(error: Exception) -> Any:
    def translate(_document: object, _context: TranslationContext) -> Translation:
        raise error

    return dataclasses.replace(PROVIDERS["xendit"], translate=translate)


def test_delivery_ids_are_told_apart_from_the_event() -> None:
    assert interpreter().prepare(envelope(delivery_id=str(uuid7()))).delivery_id.version == 7
