"""Where in a TOML text a validation error sits; the parser keeps no positions, so the text is searched."""

from __future__ import annotations

import re
from collections.abc import Sequence


def line_of(text: str, path: Sequence[str | int]) -> int:
    """1-based line of the deepest part of `path` that the text shows, for example `("products", 2, "price_idr")`."""
    lines = text.splitlines()
    at = 0
    for index, part in enumerate(path):
        if isinstance(part, int):
            continue
        following = path[index + 1] if index + 1 < len(path) else None
        found = _header(lines, str(part), following) if index == 0 else _key(lines, at, str(part))
        if found is None:
            break
        at = found
    return at + 1


def line_naming(text: str, message: str) -> int:
    """1-based last line that holds the text which `message` quotes, as a value or as a table's name; 1 when it quotes none.

    A line that gives it to the key which `message` names before the quotation, as in `the product id "gold"`, comes first.
    """
    quoted = re.findall(r'"[^"]+"', message)
    lines = text.splitlines()
    for key, value in re.findall(r'(\w+) ("[^"]+")', message)[-1:]:
        given = re.compile(rf"\b{key}\s*=\s*{re.escape(value)}")
        numbers = [number for number, line in enumerate(lines, 1) if given.search(line)]
        if numbers:
            return numbers[-1]
    named = (quoted[-1], f".{quoted[-1].strip(chr(34))}]") if quoted else ()
    return max((n for n, line in enumerate(lines, 1) if any(one in line for one in named)), default=1)


def _header(lines: list[str], name: str, following: object) -> int | None:
    nth = following if isinstance(following, int) else 0
    pattern = re.compile(rf"\s*\[\[?\s*{re.escape(name)}\b")
    matches = [number for number, line in enumerate(lines) if pattern.match(line)]
    if nth < len(matches):
        return matches[nth]
    return _key(lines, 0, name)


def _key(lines: list[str], start: int, name: str) -> int | None:
    key = re.compile(rf"(.*[\s{{,.])?[\"']?{re.escape(name)}[\"']?\s*=")
    for number in range(start, len(lines)):
        if number > start and lines[number].lstrip().startswith("[["):
            break
        if key.match(lines[number].split("#")[0]):
            return number
    header = re.compile(rf"\s*\[[^\]]*\b{re.escape(name)}\s*\]")
    return next((n for n in range(start, len(lines)) if header.match(lines[n])), None)
