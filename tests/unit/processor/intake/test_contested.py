"""What reconciliation says of money that a provider does not stand by: a fact, and from nobody else's mouth."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from processor.intake.contested import Contest
from processor.intake.interpreter import Prepared
from providers.parked_money import amount_in, whose
from schemas.envelope import RECONCILED, pack
from schemas.facts import CONTESTED, DisputeFact, DisputeOpened, DisputeWon
from tests.unit.processor.intake.envelopes import RECEIVED_AT, envelope, interpreter

CONTEST = Contest(
    event="lunas.payment_contested", payment_key="py-1", names=("py-1", "pr-1"), dispute_id=f"{CONTESTED}1", theirs="unknown"
)  # fmt: skip


def prepared(body: bytes, **fields: Any) -> Prepared:
    return interpreter().prepare(envelope(body, scheme=RECONCILED, **fields))


@pytest.mark.parametrize(
    ("event", "model"),
    [("lunas.payment_contested", DisputeOpened), ("lunas.payment_found_again", DisputeWon)],
)
def test_c132_what_the_provider_says_of_our_payment_is_a_fact_of_it(
    event: Any, model: type[DisputeFact]
) -> None:
    translation = prepared(CONTEST.model_copy(update={"event": event}).body()).translation
    assert translation is not None
    [fact] = translation.facts
    assert fact.event == model(
        provider="xendit", payment_key="py-1", dispute_id="reconciled-1", aliases=("py-1", "pr-1"), reason="not_confirmed_by_provider",
        provider_status="unknown", occurred_at=RECEIVED_AT, attestation="api_confirmed",
    )  # fmt: skip


@pytest.mark.parametrize("scheme", ["static_token", "hmac_sha256", ""])
def test_nobody_who_writes_webhooks_can_say_it(scheme: str) -> None:
    given = interpreter().prepare(envelope(CONTEST.body(), scheme=scheme))
    assert given.translation is None or given.translation.facts == ()


@pytest.mark.parametrize(
    "wrong", [{"names": []}, {"names": "py-1"}, {"dispute_id": None}, {"more": 1}, {"theirs": 5}]
)
def test_what_we_have_not_written_is_parked(wrong: dict[str, Any]) -> None:
    given = prepared(orjson.dumps(CONTEST.model_dump() | wrong))
    assert given.parked is not None
    assert (given.parked.stage, given.parked.reason) == ("translate", "contest_malformed")


def test_the_same_word_is_the_same_bytes_and_has_the_same_key() -> None:
    first, again = prepared(CONTEST.body()), prepared(CONTEST.body())
    other = prepared(CONTEST.model_copy(update={"dispute_id": f"{CONTESTED}2"}).body())
    keys = [one.translation.dedupe_key for one in (first, again, other) if one.translation]
    assert keys[0] == keys[1] != keys[2]


def test_what_is_at_risk_is_shown_and_is_no_part_of_what_is_said() -> None:
    risky = CONTEST.model_copy(update={"amount_idr": 75_000, "customer_id": "c1"})
    first, again = prepared(CONTEST.body()).translation, prepared(risky.body()).translation
    assert first is not None
    assert again is not None
    assert (first.facts, first.says, first.dedupe_key) == (again.facts, again.says, again.dedupe_key)
    parked = pack([envelope(risky.body(), scheme=RECONCILED)])
    other = pack([envelope(risky.model_copy(update={"customer_id": "c2"}).body(), scheme=RECONCILED)])
    assert amount_in(parked) == 75_000
    assert whose(parked) is not None
    assert whose(parked) != whose(other)
    nothing = pack([envelope(CONTEST.body(), scheme=RECONCILED)])
    assert (amount_in(nothing), whose(nothing)) == (None, None)


@pytest.mark.parametrize(
    "said", [b'"event":"lunas.', b'{"event":"lunas.x","amount_idr":1.5,"customer_id":3}']
)
def test_what_only_looks_like_our_word_is_read_like_any_other(said: bytes) -> None:
    assert (amount_in(pack([envelope(said)])), whose(pack([envelope(said)]))) == (None, None)
