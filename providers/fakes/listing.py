"""Cursor pages, as most list calls of the providers have them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from providers.fakes.calls import FakeCall

T = TypeVar("T")
_NUMBER = re.compile(r"([0-9]{1,12})(\.0+)?")
"""Official clients write `limit=5` as `5.0`."""


def page_of(
    rows: Sequence[T],
    call: FakeCall,
    *,
    key: Callable[[T], str],
    usual: int = 10,
    most: int = 50,
    after: str = "after_id",
    before: str = "before_id",
) -> tuple[list[T], bool]:
    """The rows after (or before) the one the caller names, at most `limit` of them, and whether there are more."""
    limit = whole(call, "limit", usual, most)
    keys = [key(row) for row in rows]
    start, end = 0, len(rows)
    if call.query.get(after) in keys:
        start = keys.index(call.query[after]) + 1
    if call.query.get(before) in keys:
        end = keys.index(call.query[before])
        start = max(start, end - limit)
    return list(rows[start : min(end, start + limit)]), end > start + limit


def whole(call: FakeCall, name: str, usual: int, most: int) -> int:
    """A number between 1 and `most` from the query; what is none counts as the usual one."""
    return min(most, max(1, number(call, name, usual)))


def number(call: FakeCall, name: str, usual: int) -> int:
    """A number from the query; what is none counts as the usual one."""
    text = call.query.get(name, "")
    found = _NUMBER.fullmatch(text)
    return int(found[1]) if found else usual
