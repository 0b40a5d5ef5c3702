"""Commands to paste: what the shell makes of them is the call that the document describes."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from api.commands import example_command, made_by_calls, operations_of

SAYING = {"order_id": "req_1", "reason": 'it\'s "late"; $HOME `id` \\'}
DOCUMENT: dict[str, Any] = {
    "paths": {
        "/orders": {
            "post": {
                "operationId": "order",
                "requestBody": {"content": {"application/json": {"example": {"customer_id": "budi"}}}},
                "responses": {
                    "201": {
                        "content": {
                            "application/json": {
                                "example": {"customer_id": "budi", "order_id": "req_1", "status": "open"}
                            }
                        }
                    }
                },
            }
        },
        "/orders/{order_id}": {
            "get": {
                "operationId": "read",
                "parameters": [{"name": "order_id", "in": "path", "required": True, "example": "req_1"}],
                "responses": {"404": {"content": {}}},
            }
        },
        "/refunds": {
            "post": {
                "operationId": "refund",
                "requestBody": {"content": {"application/json": {"example": SAYING}}},
                "responses": {"404": {"content": {}}},
            }
        },
        "/customers/{customer_id}": {
            "get": {
                "operationId": "customer",
                "parameters": [
                    {"name": "customer_id", "in": "path", "required": True, "example": "a/b c"},
                    {"name": "email", "in": "query", "required": True, "example": "a&b@c"},
                    {"name": "limit", "in": "query", "required": False, "example": "5"},
                ],
                "responses": {},
            }
        },
    }
}


def words(operation: str, **environment: str) -> list[str]:
    """The arguments that the command gets from a shell."""
    for method, path, described in operations_of(DOCUMENT):
        if described["operationId"] == operation:
            command = example_command(method, path, described, made_by_calls(DOCUMENT)).text
    script = "curl() { printf '%s\\0' \"$@\"; }\n" + command.replace("${LUNAS_API}", "http://x")
    done = subprocess.run(
        ["sh", "-euc", script], env=environment | {"LUNAS_API_KEY": "k"}, capture_output=True, check=True
    )
    return done.stdout.decode().split("\0")[:-1]


def test_an_id_that_another_call_makes_is_taken_from_its_answer() -> None:
    assert words("read", ORDER_ID="req_77")[1:] == ["http://x/orders/req_77", "-H", "Authorization: Bearer k"]


def test_the_call_that_makes_an_id_says_what_callers_chose_as_it_is() -> None:
    assert json.loads(words("order")[-1]) == {"customer_id": "budi"}


def test_an_id_in_a_body_is_taken_too_and_the_shell_touches_nothing_else() -> None:
    assert json.loads(words("refund", ORDER_ID="req_77")[-1]) == SAYING | {"order_id": "req_77"}


def test_what_is_taken_is_named_with_the_call_that_makes_it() -> None:
    method, path, described = [*operations_of(DOCUMENT)][1]
    (taken,) = example_command(method, path, described, made_by_calls(DOCUMENT)).takes
    assert (taken.variable, taken.field, taken.operation) == ("ORDER_ID", "order_id", "order")


def test_values_are_written_as_an_address_needs_them_and_optional_ones_are_left_out() -> None:
    assert words("customer")[1] == "http://x/customers/a%2Fb%20c?email=a%26b%40c"


@pytest.mark.parametrize(("field", "variable"), [("paymentId", "PAYMENT_ID"), ("spend_id", "SPEND_ID")])
def test_names_of_both_spellings_become_variables(field: str, variable: str) -> None:
    made = {
        "paths": {
            "/x": {
                "post": {
                    "operationId": "x",
                    "responses": {"200": {"content": {"application/json": {"example": {field: "1"}}}}},
                }
            }
        }
    }
    assert made_by_calls(made)["1"].variable == variable


def test_what_a_caller_has_chosen_is_made_by_no_call_that_repeats_it() -> None:
    def saying(example: dict[str, str]) -> dict[str, Any]:
        return {"content": {"application/json": {"example": example}}}

    made = {
        "paths": {
            "/customers/{id}": {
                "put": {
                    "operationId": "put",
                    "parameters": [{"name": "id", "example": "budi"}],
                    "responses": {},
                }
            },
            "/plans/x/cancel": {
                "post": {
                    "operationId": "cancel",
                    "responses": {"200": saying({"customer_id": "budi", "act_id": "1"})},
                }
            },
        }
    }
    assert set(made_by_calls(made)) == {"1"}
