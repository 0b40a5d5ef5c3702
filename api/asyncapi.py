"""AsyncAPI 3.0 of what the API tells by itself: the exchange `lunas.changes` and the event stream, from the models that OpenAPI is made of.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.changes.calls import LISTEN
from api.closed_sets import described, with_sets
from api.openapi import REFERENCE, Document, release, shown_parameter
from schemas.api import BalanceAmounts, Enrollment, PaymentSummary, Subscription
from schemas.change_api import ChangeTold, SuspenseChange
from schemas.change_messages import DATA_TYPE, PREFIX, SOURCE, attributes, type_of
from schemas.examples import EXAMPLES
from schemas.topology import CHANGES
from schemas.vocabulary import ChangeKind

DATA: Mapping[ChangeKind, type[BaseModel]] = {
    "payment": PaymentSummary,
    "balance": BalanceAmounts,
    "subscription": Subscription,
    "enrollment": Enrollment,
    "suspense": SuspenseChange,
}
"""What a change of each kind carries."""

SAID: Mapping[ChangeKind, str] = {
    "payment": "A payment was paid, refunded, expired, held or explained.",
    "balance": "Credit or tokens of a customer moved, or the tier.",
    "subscription": "A subscription began, was renewed, changed or ended.",
    "enrollment": "Access to a course began or ended.",
    "suspense": "Money is held, or what was held found its home.",
}

ADDRESS = "{kind}.{customer}"
PLACE = "place"
"""The one event of a stream that tells no change."""


SOME_BROKER = "amqp://localhost:5672/lunas"


def asyncapi_of(address: str, broker: str = SOME_BROKER) -> Document:
    """The whole document. `address`: where callers reach the API; `broker`: where applications reach the broker."""
    protocol, _, host = address.partition("://")
    _, definitions = models_json_schema([(ChangeTold, "serialization")], ref_template=REFERENCE)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "lunas",
            "version": release(),
            "description": "What changes, as it changes: told at least once, and for each customer in the order of the log. Each message is a row of a "
            "read model as it is when it is told; several changes of one row in a short time may be told as one.",
        },
        "defaultContentType": DATA_TYPE,
        "servers": {
            "api": {"host": host or "localhost", "protocol": protocol or "http", "security": [{"$ref": "#/components/securitySchemes/bearer"}]},
            "broker": _broker(broker),
        },
        "channels": {"exchange": _exchange(_virtual_host(broker)), "stream": _stream()},
        "operations": {
            "tellExchange": _operation("exchange", "Every change, to whoever has bound a queue."),
            "tellStream": _operation("stream", LISTEN.summary, LISTEN.description),
        },
        "components": {
            "messages": {
                **{f"{place}{kind.capitalize()}": _message(place, kind) for place in ("exchange", "stream") for kind in DATA},
                f"stream{PLACE.capitalize()}": _place(),
            },
            "schemas": described(with_sets(definitions["$defs"])),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "brokerUser": {"type": "userPassword"},
            },
        },
    }  # fmt: skip


def _broker(address: str) -> Document:
    """Of a user and a password in the address nothing is told."""
    parts = urlsplit(address)
    return {
        "host": parts.netloc.rpartition("@")[2],
        "protocol": parts.scheme,
        "protocolVersion": "0.9.1",
        "pathname": parts.path or "/",
        "description": "The broker of the installation; an application has a user of its own there.",
        "security": [{"$ref": "#/components/securitySchemes/brokerUser"}],
    }


def _virtual_host(address: str) -> str:
    return unquote(urlsplit(address).path.removeprefix("/")) or "/"


def _exchange(virtual_host: str) -> Document:
    return {
        "address": ADDRESS,
        "description": "A topic exchange. Messages are CloudEvents 1.0 in binary mode: the attributes are headers.",
        "servers": [{"$ref": "#/servers/broker"}],
        "parameters": {
            "kind": {"description": "What changed.", "enum": list(DATA)},
            "customer": {
                "description": "The customer's id, percent-encoded, dots too; `-` where nobody is known; `sha256-` and its digest where it is too long.",
            },
        },
        "messages": _messages("exchange"),
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": CHANGES, "type": "topic", "durable": True, "autoDelete": False, "vhost": virtual_host},
                "bindingVersion": "0.3.0",
            }
        },
    }  # fmt: skip


def _stream() -> Document:
    return {
        "address": LISTEN.path,
        "description": "Server-sent events: `event` is the kind, `id` the position, `data` the message.",
        "servers": [{"$ref": "#/servers/api"}],
        "messages": _messages("stream"),
    }


def _messages(place: str) -> Document:
    return {name: {"$ref": f"#/components/messages/{place}{name.capitalize()}"} for name in _told_at(place)}


def _told_at(place: str) -> list[str]:
    return [*DATA, PLACE] if place == "stream" else [*DATA]


def _place() -> Document:
    return {
        "name": PLACE,
        "title": "where the stream is",
        "summary": "Where a stream with a ticket is, when it begins and while nothing happens: the `id` alone says it. No change.",
        "contentType": DATA_TYPE,
        "payload": {"type": "object", "maxProperties": 0},
        "examples": [{"payload": {}}],
    }


def _operation(channel: str, summary: str, description: str = "") -> Document:
    told: Document = {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in _told_at(channel)],
    }
    if description:
        told["description"] = description
    if channel == "exchange":
        told["bindings"] = {"amqp": {"deliveryMode": 2, "mandatory": False, "bindingVersion": "0.3.0"}}
    else:
        query = {
            one.name: shown_parameter(one)["schema"] for one in LISTEN.parameters if one.where == "query"
        }
        told["bindings"] = {
            "http": {
                "method": LISTEN.method,
                "query": {"type": "object", "properties": query},
                "bindingVersion": "0.3.0",
            }
        }
    return told


def _message(place: str, kind: ChangeKind) -> Document:
    model = DATA[kind]
    told: Document = {
        "name": type_of(kind),
        "title": f"{kind} changed",
        "summary": SAID[kind],
        "contentType": DATA_TYPE,
        "payload": {
            "allOf": [
                {"$ref": REFERENCE.format(model=ChangeTold.__name__)},
                {
                    "type": "object",
                    "properties": {
                        "kind": {"const": kind},
                        "data": {
                            "anyOf": [{"$ref": REFERENCE.format(model=model.__name__)}, {"type": "null"}]
                        },
                    },
                },
            ]
        },
    }
    if place == "exchange":
        told["headers"] = _headers(kind)
    if (example := EXAMPLES[ChangeTold])["kind"] == kind:
        shown: dict[str, Any] = {"payload": example}
        if place == "exchange":
            shown["headers"] = dict(
                attributes(kind, example["position"], example["key"], example["customer_id"])
            )
        told["examples"] = [shown]
    return told


def _headers(kind: ChangeKind) -> Document:
    text = {"type": "string"}
    known: Document = {
        "specversion": {"const": "1.0"},
        "id": text | {"description": "The same change bears the same id: `<position>/<kind>/<key>`."},
        "source": {"const": SOURCE},
        "type": {"const": type_of(kind)},
        "subject": text | {"description": "The row's key."},
        "position": {"type": "integer"},
        "customerid": text,
    }
    return {
        "type": "object",
        "required": [f"{PREFIX}{name}" for name in known if name != "customerid"],
        "properties": {f"{PREFIX}{name}": schema for name, schema in known.items()},
    }
