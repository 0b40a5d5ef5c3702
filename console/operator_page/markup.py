"""Pieces of HTML for the operator page. Every value is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from api.markup import prose


@dataclass(frozen=True, slots=True)
class Bad:
    """A value that needs a person; shown in another colour, beside words that say the same."""

    value: str


Cell = str | int | Bad


def table(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]], numbers: Sequence[int] = ()
) -> str:
    """A table under a heading; the first column names its rows, `numbers` are the columns that align right."""
    head = "".join(
        f'<th scope="col"{_aligned(index, numbers)}>{escape(heading)}</th>'
        for index, heading in enumerate(headings)
    )
    body = "".join(f"<tr>{_row(row, numbers)}</tr>" for row in rows)
    return f"<h2>{escape(title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: Sequence[Cell], numbers: Sequence[int]) -> str:
    first, *others = row
    cells = "".join(
        f"<td{_aligned(index, numbers)}>{_value(cell)}</td>" for index, cell in enumerate(others, 1)
    )
    return f'<th scope="row">{_value(first)}</th>{cells}'


def _value(cell: Cell) -> str:
    if isinstance(cell, Bad):
        return f'<span class="bad">{prose(cell.value)}</span>'
    return prose(str(cell))


def _aligned(index: int, numbers: Sequence[int]) -> str:
    return ' class="n"' if index in numbers else ""
