"""State of fulfilment in its tables: what earlier versions wrote is read as it was, and written again the same."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from processor.cases.attempts import Attempt, Register
from processor.cases.payment import Closed, Grant, PaymentCase
from processor.cases.situation import CustomerRecord, TierState
from processor.cases.stored_state import StoredState
from processor.cases.subscription import SubscriptionCase

FOLDER = Path(__file__).parents[3] / "fixtures" / "fulfilment"
NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)

KINDS: dict[str, type[StoredState]] = {
    "payment_cases": PaymentCase,
    "subscription_cases": SubscriptionCase,
    "customers": CustomerRecord,
}
SETS = ("names", "aliases", "told", "counted_twice", "merged_records")

STORED = [
    (kind, state)
    for kind in KINDS
    for state in json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
]
every_stored_state = pytest.mark.parametrize(("kind", "state"), STORED)


def unordered(state: dict[str, Any]) -> dict[str, Any]:
    return {key: sorted(value) if key in SETS else value for key, value in state.items()}


@every_stored_state
def test_stored_state_of_earlier_versions_is_read_and_written_again(kind: str, state: dict[str, Any]) -> None:
    read = KINDS[kind].from_json(json.dumps(state))
    assert unordered(json.loads(read.to_json())) == unordered(state)
    assert KINDS[kind].from_json(read.to_json()) == read


@pytest.mark.parametrize("kind", KINDS)
def test_the_stored_examples_fill_every_field(kind: str) -> None:
    filled = {key for name, state in STORED if name == kind for key in state}
    assert filled == {field.name for field in fields(KINDS[kind])}  # type: ignore[arg-type]


def test_values_are_read_as_what_they_are() -> None:
    case = PaymentCase(key="xendit:py-1", provider="xendit", payment_key="py-1", names={"xendit:py-1"})
    case.attempts["py-1"] = Attempt(succeeded=True, amount=Register(NOON, 50_000), paid_at=NOON)
    case.grants["main"] = Grant(kind="credit", customer_id=None, amount_idr=50_000, product="credit")
    case.closed["attempt:py-2"] = Closed(why="refunded", attempts=["py-2"], refunds={"rfd-1": 5})
    case.cancelled_at = NOON + timedelta(microseconds=1)
    read = PaymentCase.from_json(case.to_json())
    assert read == case
    assert isinstance(read.attempts["py-1"], Attempt)
    assert isinstance(read.names, set)
    assert read.cancelled_at == NOON + timedelta(microseconds=1)


def test_what_stands_at_its_default_is_not_stored() -> None:
    record = CustomerRecord(customer_id="c-1", tier=TierState(tier="bpp", until=None, fallback_tier="bpp"))
    assert json.loads(record.to_json()) == {
        "customer_id": "c-1",
        "tier": {"tier": "bpp", "until": None, "fallback_tier": "bpp"},
    }


def test_fields_of_a_newer_program_are_passed_over() -> None:
    read = CustomerRecord.from_json('{"customer_id":"c-1","colour":"red","topups":2}')
    assert read == CustomerRecord(customer_id="c-1", topups=2)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"key":"k","provider":"p"}'])
def test_damaged_state_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        PaymentCase.from_json(text)


def test_two_cases_share_no_container() -> None:
    one, two = (PaymentCase(key=key, provider="xendit", payment_key=key) for key in ("a", "b"))
    one.names.add("a")
    one.grants["main"] = Grant(kind="credit", customer_id="c-1", amount_idr=1, product="credit")
    one.to_json()
    assert (two.names, two.grants) == (set(), {})
