"""State of fulfilment in its tables: what earlier versions wrote is read as what it said, and what we write is read again the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest

from processor.cases.attempts import Attempt, Register
from processor.cases.case import PaymentCase, SubscriptionCase
from processor.cases.customer import Bid, CustomerRecord, TierState
from processor.cases.payment_record import Closed, Granted, Held
from processor.cases.state import State, StateUnreadable
from tests.unit.processor.cases.facts import capture, refund
from tests.unit.processor.policies.ledgerbook import Book, club
from tests.unit.processor.tables import StoredCase

FOLDER = Path(__file__).parents[3] / "fixtures" / "fulfilment"
NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)

KINDS: dict[str, type[State]] = {
    "payment_cases": PaymentCase,
    "subscription_cases": SubscriptionCase,
    "customers": CustomerRecord,
}

YOUNGER = {
    "gone_at",
    "said",
    "fixed",
    "disputes",
    "numbers",
    "contradicts",
    "request",
    "opened_as",
    "rests",
    "refused_for",
    "own",
    "claim",
    "withdrawn",
    "reopened",
    "failed_refunds",
    "lessened",
    "spoken",
    "corrections",
    "reverted",
    "vouched_payers",
}
"""Fields that no earlier version wrote."""

STORED = [
    (kind, state)
    for kind in KINDS
    for state in json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
]
every_stored_state = pytest.mark.parametrize(("kind", "state"), STORED)


@every_stored_state
def test_stored_state_of_earlier_versions_is_read_and_written_again(kind: str, state: dict[str, Any]) -> None:
    read = KINDS[kind].from_json(json.dumps(state))
    assert KINDS[kind].from_json(read.to_json()) == read


@pytest.mark.parametrize("state", [state for kind, state in STORED if kind == "payment_cases"])
def test_every_grant_hold_and_fact_of_an_earlier_version_is_still_there(state: dict[str, Any]) -> None:
    case = PaymentCase.from_json(json.dumps(state))
    granted = {key: (one.kind, one.amount, one.refunds) for key, one in case.record.granted.items()}
    for key, one in (state.get("grants", {}) | state.get("stray_grants", {})).items():
        assert granted.pop(key) == (one["kind"], one["amount_idr"], one.get("refunds", {}))
    assert granted == {}
    held = [one for one in case.record.parts.values() if isinstance(one, Held)]
    before = [*state.get("holds", {}).values(), *state.get("stray_holds", [])]
    assert sorted((one.suspense_id, one.amount) for one in held) == sorted(
        (one["suspense_id"], one["amount"]) for one in before
    )
    assert case.facts.attempts.keys() == state.get("attempts", {}).keys()
    assert case.facts.refunds.keys() == state.get("refunds", {}).keys()


@pytest.mark.parametrize("state", [state for kind, state in STORED if kind == "subscription_cases"])
def test_all_that_was_reported_and_said_of_a_subscription_is_still_there(state: dict[str, Any]) -> None:
    case = SubscriptionCase.from_json(json.dumps(state))
    record, claim = case.record, case.facts.claim
    assert (case.owner, record.held, record.said) == tuple(
        state.get(name) for name in ("owner", "held", "snapshot")
    )
    assert record.told == set(state.get("parked", ()))
    assert (claim.customer_id if claim else None) == state.get("claimed_by")
    for payer, old in state["payers"].items():
        new = json.loads(case.facts.payers[payer].to_json())
        assert case.facts.payers[payer].word("licence_code") == old.get("licence_code")
        assert (new.get("naming") or new.get("reaching")) == old.get("naming")
        assert new.get("cycles", {}) == {
            key: {name: value for name, value in cycle.items() if name != "final"}
            for key, cycle in old.get("cycles", {}).items()
        }
        same = (
            "first_position",
            "first_at",
            "active_at",
            "expires_at",
            "cancelled",
            "expired",
            "soon",
            "named",
        )
        assert [new.get(name) for name in same] == [old.get(name) for name in same]


@pytest.mark.parametrize("kind", KINDS)
def test_the_stored_examples_fill_every_fact(kind: str) -> None:
    filled = {key for name, state in STORED if name == kind for key in state}
    struct = KINDS[kind] if kind == "customers" else get_type_hints(KINDS[kind])["facts"]
    assert {one.name for one in msgspec.structs.fields(struct)} - YOUNGER <= filled


def earlier(grants: dict[str, Any]) -> Book:
    """A top-up of Ratna's that an earlier program decided on."""
    book = Book(catalog=club()).customer("c-1", "ratna@contoh.id").give(capture())
    (key,) = book.cases
    facts = json.loads(book.cases[key].to_json())["facts"]
    old = {**facts, "main": ["py-1"], "owner": "c-1", "grants": grants, "grounds": ["one", "two", "three"]}
    book.tables.cases[key] = StoredCase("payment", "c-1", json.dumps(old), None)
    return book


