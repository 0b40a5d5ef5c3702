"""The event registry: every type once, old versions lifted on read, newer ones refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError, field_validator, model_validator

from schemas import events
from schemas.credit_events import ACTS
from schemas.decision_model import Posting
from schemas.decisions import DECISIONS, CreditGranted, PaymentAssessed, SuspenseReleased
from schemas.errors import UnknownEventVersion
from schemas.event_model import EventModel, unvalidated
from schemas.facts import FACTS, CustomerRegistered
from schemas.personal_facts import PERSONAL_FACTS
from schemas.plan_facts import PLAN_REQUEST_FACTS

CREDIT = {
    "case": "xendit:py-1",
    "customer_id": "c-1",
    "provider": "xendit",
    "payment_id": "py-1",
    "amount_idr": 50_000,
    "tokens": 500_000,
    "at": "2026-11-20T05:00:00Z",
}


NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


class Parcel(EventModel):
    """A type of our own, at its third version."""

    TYPE: ClassVar[str] = "parcel.sent"
    VERSION: ClassVar[int] = 3

    weight_grams: int
    courier: str


def split_courier(data: dict[str, object]) -> dict[str, object]:
    """1 → 2: the courier was part of the text."""
    courier, weight = str(data["text"]).split()
    return {"weight_kg": int(weight), "courier": courier}


def in_grams(data: dict[str, object]) -> dict[str, object]:
    """2 → 3: whole kilograms became grams."""
    rest = {key: value for key, value in data.items() if key != "weight_kg"}
    return {**rest, "weight_grams": int(str(data["weight_kg"])) * 1000}


@pytest.fixture
def parcels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(events.EVENT_TYPES, Parcel.TYPE, Parcel)
    monkeypatch.setitem(events.UPCASTERS, (Parcel.TYPE, 1), split_courier)
    monkeypatch.setitem(events.UPCASTERS, (Parcel.TYPE, 2), in_grams)


def test_every_type_is_registered_under_its_name_once() -> None:
    models = (*FACTS, *DECISIONS, *ACTS, *PLAN_REQUEST_FACTS, *PERSONAL_FACTS)
    assert len(events.EVENT_TYPES) == len(models)
    assert all(events.EVENT_TYPES[model.TYPE] is model for model in models)
    assert all(model.VERSION >= 1 for model in models)


def test_facts_and_decisions_share_no_type() -> None:
    assert not {model.TYPE for model in FACTS} & {model.TYPE for model in (*DECISIONS, *ACTS)}
    assert not {model.TYPE for model in DECISIONS} & {model.TYPE for model in ACTS}


def test_every_decision_says_which_case_it_belongs_to() -> None:
    assert all("case" in model.model_fields for model in DECISIONS)


def test_what_is_written_reads_back_the_same() -> None:
    event = CreditGranted.model_validate(CREDIT)
    assert events.decode("credit.granted", 1, events.encode(event)) == event


def test_defaults_are_not_stored() -> None:
    stored = json.loads(events.encode(CustomerRegistered(customer_id="c-1", email="a@b.id")))
    assert stored == {"customer_id": "c-1", "email": "a@b.id"}


def test_unknown_fields_are_refused_on_write() -> None:
    with pytest.raises(ValidationError):
        CreditGranted.model_validate({**CREDIT, "colour": "red"})


def test_unknown_fields_are_ignored_on_read() -> None:
    event = events.decode("credit.granted", 1, json.dumps({**CREDIT, "colour": "red"}))
    assert isinstance(event, CreditGranted)
    assert event.tokens == 500_000


def test_events_are_immutable() -> None:
    event = CreditGranted.model_validate(CREDIT)
    with pytest.raises(ValidationError):
        event.tokens = 1  # type: ignore[misc]


def test_value_that_does_not_balance_cannot_even_be_built() -> None:
    lopsided = (Posting(account="clearing:xendit", unit="IDR", amount=1),)
    with pytest.raises(ValidationError, match="do not sum to zero"):
        CreditGranted.model_validate({**CREDIT, "postings": lopsided})
    across = (*lopsided, Posting(account="tokens:c-1", unit="TOKEN", amount=-1))
    with pytest.raises(ValidationError, match="do not sum to zero"):
        CreditGranted.model_validate({**CREDIT, "postings": across})


def test_a_model_without_validation_is_built_and_written_like_one_with_it() -> None:
    values: dict[str, Any] = {"case": "xendit:py-1", "record": "xendit:py-1", "provider": "xendit"}
    values |= {"payment_id": "py-1", "status": "succeeded", "facts": (7,), "paid_at": NOON}
    trusted, checked = unvalidated(PaymentAssessed)(**values), PaymentAssessed(**values)
    assert trusted == checked
    assert trusted.model_dump_json() == checked.model_dump_json()
    assert events.encode(trusted) == events.encode(checked)
    with pytest.raises(ValidationError):
        trusted.status = "failed"  # type: ignore[misc]


def test_an_amended_event_is_a_copy() -> None:
    before = CustomerRegistered(customer_id="c-1", email="a@b.id")
    assert before.amended(email=None) == CustomerRegistered(customer_id="c-1", email=None)
    assert before.email == "a@b.id"


def test_value_that_does_not_balance_cannot_be_built_without_validation_either() -> None:
    values = {**CREDIT, "at": NOON}
    with pytest.raises(ValueError, match="do not sum to zero"):
        unvalidated(CreditGranted)(**values, postings=(Posting("clearing:xendit", "IDR", 1),))  # type: ignore[arg-type]
    balanced = (Posting("clearing:xendit", "IDR", 1), Posting("credit:c-1", "IDR", -1))
    assert unvalidated(CreditGranted)(**values, postings=balanced).postings == balanced  # type: ignore[arg-type]


class _Trimmed(EventModel):
    TYPE: ClassVar[str] = "test.trimmed"

    name: str

    @model_validator(mode="before")
    @classmethod
    def _trim(cls, values: dict[str, str]) -> dict[str, str]:
        return {name: value.strip() for name, value in values.items()}


class _Upper(EventModel):
    TYPE: ClassVar[str] = "test.upper"

    name: str

    @field_validator("name")
    @classmethod
    def _up(cls, name: str) -> str:
        return name.upper()


@pytest.mark.parametrize("model", [_Trimmed, _Upper, SuspenseReleased])
def test_what_changes_while_it_is_validated_cannot_be_built_without(model: type[EventModel]) -> None:
    with pytest.raises(TypeError, match=f"{model.__name__} is more than its fields"):
        unvalidated(model)


def test_an_unknown_type_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        events.decode("parcel.lost", 1, "{}")


def test_a_newer_version_stops_the_reader() -> None:
    with pytest.raises(UnknownEventVersion, match="version 2 is newer"):
        events.decode("credit.granted", 2, json.dumps(CREDIT))


@pytest.mark.usefixtures("parcels")
@pytest.mark.parametrize(
    ("version", "stored"),
    [
        (1, {"text": "jne 2"}),
        (2, {"courier": "jne", "weight_kg": 2}),
        (3, {"courier": "jne", "weight_grams": 2000}),
        (2, {"courier": "jne", "weight_kg": 2, "note": "a field we do not know"}),
    ],
)
def test_old_versions_are_lifted_step_by_step(version: int, stored: dict[str, object]) -> None:
    event = events.decode("parcel.sent", version, json.dumps(stored))
    assert event == Parcel(weight_grams=2000, courier="jne")


@pytest.mark.usefixtures("parcels")
def test_a_version_newer_than_the_chain_is_refused() -> None:
    with pytest.raises(UnknownEventVersion):
        events.decode("parcel.sent", 4, "{}")


def test_a_gap_in_a_chain_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no upcaster for parcel\.sent version 1"):
        events.check_chains({Parcel.TYPE: Parcel}, {(Parcel.TYPE, 2): in_grams})
    with pytest.raises(ValueError, match=r"no upcaster for parcel\.sent version 2"):
        events.check_chains({Parcel.TYPE: Parcel}, {(Parcel.TYPE, 1): split_courier})


def test_a_step_that_leads_nowhere_is_refused() -> None:
    whole = {(Parcel.TYPE, 1): split_courier, (Parcel.TYPE, 2): in_grams}
    events.check_chains({Parcel.TYPE: Parcel}, whole)
    with pytest.raises(ValueError, match="leads nowhere"):
        events.check_chains({Parcel.TYPE: Parcel}, {**whole, (Parcel.TYPE, 3): in_grams})
    with pytest.raises(ValueError, match="leads nowhere"):
        events.check_chains({}, {("parcel.lost", 1): in_grams})


def test_the_registry_itself_is_whole() -> None:
    events.check_chains(events.EVENT_TYPES, events.UPCASTERS)
    assert set(events.EVENT_TYPES) == {
        model.TYPE for model in (*FACTS, *DECISIONS, *ACTS, *PLAN_REQUEST_FACTS, *PERSONAL_FACTS)
    }
