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

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,47}")
"""How providers name fields. Another key may be anybody's name or number, and is told as `*`."""
FREE = frozenset({"metadata", "extraData", "extra_data", "additionalInfo", "message_data", "custom_fields"})
"""What stands below is whoever made the payment's: any field may."""
DEEPEST = 12
MOST = 500  # fields of one body; every real one has fewer than a hundred

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


def _walk(part: Any, path: str, depth: int) -> Iterator[Field]:
    if part is None:
        return
    if path:
        yield path, _shape(part)
    if depth >= DEEPEST or path.rpartition(".")[2].removesuffix("[]") in FREE:
        return
    if isinstance(part, dict):
        for key, value in part.items():
            name = key if PLAIN.fullmatch(key) else "*"
            yield from _walk(value, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(part, list):
        for value in part:
            yield from _walk(value, f"{path}[]", depth + 1)


def _shape(part: Any) -> str:
    if isinstance(part, bool):
        return "boolean"
    if isinstance(part, dict):
        return "object"
    if isinstance(part, list):
        return "array"
    return "string" if isinstance(part, str) else "number"