def test_what_an_earlier_program_granted_stands_and_is_still_refunded() -> None:
    grant = {
        "kind": "credit",
        "customer_id": "c-1",
        "amount_idr": 50_000,
        "product": "credit",
        "tokens": 500_000,
    }
    book = earlier({"main": grant})
    told = len(book.decisions)
    book.give(capture())
    assert {type(event).__name__ for event in book.decisions[told:]} == {"PaymentAssessed"}
    book.give(refund())
    assert (book.credit("c-1"), book.payment().status, book.tier("c-1")) == (0, "refunded", "gratis")


def test_values_are_read_as_what_they_are() -> None:
    case = PaymentCase.new("xendit:py-1", "xendit", "py-1")
    case.facts.names.add("xendit:py-1")
    case.facts.attempts["py-1"] = Attempt(succeeded=True, amount=Register(NOON, 50_000), paid_at=NOON)
    case.record.parts["main"] = Granted("credit", None, 50_000, "credit", attempts=("py-1",))
    case.record.parts["attempt:py-2"] = Closed(attempts=("py-2",), refunds={"rfd-1": 5})
    case.facts.cancelled_at = NOON + timedelta(microseconds=1)
    read = PaymentCase.from_json(case.to_json())
    assert read == case
    assert isinstance(read.facts.names, set)
    assert read.facts.cancelled_at == NOON + timedelta(microseconds=1)


def test_what_stands_at_its_default_is_not_stored() -> None:
    record = CustomerRecord(customer_id="c-1", tier=TierState(tier="bpp", until=None, fallback_tier="bpp"))
    assert json.loads(record.to_json()) == {
        "customer_id": "c-1",
        "tier": {"tier": "bpp", "until": None, "fallback_tier": "bpp"},
    }


HAS_A_COURSE = (
    '"customer_id":"c-1","courses":{"kelas":{"o-1 main":{"case":"o-1","at":"2026-11-20T05:00:00Z"}}}'
)


@pytest.mark.parametrize(
    "text",
    [
        '{"customer_id":"c-1","colour":"red"}',
        '{"customer_id":"c-1","tier":{"x":1}}',
        f'{{{HAS_A_COURSE},"colour":"red"}}',  # was converted from an earlier program's state for ever
    ],
)
def test_fields_of_a_newer_program_are_refused_not_lost(text: str) -> None:
    with pytest.raises(StateUnreadable):
        CustomerRecord.from_json(text)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"key":"k","provider":"p"}', '{"facts":{},"record":{}}']
)
def test_damaged_state_is_refused(text: str) -> None:
    with pytest.raises(StateUnreadable):
        PaymentCase.from_json(text)


def test_two_cases_share_no_container() -> None:
    one, two = (PaymentCase.new(key, "xendit", key) for key in ("a", "b"))
    one.facts.names.add("a")
    one.record.parts["main"] = Granted("credit", "c-1", 1, "credit")
    one.to_json()
    assert (two.facts.names, two.record.parts) == (set(), {})


def test_what_was_said_once_is_replaced_and_never_changed() -> None:
    bid = Bid("xendit:py-1", NOON)
    with pytest.raises(AttributeError):
        bid.opened = True  # type: ignore[misc]
