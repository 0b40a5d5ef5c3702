"""OpenAPI 3.1 from the calls and their models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.closed_sets import TAGS, described, with_sets
from schemas.api import ProblemAnswer
from schemas.calls import Call, Parameter
from schemas.examples import EXAMPLES
from schemas.problems import PROBLEMS

REFERENCE = "#/components/schemas/{model}"
EVERYWHERE = (
    "unauthorized",
    "forbidden",
    "key_of_a_customer",
    "too_many_keys",
    "rate_limited",
    "unavailable",
)

STREAM = "text/event-stream"

Document = dict[str, Any]


def document_of(calls: Sequence[Call], most: Mapping[str, int] | None = None) -> Document:
    """The whole document, but for where it is reached. Problems of one status share an answer; their codes are listed in its description.

    `most` are the largest values of parameters that a setting decides.
    """
    schema_of, components = _schemas(tuple(_models(calls)), frozenset(_bodies(calls)))
    paths: Document = {}
    for call in calls:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call, schema_of, most or {})
    tags = dict.fromkeys(call.tag for call in calls if call.tag)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "lunas",
            "version": release(),
            "summary": "Balances, subscriptions, enrollments and payments, exact and with their log position.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag, "description": TAGS[tag]} for tag in tags],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def reached_at(document: Document, address: str) -> Document:
    """The same document with the address that callers reach the API at."""
    return document | {"servers": [{"url": address}]}


@lru_cache(maxsize=4)
def _schemas(
    models: tuple[type[BaseModel], ...], bodies: frozenset[type[BaseModel]]
) -> tuple[dict[Any, Document], Document]:
    """What refers to each model, and the components. Nearly all of the document's work, and the same for every application of a process."""
    references, definitions = models_json_schema(
        [(model, "validation" if model in bodies else "serialization") for model in models],
        ref_template=REFERENCE,
    )
    schema_of: dict[Any, Document] = {model: reference for (model, _), reference in references.items()}
    return schema_of, described(with_sets(definitions.get("$defs", {})))


def _models(calls: Iterable[Call]) -> list[type[BaseModel]]:
    found: dict[type[BaseModel], None] = {ProblemAnswer: None}
    for call in calls:
        found.update(dict.fromkeys(call.answers.values()))
        found.update(dict.fromkeys(one for one in (call.body, call.refusal) if one is not None))
    return list(found)


def _bodies(calls: Iterable[Call]) -> set[type[BaseModel]]:
    return {call.body for call in calls if call.body is not None}


def _operation(call: Call, schema_of: dict[Any, Document], most: Mapping[str, int]) -> Document:
    operation: Document = {
        "operationId": call.operation,
        "summary": call.summary,
        "responses": {
            str(status): {
                "description": (model.__doc__ or call.summary).partition("\n")[0],
                "content": _content(model, schema_of, call.media),
            }
            | _links(call)
            for status, model in call.answers.items()
        }
        | _problem_answers(call, schema_of),
    }
    if call.tag:
        operation["tags"] = [call.tag]
    if call.description:
        operation["description"] = call.description
    if call.parameters:
        operation["parameters"] = [shown_parameter(one, most.get(one.name)) for one in call.parameters]
    if call.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": _content(call.body, schema_of),
        }
    return operation


def _content(
    model: type[BaseModel], schema_of: dict[Any, Document], media_type: str = "application/json"
) -> Document:
    media: Document = {"schema": schema_of[model]}
    if model in EXAMPLES:
        media["example"] = EXAMPLES[model]
    return {media_type: in_events(media) if media_type == STREAM else media}


def in_events(media: Document) -> Document:
    """A document as it comes in a stream: the data of each event."""
    example = media["example"]
    carried = {"type": "string", "contentMediaType": "application/json", "contentSchema": media["schema"]}
    return {
        "schema": {
            "type": "object",
            "required": ["event", "data"],
            "properties": {"event": {"type": "string"}, "id": {"type": "string"}, "data": carried},
        },
        "example": {
            "event": example["kind"],
            "id": str(example["position"]),
            "data": orjson.dumps(example).decode(),
        },
    }


def _links(call: Call) -> Document:
    if not call.links:
        return {}
    return {
        "links": {
            link.name: {"operationId": link.operation, "parameters": dict(link.parameters)}
            for link in call.links
        }
    }


def shown_parameter(parameter: Parameter, most: int | None = None) -> Document:
    """As OpenAPI says it. `most`: its largest value, where a setting decides it."""
    limits = {
        "minimum": parameter.minimum,
        "maximum": parameter.maximum if most is None else most,
        "minLength": parameter.min_length,
        "maxLength": parameter.max_length,
        "pattern": parameter.pattern or None,
        "format": parameter.format or None,
    }
    schema: Document = {"type": parameter.kind} | {
        name: limit for name, limit in limits.items() if limit is not None
    }
    if parameter.named:
        schema = {"$ref": REFERENCE.format(model=parameter.named)}
    described: Document = {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.required,
        "description": parameter.description,
        "schema": schema,
    }
    if parameter.example:
        described["example"] = int(parameter.example) if parameter.kind == "integer" else parameter.example
    return described


def status_of(code: str, call: Call) -> int:
    """Of a problem, as this call tells it."""
    status = PROBLEMS[code].status
    return 400 if call.refusal is not None and status == 422 else status


def _problem_answers(call: Call, schema_of: dict[Any, Document]) -> Document:
    media = "application/problem+json" if call.refusal is None else "application/json"
    schema = schema_of[call.refusal or ProblemAnswer]
    by_status: dict[int, list[str]] = {}
    for code in (*EVERYWHERE, *call.problems):
        by_status.setdefault(status_of(code, call), []).append(code)
    return {
        str(status): {
            "description": "Codes: " + ", ".join(codes),
            "content": {media: {"schema": schema}},
        }
        for status, codes in sorted(by_status.items())
    }


def release() -> str:
    """Of lunas, as it was installed."""
    try:
        return version("lunas")
    except PackageNotFoundError:
        return "0"
