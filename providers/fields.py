"""Which fields the bodies of a provider's webhooks have, by path and type: those that are in its file `fields.txt`, and those of one body. Pure.

The files are made from the recorded bodies that translation is tested with (`python -m tests.known_fields`): what stands in one of them is
known, whether we use it or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

PLAIN = re.compile(r"(?!(?:[^0-9]*[0-9]){5})[A-Za-z_][A-Za-z0-9_-]{0,47}")
"""How providers name fields. Another key may be anybody's name or number, and is told as `*`; so is one of many digits, which is an id and another one
in every body."""
FREE = frozenset(
    {
        "metadata",
        "extraData",
        "extra_data",
        "additionalInfo",
        "message_data",
        "message_variables",
        "custom_fields",
    }
)
"""What stands below is whoever made the payment's: any field may."""
DEEPEST = 12
MOST = 500  # fields of one body; every real one has fewer than a hundred

EMPTY = "null"
"""The type of a field that was never recorded with a value: whatever it holds one day is what it is for."""

Field = tuple[str, str]
"""Path and type."""


def fields_of(body: Any) -> set[Field]:
    """Every field of a body. Null says nothing about a type, and elements of a list share one path."""
    found: set[Field] = set()
    for field in _walk(body, "", 0):
        found.add(field)
        if len(found) >= MOST:
            break
    return found


@cache
def known_fields(provider: str) -> frozenset[Field]:
    """Those of its file; none where it has none, and then nothing is a stranger."""
    file = resources.files(f"providers.{provider}") / "fields.txt"
    if not file.is_file():
        return frozenset()
    lines = file.read_text(encoding="utf-8").splitlines()
    return frozenset((path, shape) for path, _, shape in (line.partition(" ") for line in lines) if shape)


def strangers_of(provider: str, body: Any) -> set[Field]:
    """Fields of a body that its provider's file does not know. What stands below one that was always empty is part of it."""
    known = known_fields(provider)
    empty = tuple(path for path, shape in known if shape == EMPTY)
    below = tuple(f"{path}{mark}" for path in empty for mark in ".[")
    return {one for one in fields_of(body) - known if one[0] not in empty and not one[0].startswith(below)}


def empty_fields_of(body: Any) -> set[str]:
    """Paths of the fields that a body names and leaves empty."""
    found: set[str] = set()
    for path, value in _parts(body, "", 0):
        if value is None and path:
            found.add(path)
        if len(found) >= MOST:
            break
    return found


def _walk(part: Any, path: str, depth: int) -> Iterator[Field]:
    for found, value in _parts(part, path, depth):
        if found and value is not None:
            yield found, _shape(value)


def _parts(part: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Every part of a body with its path."""
    yield path, part
    if depth >= DEEPEST or path.rpartition(".")[2].removesuffix("[]") in FREE:
        return
    if isinstance(part, dict):
        for key, value in part.items():
            name = key if PLAIN.fullmatch(key) else "*"
            yield from _parts(value, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(part, list):
        for value in part:
            yield from _parts(value, f"{path}[]", depth + 1)


def _shape(part: Any) -> str:
    if isinstance(part, bool):
        return "boolean"
    if isinstance(part, dict):
        return "object"
    if isinstance(part, list):
        return "array"
    return "string" if isinstance(part, str) else "number"
