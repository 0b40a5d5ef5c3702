"""The command that shows one call: to paste into a shell, with what it takes from answers to other calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from api.openapi import STREAM, Document

JSON = "application/json"
ADDRESS = "${LUNAS_API}"
"""Stands for the server's address until somebody asks for the page."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A value that somebody else's answer gives: `field` of the answer to `operation`, as `variable` of the shell."""

    variable: str
    field: str
    operation: str


@dataclass(frozen=True, slots=True)
class ExampleCommand:
    """Lines for a shell in which `LUNAS_API_KEY` and each of `takes` is set."""

    text: str
    takes: tuple[Taken, ...]


def made_by_calls(document: Document) -> dict[str, Taken]:
    """By the value that the examples show: what calls make and others are asked about.

    In the document's order: the first call that makes it counts, and what a caller has chosen before, a customer's id, is nobody's.
    """
    found: dict[str, Taken] = {}
    chosen: set[str] = set()
    for method, _, operation in operations_of(document):
        if method == "get":
            continue
        chosen |= _given(operation) - found.keys()
        for field, value in _shown_answer(operation).items():
            if method == "post" and isinstance(value, str) and value not in chosen and _is_id(field):
                found.setdefault(value, Taken(_variable(field), field, operation["operationId"]))
    return found


def example_command(method: str, path: str, operation: Document, made: Mapping[str, Taken]) -> ExampleCommand:
    """`made`: of the document this call stands in. What the call makes itself is not taken from elsewhere."""
    others = {value: one for value, one in made.items() if one.operation != operation["operationId"]}
    taken: dict[str, Taken] = {}

    def variable(value: str) -> str | None:
        one = others.get(value)
        if one is None:
            return None
        taken[one.variable] = one
        return f"${one.variable}"

    query = {}
    endless = any(STREAM in response["content"] for response in operation["responses"].values())
    for one in operation.get("parameters", ()):
        value = str(one.get("example", one["name"]))
        if one["required"] and one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", variable(value) or quote(value, safe=""))
        elif one["in"] == "query" and (one["required"] or (endless and "example" in one)):
            query[one["name"]] = value
    address = path + (f"?{urlencode(query)}" if query else "")
    verb = "" if method == "get" else f" -X {method.upper()}"
    lines = [f'curl -sS{verb} "{ADDRESS}{address}"', '-H "Authorization: Bearer $LUNAS_API_KEY"']
    if "requestBody" in operation:
        body = orjson.dumps(_body(operation)).decode().replace("'", "'\\''")
        for value in sorted(others):
            if f'"{value}"' in body:
                body = body.replace(f'"{value}"', f'"\'"{variable(value)}"\'"')
        lines += [f'-H "Content-Type: {JSON}"', f"-d '{body}'"]
    return ExampleCommand(" \\\n  ".join(lines), tuple(taken.values()))


def operations_of(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Method, path and what is said of each call, in the document's order."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _body(operation: Document) -> dict[str, Any]:
    body: dict[str, Any] = (
        operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("example", {})
    )
    return body


def _shown_answer(operation: Document) -> dict[str, Any]:
    """The example that the page shows."""
    for response in operation["responses"].values():
        example: dict[str, Any] | None = answer_in(response).get("example")
        if example is not None:
            return example
    return {}


def _given(operation: Document) -> set[str]:
    """What the example of a call says."""
    return {
        str(value)
        for value in (
            *(one.get("example") for one in operation.get("parameters", ())),
            *_body(operation).values(),
        )
    }


def answer_in(response: Document) -> Document:
    """What a success carries, in one document or in each event of a stream; nothing for a problem."""
    content: Document = response["content"]
    if STREAM not in content:
        found: Document = content.get(JSON, {})
        return found
    event = content[STREAM]
    return {
        "schema": event["schema"]["properties"]["data"]["contentSchema"],
        "example": orjson.loads(event["example"]["data"]),
    }


def _is_id(field: str) -> bool:
    return field.endswith(("_id", "Id"))


def _variable(field: str) -> str:
    """`payment_id` and `paymentId` are `PAYMENT_ID`."""
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in field).upper()
