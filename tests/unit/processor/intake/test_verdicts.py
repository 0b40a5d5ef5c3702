"""What becomes of each delivery, given what the inbox knows."""

from __future__ import annotations

import json
import uuid

from processor.intake.interpreter import Prepared, parked
from processor.intake.verdicts import Known, firsts, judge, key_of
from tests.unit.processor.intake.envelopes import capture, envelope, interpreter

FIRST = uuid.UUID("01a20123-242b-7833-8eeb-9b40401a2ab6")


def _prepared(body: bytes | None = None, provider: str = "xendit") -> Prepared:
    return interpreter().prepare(envelope(body, provider))


def _held(
    prepared: Prepared, *, effects: int = 1, digest: bytes | None = None
) -> dict[tuple[str, str], Known]:
    key = key_of(prepared)
    assert key is not None
    return {key: Known(FIRST, prepared.content_digest if digest is None else digest, effects)}


def test_a_new_fact_is_processed() -> None:
    (verdict,) = judge([_prepared()], {})
    assert (verdict.status, [fact.event.TYPE for fact in verdict.facts]) == (
        "processed",
        ["payment.succeeded"],
    )


def test_c40_exact_duplicate_has_no_effect_and_names_the_first() -> None:
    (verdict,) = judge([again := _prepared()], _held(again))
    assert (verdict.status, verdict.facts, verdict.duplicate_of, verdict.letter) == (
        "duplicate",
        (),
        FIRST,
        None,
    )


def test_a_duplicate_within_the_batch_is_one_too() -> None:
    one, two = _prepared(), _prepared()
    first, second = judge([one, two], {})
    assert (first.status, second.status, second.duplicate_of) == ("processed", "duplicate", one.delivery_id)
    assert firsts([one, two]) == {key_of(one): one}


def test_c42_the_same_key_with_other_content_is_a_conflict_and_is_parked() -> None:
    first, second = judge([_prepared(capture("py-1", 50_000)), _prepared(capture("py-1", 60_000))], {})
    assert (first.status, second.status, second.reason) == ("processed", "conflict", "conflicting_content")
    assert second.facts == ()
    assert second.letter is not None


def test_two_payments_of_the_same_amount_are_two() -> None:
    verdicts = judge([_prepared(capture("py-1")), _prepared(capture("py-2"))], {})
    assert [verdict.status for verdict in verdicts] == ["processed", "processed"]


def test_c43_the_same_key_at_another_provider_is_another_thing() -> None:
    prepared = _prepared()
    key = key_of(prepared)
    assert key is not None
    (verdict,) = judge([prepared], {("mayar", key[1]): Known(FIRST, prepared.content_digest, 1)})
    assert verdict.status == "processed"


def test_c55_unknown_event_is_stored_without_effect_and_says_so() -> None:
    (verdict,) = judge([_prepared(b'{"event": "brand.new", "data": {"id": "1"}}')], {})
    assert (verdict.status, verdict.reason, verdict.facts) == ("no_effect", "unknown_event", ())


def test_what_had_no_effect_before_has_it_when_it_is_understood_later() -> None:
    prepared = _prepared()
    (verdict,) = judge([prepared], _held(prepared, effects=0))
    assert (verdict.status, verdict.reason, verdict.learned) == ("processed", "understood_later", True)
    assert verdict.facts
    first, again = judge([prepared, _prepared()], _held(prepared, effects=0))
    assert (first.status, again.status, again.duplicate_of) == ("processed", "duplicate", FIRST)


def test_c11_a_connection_test_is_a_test_every_time_and_never_a_duplicate() -> None:
    body = json.dumps({"event": "testing", "data": {}}).encode()
    verdicts = judge([_prepared(body, "mayar"), _prepared(body, "mayar")], {})
    assert [(verdict.status, verdict.facts) for verdict in verdicts] == [("test", ()), ("test", ())]
    assert key_of(verdicts[0].prepared) is None


def test_c26_a_permanent_failure_is_parked_at_once_and_takes_no_key() -> None:
    broken = _prepared(b"{")
    (verdict,) = judge([broken], {})
    assert (verdict.status, verdict.reason, verdict.letter) == (
        "parked",
        "unparsable_not_json",
        broken.parked,
    )
    assert key_of(broken) is None


def test_a_duplicate_without_the_providers_own_id_is_called_ambiguous() -> None:
    body = json.dumps(
        {
            "event": "payment.received",
            "data": {"status": "SUCCESS", "amount": 75_000, "customerEmail": "r@contoh.id"},
        }
    ).encode()
    first, second = judge([_prepared(body, "mayar"), _prepared(body, "mayar")], {})
    assert first.status == "processed"
    assert (second.status, second.reason) == ("duplicate", "ambiguous_duplicate")


def test_a_parked_delivery_keeps_the_reason_it_was_parked_for() -> None:
    (verdict,) = judge([parked(_prepared(), "broker", "crash_loop", "x", 8)], {})
    assert (verdict.status, verdict.reason) == ("parked", "crash_loop")
    assert verdict.letter is not None
    assert verdict.letter.attempts == 8
