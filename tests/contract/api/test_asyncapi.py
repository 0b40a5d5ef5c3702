"""The AsyncAPI document: what the exchange and the stream tell, in the published form."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft7Validator
from openapi_schema_validator import OAS31Validator
from pydantic import SecretStr
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from api.app import broker_of
from api.asyncapi import asyncapi_of
from api.changes.touched import KINDS
from runtime.settings import load_settings
from schemas.change_api import ChangeTold
from schemas.change_messages import attributes
from schemas.examples import EXAMPLES
from tests.contract.api.conftest import KEY, Api
from tests.contract.api.test_answers import enrolled, held
from tests.contract.api.test_changes import all_of
from tests.integration.projections.decisions import assessed, credit, registered, subscription

PUBLISHED = Path(__file__).parent / "asyncapi/3.0.0.json"
"""Of the npm package @asyncapi/specs 6.11.1, as it is published; its licence lies beside it."""
DIGEST = "d4571a420e6ffb7fcc7066c95a6db1202f299a3c51daa103d0706bf30f95e626"


@pytest.fixture
def published() -> Draft7Validator:
    raw = PUBLISHED.read_bytes()
    assert hashlib.sha256(raw).hexdigest() == DIGEST
    return Draft7Validator(json.loads(raw))


async def test_the_document_is_valid_asyncapi_3(api: Api, published: Draft7Validator) -> None:
    document = await api.get("/asyncapi.json")
    assert [error.message for error in published.iter_errors(document)] == []
    assert document["asyncapi"] == "3.0.0"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: one["operations"]["tellExchange"].update(action="shout"),
        lambda one: one["channels"]["exchange"]["bindings"]["amqp"]["exchange"].update(type="loud"),
        lambda one: one["servers"]["broker"].pop("protocol"),
        lambda one: one.update(unheard_of=1),
    ],
)
async def test_what_is_no_asyncapi_is_noticed(
    api: Api, published: Draft7Validator, spoil: Callable[[Any], Any]
) -> None:
    document = copy.deepcopy(await api.get("/asyncapi.json"))
    spoil(document)
    assert not published.is_valid(document)


async def test_every_reference_leads_somewhere(api: Api) -> None:
    document = await api.get("/asyncapi.json")

    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [found for value in part.values() for found in references(value)]
        return [found for value in part for found in references(value)] if isinstance(part, list) else []

    found = set(references(document))
    assert found
    for reference in found:
        at = document
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]


async def test_its_models_are_those_of_openapi(api: Api) -> None:
    ours, theirs = await api.get("/asyncapi.json"), await api.get("/openapi.json")
    for name, schema in ours["components"]["schemas"].items():
        assert schema == theirs["components"]["schemas"][name]


async def test_every_kind_has_a_message_at_both_doors_and_what_is_told_fits_it(api: Api) -> None:
    await api.show(
        registered("c1"), assessed("k", customer_id="c1"), credit("c1", 50_000), enrolled("c1", "kelas"),
        subscription("c1", "s1"), held("h1"),
    )  # fmt: skip
    document = await api.get("/asyncapi.json")
    registry: Registry[Any] = Registry().with_resource("urn:document", DRAFT202012.create_resource(document))
    told = await all_of(api, "&last_event_id=0")
    assert {one.event for one in told} == {kind for kind, _ in KINDS}
    for one in told:
        headers = attributes(one.data["kind"], one.data["position"], one.data["key"], one.data["customer_id"])
        for door in ("exchange", "stream"):
            fits = _validator(registry, f"{door}{one.event.capitalize()}", "payload")
            assert [error.message for error in fits.iter_errors(one.data)] == []
            other = one.data | {"kind": "somethingElse"}
            assert not fits.is_valid(other)
        assert _validator(registry, f"exchange{one.event.capitalize()}", "headers").is_valid(dict(headers))


async def test_every_event_of_a_stream_is_in_it_its_place_too(api: Api) -> None:
    await api.show(registered("c1"), assessed("k", customer_id="c1"))
    asked = await api.client.post("/v1/changes/tickets", json={"customer_id": "c1"}, headers=KEY)
    ticket = await asked.json()
    answer = await api.client.get(f"{ticket['stream']}&last_event_id=0&wait_seconds=0")
    parts = [part for part in (await answer.text()).split("\n\n") if "event: " in part]
    document = await api.get("/asyncapi.json")
    known = document["channels"]["stream"]["messages"]
    events = {line.removeprefix("event: ") for part in parts for line in part.splitlines() if line.startswith("event: ")}  # fmt: skip
    assert events == {"place", "payment"}
    assert events < set(known)
    assert "place" not in document["channels"]["exchange"]["messages"]
    assert [
        one["$ref"].rpartition("/")[2] for one in document["operations"]["tellStream"]["messages"]
    ] == list(known)


async def test_its_example_is_one(api: Api) -> None:
    document = await api.get("/asyncapi.json")
    registry: Registry[Any] = Registry().with_resource("urn:document", DRAFT202012.create_resource(document))
    name = f"exchange{EXAMPLES[ChangeTold]['kind'].capitalize()}"
    (example,) = document["components"]["messages"][name]["examples"]
    assert _validator(registry, name, "payload").is_valid(example["payload"])
    assert _validator(registry, name, "headers").is_valid(example["headers"])


def _validator(registry: Registry[Any], message: str, part: str) -> Any:
    return OAS31Validator({"$ref": f"urn:document#/components/messages/{message}/{part}"}, registry=registry)


async def test_the_document_names_the_broker_that_applications_reach_and_nobodys_password() -> None:
    for given, broker in (
        (
            {"broker_public_url": "amqps://broker.example:5671/lunas"},
            ("broker.example:5671", "amqps", "/lunas"),
        ),
        (
            {"broker_public_url": "amqps://broker.example/toko%2Fkita"},
            ("broker.example", "amqps", "/toko%2Fkita"),
        ),
        (
            {"broker_url": SecretStr("amqp://lunas-api:geheim@h1:5672,h2:5672/lunas")},
            ("h1:5672", "amqp", "/lunas"),
        ),
        ({}, ("localhost:5672", "amqp", "/lunas")),
    ):
        settings = load_settings({"LUNAS_ENV": "development", "LUNAS_DOTENV": "none"}).model_copy(
            update=given
        )
        told = asyncapi_of("http://api.example", broker_of(settings))
        server = told["servers"]["broker"]
        assert (server["host"], server["protocol"], server["pathname"]) == broker
        binding = told["channels"]["exchange"]["bindings"]["amqp"]["exchange"]
        assert "/" + quote(binding["vhost"], safe="") == server["pathname"], "as AMQP names it"
        assert "geheim" not in json.dumps(told)
