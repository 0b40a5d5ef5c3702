"""Loads named statements from `.sql` files, so that SQL lives in files and is never put together from strings.

A statement starts with a heading `-- name: what it does in one line`; everything up to the next heading belongs to it.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_HEADING = re.compile(r"^-- ([a-z][a-z0-9_]*): .+$", re.MULTILINE)


@cache
def load(file: str, package: str = "eventstore") -> dict[str, str]:
    """Statements of `<package>/sql/<file>` by name. Raises ValueError when a name is given twice or there is none."""
    text = resources.files(package).joinpath("sql", file).read_text(encoding="utf-8")
    return parse(text)


def parse(text: str) -> dict[str, str]:
    """Statements by name. Other comments stay part of their statement."""
    headings = list(_HEADING.finditer(text))
    if not headings:
        raise ValueError("no `-- name: description` heading")
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    statements: dict[str, str] = {}
    for heading, end in zip(headings, ends, strict=True):
        name = heading.group(1)
        if name in statements:
            raise ValueError(f"statement {name} is there twice")
        statements[name] = text[heading.end() : end].strip().rstrip(";")
    return statements
