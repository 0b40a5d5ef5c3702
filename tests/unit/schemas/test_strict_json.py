"""One JSON policy: clean documents are read exactly, everything else is refused by name (case C13)."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UnparsableError
from schemas.strict_json import MAX_DEPTH, MAX_DIGITS, loads


def reason_of(body: bytes) -> str:
    with pytest.raises(UnparsableError) as caught:
        loads(body)
    return caught.value.reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty_body"),
        (b" \r\n\t ", "empty_body"),
        (b"\xef\xbb\xbf{}", "byte_order_mark"),
        (b"\xff\xfe{\0}\0", "not_utf8"),
        ("{}".encode("utf-16-le"), "not_json"),
        (b'{"a":"\xed\xa0\x80"}', "not_utf8"),
        (b'{"a":"\xc0\xaf"}', "not_utf8"),
        (b"event=payment.capture&amount=1", "not_json"),
        (b"{} {}", "not_json"),
        (b"{}x", "not_json"),
        (b'{"a":1,}', "not_json"),
        (b"{'a':1}", "not_json"),
        (b'{"a":01}', "not_json"),
        (b'{"a":"\x01"}', "not_json"),
        (b'{"a":NaN}', "not_a_number"),
        (b'{"a":-Infinity}', "not_a_number"),
        (b'{"amount":1,"amount":999}', "duplicate_key"),
        (b'{"x":[{"a":1,"\\u0061":2}]}', "duplicate_key"),
        (b'{"a":"\\u0000"}', "nul_character"),
        (b'{"\\u0000":1}', "nul_character"),
        (b'{"a":"\\ud800"}', "lone_surrogate"),
        (b'{"a":"\\udc00\\ud800"}', "lone_surrogate"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "too_deep"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too_deep"),
        (b"[" * 10_000, "too_deep"),
        (b'{"a":' + b"9" * (MAX_DIGITS + 1) + b"}", "number_too_long"),
        (b'{"a":' + b"9" * 5000 + b"}", "number_too_long"),
        (b'{"a":1.' + b"0" * MAX_DIGITS + b"}", "number_too_long"),
        (b'{"a":1e400}', "number_out_of_range"),
        (b'{"a":-1E+999999}', "number_out_of_range"),
        (b'{"a":1e-400}', "number_out_of_range"),
        (b'{"a":1e' + b"9" * 30 + b"}", "number_out_of_range"),
    ],
)
def test_c13_what_is_not_one_clean_document_is_refused_by_name(body: bytes, reason: str) -> None:
    assert reason_of(body) == reason


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a":50000.0}', {"a": Decimal("50000.0")}),
        (b'{"a":1e18}', {"a": Decimal("1e18")}),
        (b'{"a":0.1}', {"a": Decimal("0.1")}),
        (b'{"a":9007199254740993}', {"a": 9007199254740993}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None),
        (b' {"a" : [ true , null ] } \n', {"a": [True, None]}),
        (b'{"a":"[[[[{{{{ \\" ]"}', {"a": '[[[[{{{{ " ]'}),
        (("[" + ",".join(['"[{\\\\"'] * 200) + "]").encode(), ["[{\\"] * 200),
    ],
)
def test_clean_documents_are_read_exactly(body: bytes, value: object) -> None:
    read = loads(body)
    assert value is None or read == value


def test_brackets_within_text_are_not_depth() -> None:
    assert loads(json.dumps({"a": "[" * 5000}).encode()) == {"a": "[" * 5000}


documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(documents)
def test_what_python_writes_is_read_back_unless_it_holds_a_forbidden_character(document: object) -> None:
    for ascii_only in (True, False):
        try:
            body = json.dumps(document, ensure_ascii=ascii_only).encode()
        except UnicodeEncodeError:
            continue
        try:
            assert loads(body) == document
        except UnparsableError as refusal:
            assert refusal.reason in {"nul_character", "lone_surrogate"}  # noqa: PT017


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else_escapes(body: bytes) -> None:
    try:
        loads(body)
    except UnparsableError as refusal:
        assert refusal.reason  # noqa: PT017


@given(st.text(alphabet='{}[]":,\\u0dEe1.-tfn \n', max_size=60))
def test_any_json_like_text_is_read_or_refused(text: str) -> None:
    try:
        loads(text.encode())
    except UnparsableError as refusal:
        assert refusal.reason  # noqa: PT017
