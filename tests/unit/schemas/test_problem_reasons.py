"""Why a call was refused, in both languages."""

from __future__ import annotations

import re
from string import Formatter
from typing import Any

import pytest
from pydantic import ValidationError

from schemas import strict_json
from schemas.api import CustomerBody
from schemas.errors import UnparsableError
from schemas.problem_reasons import REASONS, Reason, reason_of
from schemas.problems import Problem


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_says_the_same_in_both_languages(code: str) -> None:
    en, indonesian = REASONS[code]
    assert en != indonesian
    assert _braces(en) == _braces(indonesian)


def _braces(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_a_problem_is_in_one_language() -> None:
    problem = Problem(
        "invalid_parameter", parameter="limit", reason=Reason("whole_number", {"low": 1, "high": 200})
    )
    assert problem.detail("en") == "The parameter `limit` is wrong: a whole number from 1 to 200 is expected."
    assert problem.detail("id") == "Parameter `limit` salah: harus bilangan bulat dari 1 sampai 200."


@pytest.mark.parametrize(("document", "code", "said"), [
    ({}, "missing", "email: wajib diisi"),
    ({"email": None}, "string_type", "email: harus berupa teks"),
    ({"email": "x"}, "string_too_short", "email: paling sedikit 3 karakter"),
    ({"email": "not one"}, "no_email", "email: ini bukan alamat e-mail"),
    ({"email": "a@a.id", "name": "n" * 201}, "string_too_long", "name: paling banyak 200 karakter"),
    ({"email": "a@a.id", "phone": "08\n1"}, "control_characters", "phone: karakter kendali tidak diperbolehkan"),
    ({"email": "a@a.id", "mail": 1}, "extra_forbidden", "mail: tidak ada bidang ini"),
    ([], "model_type", "body: harus berupa objek JSON"),
])  # fmt: skip
def test_what_is_wrong_with_a_body_is_said_without_our_own_names(document: Any, code: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CustomerBody.model_validate(document)
    reason = reason_of(dict(caught.value.errors()[0]))
    assert (reason.code, reason.said("id")) == (code, said)
    assert "CustomerBody" not in reason.said("en")


def test_an_error_that_nobody_foresaw_has_words_too() -> None:
    assert reason_of({"type": "int_parsing", "loc": ("n",)}) == Reason(
        "wrong_value", {"field": "n", "low": None, "high": None}
    )


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b"\xef\xbb\xbf{}", b"[" * 999, b'{"a":1,"a":2}', b'"\\u0000"', b'"\\ud800"',
            b"9" * 999, b"1e999", b"NaN"]
)  # fmt: skip
def test_whatever_makes_a_body_unreadable_has_words(raw: bytes) -> None:
    with pytest.raises(UnparsableError) as caught:
        strict_json.loads(raw)
    said = Reason(caught.value.reason).said("id")
    assert not re.search(r"_|\{", said)
