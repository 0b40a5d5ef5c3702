"""Nothing of a payload reaches the text of a dead letter, a log line, a metric or a problem, wherever in it somebody's data stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from structlog.testing import capture_logs

from api.parameters import name_told
from providers.registry import PROVIDERS
from schemas import strict_json
from schemas.api import CustomerBody
from schemas.email_address import normalise_email
from schemas.errors import AmountError, LunasError, UnparsableError
from schemas.money import parse_idr
from schemas.problem_reasons import reason_of
from schemas.problems import Problem
from schemas.shape import amount_told
from tests.unit.processor.intake.envelopes import envelope, interpreter

FIXTURES = Path(__file__).parents[3] / "fixtures" / "providers"

CANARIES: tuple[Any, ...] = (
    "Siti Rahayu Canary", "SITI", "siti.canary@contoh.id", "4111111111111111", 4111111111111111, 4111111111111111.5, "081234567890",
    6281234567890, "3174012345678901", "Jl. Canary No. 7",
)  # fmt: skip
SAID = ("siti", "rahayu", "canary", "41111111", "81234567890", "3174012345678901")


def bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(FIXTURES.glob("*/*.json")):
        document = json.loads(path.read_bytes())
        body = document.get("body", document) if isinstance(document, dict) else None
        if isinstance(body, dict) and path.parent.name in PROVIDERS:
            yield path.parent.name, body


BODIES = list(bodies())


def places(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something can be exchanged: every value, the objects and lists included."""
    if path:
        yield path
    if isinstance(part, dict):
        for key, value in part.items():
            yield from places(value, (*path, key))
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from places(value, (*path, index))


def with_canary(body: dict[str, Any], path: tuple[Any, ...], canary: Any, *, as_name: bool) -> dict[str, Any]:
    """The body with a canary in that place, or as the name of it."""
    changed = deepcopy(body)
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    if as_name and isinstance(inner, dict):
        inner[str(canary)] = inner.pop(path[-1])
    else:
        inner[path[-1]] = canary
    return changed


def test_there_are_bodies_of_every_provider() -> None:
    assert {provider for provider, _ in BODIES} >= set(PROVIDERS) - {"manual"}


@settings(max_examples=600, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_canary_anywhere_in_a_webhook_is_not_told_by_its_dead_letter_nor_by_the_log(
    data: st.DataObject,
) -> None:
    provider, body = data.draw(st.sampled_from(BODIES))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(body))))
        canary = data.draw(st.sampled_from(CANARIES))
        body = with_canary(body, path, canary, as_name=data.draw(st.booleans()))
    with capture_logs() as lines:
        prepared = interpreter().prepare(envelope(json.dumps(body).encode(), provider=provider))
    told = repr(lines)
    if prepared.parked is not None:
        told += repr(prepared.parked) + (prepared.event_name or "").replace("SITI", "")
    assert_silent(told)


MONEY = (
    "amount",
    "gross_revenue",
    "currency",
    "payment_status",
    "status",
    "event",
    "request_amount",
    "capture_amount",
    "transactionStatus",
)


@pytest.mark.parametrize("canary", CANARIES, ids=str)
@pytest.mark.parametrize("field", MONEY)
def test_a_canary_where_money_is_read_is_not_told(field: str, canary: Any) -> None:
    for provider, body in BODIES:
        for path in places(body):
            if path[-1] == field:
                changed = with_canary(body, path, canary, as_name=False)
                prepared = interpreter().prepare(envelope(json.dumps(changed).encode(), provider=provider))
                if prepared.parked is not None:
                    assert_silent(repr(prepared.parked))


@pytest.mark.parametrize("raw", [
    b'{"siti canary": 1, "siti canary": 2}', b'{"a": 4111111111111111e999}', b'{"a": 41111111' + b"1" * 80 + b"}", b'{"siti": ',
    b'{"a": "siti\xff canary"', b'{"a": siti}',
])  # fmt: skip
def test_a_canary_in_what_is_no_clean_json_is_not_told(raw: bytes) -> None:
    with pytest.raises(UnparsableError) as caught:
        strict_json.loads(raw)
    assert_silent(f"{caught.value} {caught.value.detail}")
    prepared = interpreter().prepare(envelope(raw))
    assert prepared.parked is not None
    assert_silent(repr(prepared.parked))


@pytest.mark.parametrize("canary", CANARIES, ids=str)
def test_an_amount_that_is_refused_is_not_in_the_text_of_the_refusal(canary: Any) -> None:
    for value in (canary, f"{canary}", f"-{canary}", f"{canary},5", strict_json.loads(b"4111111111111111.5")):
        try:
            parse_idr(value)
        except AmountError as refusal:
            assert_silent(f"{refusal} {refusal!r} {amount_told(refusal.value)}")


@pytest.mark.parametrize("canary", CANARIES, ids=str)
@pytest.mark.parametrize("language", ["en", "id"])
def test_a_canary_in_a_call_of_the_api_is_not_told_by_its_problem(canary: Any, language: Any) -> None:
    for body in (
        {"email": canary}, {"email": "a@b.id", str(canary): canary}, {"email": "a@b.id", "name": f"{canary}\n{canary}"},
        {"email": "a@b.id", "phone": f"{canary}" * 40},
    ):  # fmt: skip
        try:
            CustomerBody.model_validate(body)
        except ValidationError as error:
            first = dict(error.errors(include_url=False, include_input=False)[0])
            said = Problem("invalid_body", reason=reason_of(first)).detail(language)
            assert_silent(said.replace("SITI", ""))
    parameter = name_told(str(canary))
    assert_silent(parameter.replace("SITI", ""))


def test_errors_of_ours_say_nothing_of_what_they_are_about() -> None:
    for error in (AmountError("amount_malformed", "siti"), UnparsableError("not_json")):
        assert isinstance(error, LunasError)
        assert_silent(str(error))
    assert normalise_email("siti canary") is None


def assert_silent(text: str) -> None:
    """Nothing in it is of a canary."""
    assert [said for said in SAID if said in text.lower()] == []
