"""What a provider's word says of money that went back beyond what we know of, and that it is a refund and from nobody else's mouth."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from processor.cases.case import PaymentCase
from processor.intake.gone_back import WentBack
from processor.intake.interpreter import Prepared
from processor.reconciliation.going_back import gone_back, untold
from providers.mayar.refunds import went_back
from providers.outgoing import CallFailed
from providers.reconciling import Told
from schemas.envelope import RECONCILED
from schemas.facts import RefundFailed, RefundSucceeded
from tests.unit.processor.cases.facts import at, capture, refund
from tests.unit.processor.intake.envelopes import RECEIVED_AT, envelope, interpreter

KEY = "py-1"


def case_with(*refunds: Any) -> PaymentCase:
    case = PaymentCase.new("xendit:py-1", "xendit", "py-1")
    for position, fact in enumerate([capture(), *refunds], 1):
        case.observe(fact, position)
    return case


def told(back: int | None) -> Told:
    return Told(status="paid", amount=50_000, went_back=back, name=KEY)


def prepared(body: bytes, scheme: str = RECONCILED) -> Prepared:
    return interpreter().prepare(envelope(body, scheme=scheme))


def test_c79_what_went_back_beyond_what_is_known_is_a_refund_of_the_rest() -> None:
    whole = gone_back(told(50_000), case_with(), [KEY])
    assert whole is not None
    assert (whole.refund_id, whole.amount_idr, whole.attempt_id) == ("py-1-back-50000", 50_000, KEY)
    rest = gone_back(told(50_000), case_with(refund("rfd-1", 20_000)), [KEY])
    assert rest is not None
    assert (rest.refund_id, rest.amount_idr) == ("py-1-back-30000", 30_000)
    # Whoever told of it first: the provider's webhook, a person, or an earlier look.
    assert gone_back(told(50_000), case_with(refund("py-1-back-50000", 50_000)), [KEY]) is None
    assert gone_back(told(20_000), case_with(refund("rfd-1", 50_000)), [KEY]) is None


def test_c79_two_parts_of_one_size_are_two_refunds() -> None:
    second = gone_back(told(50_000), case_with(refund("py-1-back-25000", 25_000)), [KEY])
    assert second is not None
    assert (second.refund_id, second.amount_idr) == ("py-1-back-25000-2", 25_000)


def test_c79_one_that_failed_after_all_gave_nothing_back() -> None:
    failed = RefundFailed(**refund("rfd-1", 50_000, occurred_at=at(days=2)).model_dump())
    whole = gone_back(told(50_000), case_with(refund("rfd-1", 50_000), failed), [KEY])
    assert whole is not None
    assert whole.amount_idr == 50_000


def test_c79_of_a_payment_that_nobody_knew_what_went_back_is_told_too() -> None:
    word = gone_back(told(50_000), None, [KEY, "pr-1"])
    assert word is not None
    assert (word.payment_key, word.names, word.amount_idr) == (KEY, (KEY, "pr-1"), 50_000)


def test_nothing_is_said_of_what_did_not_go_back_or_of_no_answer() -> None:
    silent = [None, CallFailed("refused", "provider_refused"), told(0), Told(status="open", went_back=5)]
    assert [gone_back(said, case_with(), [KEY]) for said in silent] == [None] * len(silent)


def test_c79_a_part_whose_size_nobody_says_is_told_to_a_person_until_it_is_recorded() -> None:
    found = untold(told(None), case_with())
    assert found is not None
    assert (found.kind, found.reason, found.theirs) == ("status", "went_back", "partially_refunded")
    assert untold(told(None), case_with(refund())) is None
    assert untold(told(0), case_with()) is None


@pytest.mark.parametrize(
    ("said", "rupiah"),
    [
        ({"status": "paid", "amount": 75_000}, 0),
        ({"status": "refunded", "amount": 75_000}, 75_000),
        ({"status": "Refunded", "amount": "75000"}, 75_000),
        ({"status": "paid", "amount": 75_000, "amountRefunded": 25_000}, 25_000),
        ({"status": "refunded", "amount": 75_000, "refundedAmount": "25000"}, 25_000),
        ({"status": "partially_refunded", "amount": 75_000}, None),
        ({"status": "refunded", "amount": "some"}, None),
    ],
)
def test_c79_what_mayar_shows_of_money_that_went_back(said: dict[str, Any], rupiah: int | None) -> None:
    assert went_back(said) == rupiah


WORD = WentBack(payment_key=KEY, names=(KEY, "pr-1"), refund_id="py-1-back-50000", amount_idr=50_000, attempt_id=KEY)  # fmt: skip


def test_c79_our_own_word_of_it_is_a_fact_that_the_provider_stands_by() -> None:
    translation = prepared(WORD.body()).translation
    assert translation is not None
    [fact] = translation.facts
    assert fact.event == RefundSucceeded(
        provider="xendit", payment_key=KEY, refund_id="py-1-back-50000", attempt_id=KEY, aliases=(KEY, "pr-1"), amount=50_000,
        reason="told_on_asking", occurred_at=RECEIVED_AT, attestation="api_confirmed",
    )  # fmt: skip
    again = prepared(WORD.model_copy(update={"customer_id": "c-1"}).body()).translation
    assert again is not None
    assert again.dedupe_key == translation.dedupe_key


@pytest.mark.parametrize("scheme", ["static_token", "hmac_sha256", ""])
def test_nobody_who_writes_webhooks_can_say_it(scheme: str) -> None:
    given = prepared(WORD.body(), scheme)
    assert given.translation is None or given.translation.facts == ()


@pytest.mark.parametrize("wrong", [{"names": []}, {"amount_idr": 0}, {"refund_id": None}, {"more": 1}])
def test_what_we_have_not_written_is_parked(wrong: dict[str, Any]) -> None:
    given = prepared(orjson.dumps(WORD.model_dump() | wrong))
    assert given.parked is not None
    assert (given.parked.stage, given.parked.reason) == ("translate", "went_back_malformed")
