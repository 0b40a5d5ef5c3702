"""What the API says about itself is what it does."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Any, get_args

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from api.checkout.customers import PUT_CUSTOMER
from api.commands import answer_in
from api.openapi import document_of
from api.page import Documentation
from api.reads import calls
from api.set_meanings import SET_MEANINGS
from api.words import INDONESIAN
from console.texts.reasons import REASONS
from providers.registry import PROVIDERS
from schemas.api import ProblemAnswer
from schemas.calls import Call, Parameter
from schemas.examples import EXAMPLES
from schemas.problems import PROBLEMS
from schemas.vocabulary import SuspenseReason
from tests.contract.api.conftest import Api

READS = [call for call in vars(calls).values() if isinstance(call, Call)]


async def test_the_document_is_valid_openapi_3_1(api: Api) -> None:
    document = await api.get("/openapi.json")
    validate(document, cls=OpenAPIV31SpecValidator)
    assert document["openapi"] == "3.1.0"


async def test_every_route_is_documented_and_every_documented_route_exists(api: Api) -> None:
    documented = {
        (method.upper(), path)
        for path, methods in (await api.get("/openapi.json"))["paths"].items()
        for method in methods
    }
    app = api.client.server.app  # type: ignore[attr-defined]
    served = {
        (route.method, route.resource.canonical) for route in app.router.routes() if route.method != "HEAD"
    }
    assert (
        served - {("GET", path) for path in ("/livez", "/readyz", "/openapi.json", "/asyncapi.json", "/docs")}
        == documented
    )


def test_path_parameters_and_braces_agree() -> None:
    for call in READS:
        named = {one.name for one in call.parameters if one.where == "path"}
        assert named == set(re.findall(r"{(\w+)}", call.path))


def test_every_call_names_known_problems_and_has_an_indonesian_summary() -> None:
    for call in READS:
        assert set(call.problems) <= set(PROBLEMS)
        assert call.summary_id != call.summary


async def test_the_page_shows_every_call_and_needs_nothing_from_elsewhere(api: Api) -> None:
    english, indonesian = [
        await (await api.client.get("/docs", headers={"Accept-Language": language})).text()
        for language in ("en", "id")
    ]
    for call in api.calls:
        for page in (english, indonesian):
            assert f'id="{call.operation}"' in page
            assert call.path in page
        assert escape(call.summary) in english
        assert escape(call.summary_id) in indonesian
    response = await api.client.get("/docs")
    assert response.status == 200
    assert english.count("<script") == english.count("<script>") == 1
    assert not re.search(
        r"<(img|iframe)\b|(src|href|action)=.https?://|@import|url\(|<link(?! rel=\"icon\" href=\"data:)",
        english,
    )
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    for part, tag in (("style-src", "style"), ("script-src", "script")):
        content = english.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{part} 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(("query", "languages", "expected"), [
    ("", "", "en"), ("", "id-ID,id;q=0.9,en;q=0.8", "id"), ("", "en-US,id;q=0.5", "en"),
    ("?lang=id", "en", "id"), ("?lang=en", "id", "en"), ("?lang=xx", "id", "id"),
])  # fmt: skip
async def test_the_page_speaks_the_language_of_the_browser_or_the_one_asked_for(
    api: Api, query: str, languages: str, expected: str
) -> None:
    response = await api.client.get(f"/docs{query}", headers={"Accept-Language": languages})
    assert f'<html lang="{expected}">' in await response.text()
    assert response.headers["Content-Language"] == expected
    assert response.headers["Vary"] == "Accept-Language"


async def test_every_call_has_an_example_to_paste_and_one_of_its_answer(api: Api) -> None:
    document = await api.get("/openapi.json")
    page = unescape(await (await api.client.get("/docs")).text())
    for call in api.calls:
        operation = document["paths"][call.path][call.method.lower()]
        section = page.partition(f'id="{call.operation}"')[2].partition("</section>")[0]
        command, answer = re.findall(r"<pre[^>]*>(.*?)</pre>", section, re.DOTALL)
        assert command.startswith("curl -sS")
        assert "{customer_id}" not in command
        assert "@body" not in command
        for parameter in call.parameters:
            assert parameter.example or not parameter.required
        shown = answer_in(operation["responses"][str(min(call.answers))])["example"]
        assert json.loads(answer) == shown


async def test_the_examples_are_what_the_models_say(api: Api) -> None:
    models = {
        model for call in api.calls for model in (*call.answers.values(), call.body, call.refusal) if model
    }
    assert models | {ProblemAnswer} == set(EXAMPLES)
    for model, example in EXAMPLES.items():
        model.model_validate_json(json.dumps(example))
        left_out = set(model.model_fields) - set(example)
        assert all(not model.model_fields[name].is_required() for name in left_out)


async def test_every_description_speaks_two_languages(api: Api) -> None:
    described = set(_descriptions((await api.get("/openapi.json"))["components"]))
    for call in api.calls:
        described |= {call.description, *(one.description for one in call.parameters)}
    on_the_page = unescape(await (await api.client.get("/docs")).text()).replace("<code>", "`")
    on_the_page = on_the_page.replace("</code>", "`")
    shown = {text for text in described if text and text in on_the_page}
    assert shown - set(INDONESIAN) == set()
    assert set(INDONESIAN) - described == set()


def _descriptions(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("description"), str):
            yield part["description"]
        for value in part.values():
            yield from _descriptions(value)


async def test_every_link_on_the_page_has_its_target(api: Api) -> None:
    page = await (await api.client.get("/docs")).text()
    targets = re.findall(r'\bid="([^"]+)"', page)
    assert len(targets) == len(set(targets))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(targets)
    for model in re.findall(r'href="#type-(\w+)"', page):
        section = page.partition(f'id="type-{model}"')[2].partition("</section>")[0]
        assert "<tbody>" in section


def test_texts_of_calls_cannot_break_the_page() -> None:
    hostile = Call(
        "x",
        "GET",
        "/x",
        "<b>&",
        "<i>",
        {200: calls.GET_BALANCE.answers[200]},
        parameters=(Parameter("<u>", "query", "<s>", required=True, example="<em>"),),
        description="`<b>`",
    )
    documentation = Documentation(document_of([hostile]), {"x": "<i>"})
    for page in (documentation.page("en"), documentation.page("id")):
        for markup in ("<b>", "<i>", "<u>", "<s>", "<em>"):
            assert markup not in page


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_speaks_two_languages(code: str) -> None:
    kind = PROBLEMS[code]
    assert kind.en != kind.id
    assert set(re.findall(r"{(\w+)}", kind.en)) == set(re.findall(r"{(\w+)}", kind.id))


async def test_health_needs_no_key(api: Api) -> None:
    document: Any = await (await api.client.get("/livez")).json()
    assert document["status"] == "alive"
    assert (await api.client.get("/readyz")).status == 200


def test_closed_sets_are_named_and_nothing_lists_its_values_in_place() -> None:
    document = document_of([PUT_CUSTOMER, *READS])
    schemas = document["components"]["schemas"]
    for name in (
        "PaymentStatus", "SubscriptionStatus", "EnrollmentStatus", "DeliveryStatus", "SuspenseReason", "PaymentMethod",
        "ProviderName", "EventType", "ProblemCode", "LedgerUnit", "StepKind",
    ):  # fmt: skip
        assert schemas[name]["enum"], name
    for name, model in schemas.items():
        assert not list(_under("enum", model.get("properties", {}))), name
    assert not list(_under("enum", document["paths"]))
    assert schemas["ProviderName"]["enum"] == list(PROVIDERS)
    assert schemas["ProblemCode"]["enum"] == list(PROBLEMS)


def test_every_reason_that_money_is_held_for_is_of_the_set() -> None:
    told = {code.removeprefix("reason.") for code in REASONS if code.startswith("reason.")}
    assert set(get_args(SuspenseReason.__value__)) == told


async def test_the_document_names_the_address_that_the_caller_has_reached(api: Api) -> None:
    document = await api.get("/openapi.json")
    assert document["servers"] == [{"url": str(api.client.make_url("")).rstrip("/")}]
    strange = await api.get("/openapi.json", Host="evil.example/<script>")
    assert strange["servers"] == [{"url": "/"}]


async def test_behind_a_proxy_the_document_names_the_address_that_was_set() -> None:
    documentation = Documentation(document_of(READS), {}, "https://pay.example/lunas")
    app = web.Application()
    app.add_routes(documentation.routes())
    async with TestClient(TestServer(app)) as client:
        assert (await (await client.get("/openapi.json")).json())["servers"] == [
            {"url": "https://pay.example/lunas"}
        ]


async def test_every_call_has_a_group_and_every_link_leads_to_a_call_with_such_parameters(api: Api) -> None:
    document = await api.get("/openapi.json")
    groups = {tag["name"] for tag in document["tags"]}
    by_name = {call.operation: call for call in api.calls}
    for call in api.calls:
        assert {call.tag} <= groups, call.operation
        for link in call.links:
            taken = {one.name for one in by_name[link.operation].parameters}
            assert set(link.parameters) <= taken, link.name


async def test_every_text_and_number_that_a_caller_gives_has_declared_limits(api: Api) -> None:
    document = await api.get("/openapi.json")
    for call in api.calls:
        for one in document["paths"][call.path][call.method.lower()].get("parameters", ()):
            limits = set(one["schema"])
            assert limits & {"$ref", "maxLength", "pattern", "maximum"}, (call.operation, one["name"])
        if call.body is not None:
            for name, field in document["components"]["schemas"][call.body.__name__]["properties"].items():
                closed = "enum" in field or field.get("type") == "boolean"
                bounds = [one for key in ("maxLength", "maximum", "maxItems") for one in _under(key, field)]
                assert closed or bounds, name
    (limit,) = {
        one["schema"]["maximum"]
        for methods in document["paths"].values()
        for one in methods.get("get", {}).get("parameters", ())
        if one["name"] == "limit"
    }
    assert limit == 5  # what the fixture's setting says


def _under(key: str, part: Any) -> Iterator[Any]:
    if isinstance(part, dict):
        if key in part:
            yield part[key]
        for value in part.values():
            yield from _under(key, value)
    elif isinstance(part, list):
        for value in part:
            yield from _under(key, value)


async def test_every_body_and_answer_is_one_object_whose_fields_generated_clients_can_name(api: Api) -> None:
    schemas = (await api.get("/openapi.json"))["components"]["schemas"]
    for name, schema in schemas.items():
        assert not {"anyOf", "oneOf", "allOf"} & set(schema), name
        assert schema.get("properties") or "enum" in schema, name


async def test_nothing_on_the_page_is_without_a_meaning_in_either_language(api: Api) -> None:
    document = await api.get("/openapi.json")
    for name, model in document["components"]["schemas"].items():
        for field, schema in model.get("properties", {}).items():
            assert schema.get("description"), f"{name}.{field}"
            assert schema["description"] in INDONESIAN, schema["description"]
    for language in ("en", "id"):
        page = await (await api.client.get(f"/docs?lang={language}")).text()
        body = page.partition("<main")[2]
        assert not re.findall(r"<tr[^>]*>(?:(?!</tr>).)*<td></td></tr>", body)


async def test_every_word_of_every_closed_set_is_listed_with_what_it_means(api: Api) -> None:
    document = await api.get("/openapi.json")
    sets = {
        name: model["enum"] for name, model in document["components"]["schemas"].items() if "enum" in model
    }
    assert {"SuspenseReason", "EventType", "ProblemCode", "PaymentStatus"} <= set(sets)
    pages = [await (await api.client.get(f"/docs?lang={language}")).text() for language in ("en", "id")]
    for name, words in sets.items():
        for page in pages:
            section = page.partition(f'id="type-{name}"')[2].partition("</section>")[0]
            told = re.findall(r'<th scope="row"><code>(.*?)</code></th><td>(.+?)</td>', section)
            assert [word for word, _ in told] == words
        assert all(language for pair in (SET_MEANINGS[name][word] for word in words) for language in pair)


async def test_the_contents_lead_to_every_call_by_its_group(api: Api) -> None:
    page = await (await api.client.get("/docs?lang=en")).text()
    places = set(re.findall(r'id="([^"]+)"', page))
    for menu in ("<aside", '<details class="menu"'):
        contents = page.partition(menu)[2].partition("</nav>")[0]
        links = re.findall(r'href="#([^"]+)"', contents)
        assert {call.operation for call in api.calls} <= set(links) <= places
        assert len(links) == len(set(links))
        for call in api.calls:
            assert f'<a href="#{call.operation}"><span class="badge {call.method.lower()}">' in contents
