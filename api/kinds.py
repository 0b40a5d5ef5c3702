"""Types as the page shows them: the fields of a model, and every model that stands inside another."""

from __future__ import annotations

from collections.abc import Collection
from html import escape
from typing import Any

from api.markup import prose, table
from api.openapi import Document
from api.set_meanings import SET_MEANINGS
from api.words import translate, word
from schemas.languages import Language


def type_sections(document: Document, language: Language) -> str:
    """The fields of everything that stands inside a body or an answer."""
    tables = []
    for name in _mentioned(document):
        model = document["components"]["schemas"][name]
        if "enum" in model:
            continue
        note = translate(model.get("description", ""), language)
        tables.append(
            f'<section id="type-{escape(name)}"><h3>{escape(name)}</h3>{f"<p>{prose(note)}</p>" if note else ""}'
            f"{table('', headings(language), fields(model, language))}</section>"
        )
    return f'<section id="types"><h2>{escape(word("types", language))}</h2></section>{"".join(tables)}'


def set_sections(document: Document, language: Language) -> str:
    """Every closed set: its words, and what each means."""
    schemas = document["components"]["schemas"]
    sets = [_set_section(name, model, language) for name, model in sorted(schemas.items()) if "enum" in model]
    return f'<section id="sets"><h2>{escape(word("sets", language))}</h2></section>{"".join(sets)}'


def _set_section(name: str, model: Document, language: Language) -> str:
    """The words of a closed set."""
    meanings = SET_MEANINGS.get(name, {})
    at = 1 if language == "id" else 0
    rows = [
        (f"<code>{escape(value)}</code>", prose(meanings.get(value, ("", ""))[at])) for value in model["enum"]
    ]
    return (
        f'<section id="type-{escape(name)}"><h3>{escape(name)}</h3>'
        f"{table('', [word('one_of', language), word('meaning', language)], rows)}</section>"
    )


def headings(language: Language) -> list[str]:
    """Of a table of fields."""
    return [word(name, language) for name in ("name", "type", "meaning")]


def fields(model: Document, language: Language, required: Collection[str] = ()) -> list[tuple[str, str, str]]:
    """Rows of markup: name, type, meaning."""
    return [
        (
            f"<code>{escape(name)}</code>",
            kind(field, language) + (f", {escape(word('required', language))}" if name in required else ""),
            prose(translate(field.get("description", ""), language)),
        )
        for name, field in model.get("properties", {}).items()
    ]


def resolve(document: Document, schema: Document) -> Document:
    """The model that a reference names."""
    found = schema
    if "$ref" in schema:
        found = document["components"]["schemas"][_named(schema)]
    return found


def _named(schema: Document) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def kind(field: dict[str, Any], language: Language) -> str:
    """Markup: a type that has fields of its own links to them."""
    if "$ref" in field:
        name = escape(_named(field))
        return f'<a href="#type-{name}">{name}</a>'
    if "anyOf" in field:
        return f" {escape(word('or', language))} ".join(kind(one, language) for one in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"<code>{escape(str(value))}</code>" for value in field["enum"])
    if field.get("type") == "array":
        return f"{escape(word('list_of', language))} {kind(field.get('items', {}), language)}"
    return escape(str(field.get("format") or field.get("type") or "any"))


def _mentioned(document: Document) -> list[str]:
    """Names of types that stand inside another, by name."""
    found: set[str] = set()
    for model in document["components"]["schemas"].values():
        found.update(_references(model.get("properties", {})))
    for methods in document["paths"].values():
        for operation in methods.values():
            found.update(_references([one["schema"] for one in operation.get("parameters", ())]))
    return sorted(found)


def _references(part: object) -> set[str]:
    if isinstance(part, dict):
        own = {_named(part)} if "$ref" in part else set()
        return own.union(*(_references(value) for value in part.values()))
    if isinstance(part, list):
        return set().union(*(_references(value) for value in part))
    return set()
