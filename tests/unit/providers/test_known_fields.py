"""Fields of bodies: which are known, and what is told of those that are not."""

from __future__ import annotations

import pytest

from providers.fields import DEEPEST, MOST, fields_of, known_fields, strangers_of
from tests import known_fields as recorded


@pytest.mark.parametrize("provider", recorded.providers())
def test_every_field_of_a_recorded_or_simulated_body_is_known(provider: str) -> None:
    text = (recorded.ROOT / "providers" / provider / "fields.txt").read_text()
    assert text == recorded.text_of(provider), "run: python -m tests.known_fields"
    assert known_fields(provider)


def test_a_field_is_told_by_path_and_type_and_elements_of_a_list_are_one() -> None:
    body = {"a": {"b": [1, {"c": True}, {"c": False}], "d": None}, "e": "x"}
    assert fields_of(body) == {
        ("a", "object"), ("a.b", "array"), ("a.b[]", "number"), ("a.b[]", "object"), ("a.b[].c", "boolean"), ("e", "string"),
    }  # fmt: skip


def test_a_field_that_was_always_empty_may_hold_anything_one_day() -> None:
    given = {"data": {"refund_fee_amount": 0, "items": [{"name": "x"}], "refund_fee": 1}}
    assert strangers_of("xendit", given) == {("data.refund_fee", "number")}
    assert strangers_of("xendit", {"data": {"amount": True}}) == {("data.amount", "boolean")}


@pytest.mark.parametrize(
    "key",
    [
        "budi@contoh.id",
        "0812-3456",
        "Budi Santoso",
        "",
        "é",
        "a" * 49,
        "a.b",
        "\x00",
        "py_12345",
        "a3b4c5d6e7",
        "e3b0c442-98fc-1c14-9afb-f4c8996fb924",
    ],
)
def test_a_key_that_is_no_plain_name_is_not_told(key: str) -> None:
    assert fields_of({key: {"x": 1}}) == {("*", "object"), ("*.x", "number")}


def test_what_stands_in_free_containers_is_nobodys_business() -> None:
    assert fields_of({"data": {"metadata": {"anything": {"at": "all"}}, "extraData": [1]}}) == {
        ("data", "object"), ("data.metadata", "object"), ("data.extraData", "array"),
    }  # fmt: skip


def test_a_body_made_to_hurt_ends_soon() -> None:
    deep: object = 1
    for _ in range(200):
        deep = {"a": deep}
    assert len(fields_of(deep)) == DEEPEST
    assert len(fields_of({f"k{number}": 1 for number in range(100_000)})) == MOST


@pytest.mark.parametrize("body", [None, 1, "x", [], {}, [[]]])
def test_anything_is_a_body(body: object) -> None:
    assert len(fields_of(body)) <= 1


def test_a_provider_without_recorded_bodies_has_no_strangers() -> None:
    assert known_fields("fakes") == frozenset()
