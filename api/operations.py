"""What the page says of one call: an example with its answer, parameters, body, answers."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import orjson

from api.commands import JSON, Taken, answer_in, example_command
from api.kinds import fields, headings, kind, resolve
from api.markup import badge, listing, pretty, prose, table
from api.openapi import Document
from api.words import translate, word
from schemas.languages import Language


def operation_section(
    document: Document,
    language: Language,
    title: str,
    method: str,
    path: str,
    operation: Document,
    made: Mapping[str, Taken],
) -> str:
    """One call. `made`: ids in its example that come from other calls."""
    name = escape(operation["operationId"])
    note = (
        f"<p>{prose(translate(operation['description'], language))}</p>" if "description" in operation else ""
    )
    return (
        f'<section class="call" id="{name}"><h2>{escape(title)}</h2>'
        f'<p class="path">{badge(method)} <code>{escape(path)}</code></p>'
        f'<div class="side"><div>{_examples(method, path, operation, made, language)}</div></div>'
        f'<div class="text">{note}{_parameters(operation, language)}'
        f"{_body(document, operation, language)}{_answers(document, operation, language)}</div></section>"
    )


def _examples(
    method: str, path: str, operation: Document, made: Mapping[str, Taken], language: Language
) -> str:
    command = example_command(method, path, operation, made)
    parts = [listing(command.text, word("example", language))]
    if command.takes:
        told = (
            word("taken", language).format(
                variable=f"<code>{escape(one.variable)}</code>",
                field=f"<code>{escape(one.field)}</code>",
                call=f'<a href="#{escape(one.operation)}"><code>{escape(one.operation)}</code></a>',
            )
            for one in command.takes
        )
        parts.append(f'<p class="soft">{" ".join(told)}</p>')
    for response in operation["responses"].values():
        if "example" in answer_in(response):
            parts.append(listing(pretty(answer_in(response)["example"]), word("example_answer", language)))
            break
    return "".join(parts)


def _parameters(operation: Document, language: Language) -> str:
    rows = [
        (
            f"<code>{escape(one['name'])}</code>",
            ", ".join(_traits(one, language)),
            prose(translate(one["description"], language)),
        )
        for one in operation.get("parameters", ())
    ]
    return table(word("parameters", language), headings(language), rows)


def _traits(parameter: Document, language: Language) -> list[str]:
    """Markup: where it stands, its type and its limits."""
    schema = parameter["schema"]
    said = (
        ("minimum", "≥ {}"),
        ("maximum", "≤ {}"),
        ("minLength", word("at_least", language)),
        ("maxLength", word("at_most", language)),
    )
    traits = [escape(parameter["in"]), kind(schema, language)]
    traits += [escape(text.format(schema[limit])) for limit, text in said if limit in schema]
    if "pattern" in schema:
        traits.append(f"<code>{escape(schema['pattern'])}</code>")
    if parameter["required"]:
        traits.append(escape(word("required", language)))
    return traits


def _body(document: Document, operation: Document, language: Language) -> str:
    if "requestBody" not in operation:
        return ""
    model = resolve(document, operation["requestBody"]["content"][JSON]["schema"])
    return table(
        word("body", language),
        headings(language),
        fields(model, language, required=model.get("required", ())),
    )


def _answers(document: Document, operation: Document, language: Language) -> str:
    """The fields once per schema, whatever the number of statuses that carry it; then the problems."""
    statuses: dict[str, list[str]] = {}
    problems = []
    for status, response in operation["responses"].items():
        if answered := answer_in(response):
            statuses.setdefault(orjson.dumps(answered["schema"]).decode(), []).append(status)
        else:
            codes = response["description"].removeprefix("Codes: ").split(", ")
            problems += [f'<a href="#{code}"><code>{code}</code></a> ({status})' for code in codes]
    tables = [
        table(
            f"{word('answer', language)} {', '.join(of_schema)}",
            headings(language),
            fields(resolve(document, orjson.loads(schema)), language),
        )
        for schema, of_schema in statuses.items()
    ]
    return f"{''.join(tables)}<p>{escape(word('problems', language))}: {', '.join(problems)}</p>"
