"""How the command prints: data on stdout, talk on stderr, colour only for people at a terminal."""

from __future__ import annotations

import json
import os
import re
import sys
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import click

from console.language import current
from console.times import iso

Style = str | None
"""A colour name of click's, or None."""

GAP = "  "
_SWAPPED = str.maketrans(",.", ".,")
_COLOUR = re.compile(r"(\x1b\[(?:0|3[1-6]|90)m)")
"""What `paint` writes. No other: text can be hidden by a style, or by the colour of its background."""


def print_json(document: object) -> None:
    """The one JSON document of a command called with `--json`."""
    written = json.dumps(document, default=_json_value, ensure_ascii=False, indent=2)
    try:
        written.encode("utf-8")
    except UnicodeEncodeError:
        # A header may have held bytes that are no text; an escape carries them.
        written = json.dumps(document, default=_json_value, indent=2)
    click.echo(written)


def print_data(line: str = "") -> None:
    """A line of the answer."""
    click.echo(tame(line, keep="\n\t"), color=coloured(sys.stdout))


def talk(line: str = "") -> None:
    """A line for the person, not for a program: progress, hints, what was done."""
    click.echo(tame(line, keep="\n\t"), err=True, color=coloured(sys.stderr))


def coloured(stream: Any) -> bool:
    """True when `stream` is a terminal and nobody asked for plain text (https://no-color.org)."""
    if stream is None:  # a script closed it
        return False
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and bool(stream.isatty())


def paint(text: str, style: Style) -> str:
    """`text` in a colour; removed again by `print_data` and `talk` when nobody could see it."""
    return click.style(text, fg=style) if style else text


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[int] = ()) -> None:
    """Columns in line; `right` holds the indexes of columns that are numbers."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(_width(row[index]) for row in (list(headings), *cells)) for index in range(len(headings))]
    print_data(paint(_line(headings, widths, right), "bright_black"))
    for row in cells:
        print_data(_line(row, widths, right))


def tame(words: str, keep: str = "") -> str:
    """`words` without characters that could move the cursor or hide text: what providers and strangers wrote is shown, not obeyed.

    Our colours stay; so do the characters of `keep`.
    """
    if words.isprintable():
        return words
    return "".join(
        piece if _COLOUR.fullmatch(piece) else "".join(_visible(character, keep) for character in piece)
        for piece in _COLOUR.split(words)
    )


def _visible(character: str, keep: str) -> str:
    if character.isprintable() or character in keep:
        return character
    return character.encode("unicode_escape").decode("ascii")


def rupiah(amount: int | None) -> str:
    """`Rp 50,000` in English, `Rp 50.000` in Indonesian, `-` for an unknown amount."""
    return "-" if amount is None else f"Rp {number(amount)}"


def number(value: int) -> str:
    """An integer with the thousands separator of the language."""
    return f"{value:,}" if current() == "en" else f"{value:,}".replace(",", ".")


def decimal(value: float, places: int = 1) -> str:
    """`0.4` in English, `0,4` in Indonesian."""
    shown = f"{value:,.{places}f}"
    return shown if current() == "en" else shown.translate(_SWAPPED)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return tame(str(value))


def _width(cell: str) -> int:
    return len(click.unstyle(cell))


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    padded = []
    for index, cell in enumerate(cells):
        space = " " * (widths[index] - _width(cell))
        padded.append(space + cell if index in right else cell + space)
    return GAP.join(padded).rstrip()


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value.astimezone(UTC))
    if isinstance(value, uuid.UUID | Decimal):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    raise TypeError(f"{type(value).__name__} has no JSON form")
