"""Every refusal of something wrong in a call says what of the call that is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from schemas.problems import PROBLEMS, Problem

ROOT = Path(__file__).parents[3]
ABOUT_NO_PART_OF_A_CALL = {
    "not_found",  # its address
    "method_not_allowed",
    "conflict",  # somebody else's call
    "rejected_by_operator",
    "request_cancelled",
    "duplicate_request",
    "provider_refused",  # the provider's own rules
    "provider_misconfigured",
    "store_mismatch",
    "store_unnamed",
}


def raised() -> Iterator[tuple[str, set[str]]]:
    """Codes with the values that they are raised with."""
    for path in (ROOT / "api").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                [code] = [one.value for one in node.args if isinstance(one, ast.Constant)] or [None]
                if isinstance(code, str):
                    yield code, {one.arg for one in node.keywords if one.arg}


def test_a_refusal_names_the_field_the_parameter_or_the_header_that_it_is_about() -> None:
    named = {code: values & {"field", "parameter"} for code, values in raised()}
    for code, values in raised():
        named[code] &= values
    silent = {
        code
        for code, kind in PROBLEMS.items()
        if kind.status < 500
        and not kind.field
        and not named.get(code)
        and code not in ABOUT_NO_PART_OF_A_CALL
    }
    assert silent == set()
    assert {code for code in ABOUT_NO_PART_OF_A_CALL if PROBLEMS[code].field} == set()


def test_what_is_said_where_it_is_raised_wins() -> None:
    assert Problem("customer_not_found", field="email").field == "email"
    assert Problem("customer_not_found").field == "customer_id"
    assert Problem("unavailable").field is None
