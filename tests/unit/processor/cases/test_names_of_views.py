"""Cases keep short names of what readers were told. Stored ones must stay right, so the JSON they are made of is pinned to pydantic's."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from processor.cases.world import digest
from schemas.decision_model import Given, Posting
from schemas.decisions import PaymentAssessed, SuspenseHeld

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MAYBE = st.none() | WORDS
RUPIAH = st.integers(-(10**15), 10**15)
TIMES = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - the zone comes with the next line
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
VIEWS = st.builds(
    PaymentAssessed,
    case=WORDS,
    record=WORDS,
    provider=WORDS,
    payment_id=WORDS,
    aliases=st.lists(WORDS, max_size=3).map(tuple),
    merged=st.lists(WORDS, max_size=3).map(tuple),
    status=st.sampled_from(["pending", "succeeded"]),
    amount=st.none() | RUPIAH,
    refunded_amount=RUPIAH,
    contested_amount=st.just(0) | RUPIAH,
    fee_amount=st.none() | RUPIAH,
    fee_claimed=st.none() | RUPIAH,
    method=MAYBE,
    payer_email=MAYBE,
    paid_at=st.none() | TIMES,
    late=st.booleans(),
    failure_code=MAYBE,
    facts=st.lists(st.integers(1, 2**40), max_size=3).map(tuple),
    whose=WORDS,
    given=st.just({"c-1": Given(charges={"py-1": "refunded"})}),
)
HELD = st.builds(
    SuspenseHeld,
    case=WORDS,
    suspense_id=WORDS,
    provider=WORDS,
    payment_id=WORDS,
    reason=WORDS,
    amount=st.none() | RUPIAH,
    payer_email=MAYBE,
    since=TIMES,
    postings=st.just((Posting("clearing:a", "IDR", 1), Posting("suspense:a", "IDR", -1))),
)


def named(event: Any, exclude: set[str]) -> str:
    return hashlib.blake2b(event.model_dump_json(exclude=exclude).encode(), digest_size=8).hexdigest()


@given(view=VIEWS)
def test_the_name_of_a_view_is_that_of_its_json_without_what_was_new(view: PaymentAssessed) -> None:
    # Programs before knew no contested amount and no fees: what they stored must have the same name still.
    new = {"contested_amount": 0, "fee_amount": None, "fee_claimed": None}
    without = {"given"} | {name for name, nothing in new.items() if getattr(view, name) == nothing}
    assert digest(view) == named(view.amended(facts=(), whose=""), without)


@given(held=HELD)
def test_the_name_of_held_money_is_that_of_its_json(held: SuspenseHeld) -> None:
    assert digest(held) == named(held, set())
