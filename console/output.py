"""How the command prints: data on stdout, talk on stderr, colour only for people at a terminal."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import click

from console.language import current
from console.times import iso
from schemas.languages import Language

Style = str | None
"""A colour name of click's, or None."""

GAP = "  "
_SWAPPED = str.maketrans(",.", ".,")
_COLOUR = re.compile(r"(\x1b\[(?:0|3[1-6]|90)m)")
"""What `paint` writes. No other: text can be hidden by a style, or by the colour of its background."""


def print_json(document: object) -> None:
    """The one JSON document of a command called with `--json`."""
    click.echo(as_json_text(document))


def as_json_text(document: object) -> str:
    """It as commands and the console's calls for programs write it."""
    written = json.dumps(document, default=_json_value, ensure_ascii=False, indent=2)
    try:
        written.encode("utf-8")
    except UnicodeEncodeError:
        # A header may have held bytes that are no text; an escape carries them.
        written = json.dumps(document, default=_json_value, indent=2)
    return written


def json_line(document: object) -> str:
    """A document on one line, of a command that goes on: each line is one."""
    return json.dumps(document, default=_json_value, separators=(",", ":"))


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
    """Columns in line; `right` holds the indexes of columns that are numbers. At a terminal every row fits on one line."""
    width = terminal_width()
    for line in table_lines(headings, rows, right, width):
        print_data(line)


def table_lines(
    headings: Sequence[str],
    rows: Sequence[Sequence[object]],
    right: Sequence[int] = (),
    width: int | None = None,
) -> list[str]:
    """The lines of a table, its headings first. Within `width` sentences lose their ends; where that is not enough, rows go on in further lines.

    Ids, times and amounts are whole in any width, so that they can be copied; only what is wider than the terminal itself is cut.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(_width(row[index]) for row in (list(headings), *cells)) for index in range(len(headings))]
    parts = [range(len(headings))]
    if width is not None and _length(widths) > width:
        narrow = _narrowed(
            widths, [_least(heading, at, cells, right) for at, heading in enumerate(headings)], width
        )
        # In several lines there is room for whole sentences.
        widths, parts = (narrow, parts) if _length(narrow) <= width else _parts(widths, width)
    lines = [paint(line, "bright_black") for line in _row(headings, widths, right, parts)]
    return lines + [line for row in cells for line in _row(row, widths, right, parts)]


def terminal_width() -> int | None:
    """How much fits on a line of the terminal; None when a pipe or a file takes everything."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


INDENT = "    "
"""Before what a row goes on with in its next line."""
LEAST_SENTENCE = 24
"""What is longer and has blanks is a sentence; it is not cut shorter than this."""


def _least(heading: str, at: int, cells: Sequence[Sequence[str]], right: Sequence[int]) -> int:
    """How narrow a column may become: nothing is taken from what somebody may want to copy."""
    whole = [len(heading)]
    for row in cells:
        long = _width(row[at])
        sentence = long > LEAST_SENTENCE and " " in row[at] and at not in right
        whole.append(LEAST_SENTENCE if sentence else long)
    return max(whole)


def _narrowed(widths: Sequence[int], least: Sequence[int], width: int) -> list[int]:
    """Takes from the widest column that can give, until the line fits or none can."""
    narrow = list(widths)
    while _length(narrow) > width:
        able = [at for at in range(len(narrow)) if narrow[at] > least[at]]
        if not able:
            break
        narrow[max(able, key=lambda at: narrow[at])] -= 1
    return narrow


def _parts(widths: Sequence[int], width: int) -> tuple[list[int], list[range]]:
    """How wide each column is, and which stand in a row's first line, which in its second, and so on; none is wider than a line."""
    room = max(width - len(INDENT), 1)
    capped = [min(each, room) for each in widths]
    parts: list[range] = []
    begin = 0
    for at in range(len(capped)):
        if at > begin and _length(capped[begin : at + 1]) > (room if parts else width):
            parts.append(range(begin, at))
            begin = at
    return capped, [*parts, range(begin, len(capped))]


def _length(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _row(
    cells: Sequence[str], widths: Sequence[int], right: Sequence[int], parts: Sequence[range]
) -> Iterator[str]:
    for number, part in enumerate(parts):
        cut = [_cut(cells[at], widths[at]) for at in part]
        line = _line(cut, [widths[at] for at in part], [at - part.start for at in right if at in part])
        yield INDENT + line if number else line


def _cut(cell: str, width: int) -> str:
    plain = click.unstyle(cell)
    return cell if len(plain) <= width else plain[: width - 1] + "…"


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


def rupiah(amount: int | None, speaks: Language | None = None) -> str:
    """`Rp 50,000` in English, `Rp 50.000` in Indonesian, `-` for an unknown amount. `speaks`: for papers in a language of their own."""
    return "-" if amount is None else f"Rp {number(amount, speaks)}"


def number(value: int, speaks: Language | None = None) -> str:
    """An integer with the thousands separator of the language."""
    return f"{value:,}" if (speaks or current()) == "en" else f"{value:,}".replace(",", ".")


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
