"""Loads named statements from `.sql` files, so that SQL lives in files and is never put together from strings.

A statement starts with a heading `-- name: what it does in one line`; everything up to the next heading belongs to it. Whole statements
may be joined into one, because every round trip adds to the time until a payment is visible.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

Piece = tuple[str, tuple[object, ...]]
"""A statement and its arguments, to be joined with others."""

_PARAMETER = re.compile(r"\$(\d+)")
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


@cache
def in_one_statement(parts: tuple[tuple[str, str], ...], last: str) -> str:
    """Named statements, then `last`, as one: one round trip, and all or nothing.

    Each part numbers its parameters from 1; here they follow those of the part before. A part may use the names of
    those before it as tables, and `last` all of them, and the parameters of the first part by their numbers. All parts see the tables as they were before: none may rely on another.
    """
    used = 0
    written: list[str] = []
    for name, text in parts:
        written.append(f"{name} AS ({_shifted(text, used)})")
        used += _highest(text)
    return "WITH " + ",\n".join(written) + "\n" + last


def _shifted(text: str, by: int) -> str:
    return _PARAMETER.sub(lambda parameter: f"${int(parameter[1]) + by}", text)


def _highest(text: str) -> int:
    return max((int(number) for number in _PARAMETER.findall(text)), default=0)
