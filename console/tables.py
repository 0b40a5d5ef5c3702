"""Tables and lists of fields as people read them: every column is a field of what the same command prints with `--json`, and has its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.messages import text, value
from console.output import number, print_data, rupiah, table_lines, tame, terminal_width
from console.times import short_moment

Item = Mapping[str, Any]
"""One object of `--json`, before it is written."""


@dataclass(frozen=True, slots=True)
class Column:
    """`field`: the name that it has in `--json`. `shown`: what of an item stands in the cell. `unit`: that of the cell, where `--json` has another."""

    field: str
    shown: Callable[[Item], object]
    right: bool = False
    unit: str = ""

    @property
    def heading(self) -> str:
        return text(f"column.{self.field}") + (f" ({self.unit})" if self.unit else "")

    def cell(self, item: Item) -> object:
        """Raises KeyError for a field that `--json` does not have: such a column would be found by nobody who goes on with a program."""
        item[self.field]
        return self.shown(item)


def plain(field: str, *, right: bool = False) -> Column:
    """The value itself; a dash for none."""
    return Column(field, lambda item: item[field], right)


def word(field: str) -> Column:
    """A code of a closed set, in words."""
    return Column(field, lambda item: None if item[field] is None else value(item[field]))


def count(field: str) -> Column:
    """A whole number."""
    return Column(field, lambda item: None if item[field] is None else number(item[field]), right=True)


def money(field: str) -> Column:
    """Whole rupiah."""
    return Column(field, lambda item: rupiah(item[field]), right=True)


def when(field: str) -> Column:
    """A moment, in WIB; `--json` has it in UTC."""
    return Column(field, lambda item: _moment(item[field]), unit="WIB")


def listed(field: str) -> Column:
    """Several words."""
    return Column(field, lambda item: ", ".join(map(str, item[field] or ())) or None)


def known_amount(item: Item) -> str:
    """What of a group can be read; of `unknown` ones it cannot, and a group of which none can is not a group without money."""
    return rupiah(item["amount"] if item["unknown"] < item["count"] else None)


def told(field: str, shown: Callable[[Item], object], *, right: bool = False) -> Column:
    """A field in words that take the rest of its item."""
    return Column(field, shown, right)


def print_rows(items: Sequence[Item], columns: Sequence[Column]) -> None:
    """`items`: those that `--json` has."""
    for line in row_lines(items, columns, terminal_width()):
        print_data(line)


def row_lines(items: Iterable[Item], columns: Sequence[Column], width: int | None = None) -> list[str]:
    """The lines of such a table."""
    rows = [[column.cell(item) for column in columns] for item in items]
    right = [at for at, column in enumerate(columns) if column.right]
    return table_lines([column.heading for column in columns], rows, right, width)


def print_fields(item: Item, columns: Sequence[Column]) -> None:
    """One item, a line for each field; what is none has no line."""
    for line in field_lines(item, columns):
        print_data(line)


def field_lines(item: Item, columns: Sequence[Column]) -> list[str]:
    """The lines of such a list."""
    width = max(len(column.heading) for column in columns)
    cells = [(column.heading, column.cell(item)) for column in columns]
    return [f"{heading:<{width}}  {tame(str(shown))}" for heading, shown in cells if shown is not None]


def _moment(at: datetime | None) -> str | None:
    return None if at is None else short_moment(at)
