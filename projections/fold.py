"""Folding a batch in memory: all at once, or event by event so that one broken event harms nobody else."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from projections.decoding import LogRow, Rows, decode
from projections.projection import Event, Projection, State, Table

# What a broken event looks like inside a fold. Anything else is a broken program or a broken connection and is not caught.
FOLD_ERRORS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)

INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Unfolded:
    """An event that could not be folded (`error` says why), or that waits behind one (`error` is empty)."""

    position: int
    stream: str
    type: str
    error: str


def fold_all(projection: Projection, state: State, events: Iterable[Event]) -> None:
    """Folds every event the projection subscribes to, in order. Raises what a fold raises; the state is then of no use."""
    handlers = projection.handlers
    for event in events:
        handler = handlers.get(event.type)
        if handler is not None:
            handler(state, event)


def fold_each(projection: Projection, state: State, batch: Rows, waiting: set[str]) -> list[Unfolded]:
    """Folds event by event and parks what cannot be, with everything behind it on the same stream.

    `waiting` holds the streams that are parked already and grows.
    """
    parked: list[Unfolded] = []
    for stored in map(LogRow._make, batch):
        if stored.type not in projection.handlers:
            continue
        if stored.stream in waiting:
            parked.append(Unfolded(stored.position, stored.stream, stored.type, ""))
            continue
        try:
            fold_alone(projection, state, decode(stored))
        except FOLD_ERRORS as error:
            waiting.add(stored.stream)
            parked.append(Unfolded(stored.position, stored.stream, stored.type, describe(error)))
    return parked


def fold_alone(projection: Projection, state: State, event: Event) -> None:
    """Folds one event on copies of the rows it touches, checks what comes out, and only then takes it over."""
    apart = projection.new_state()
    first = projection.tables[0]
    rows: dict[Any, Any] = getattr(state, first.name)
    for key in projection.keys(event):
        if key in rows:
            getattr(apart, first.name)[key] = copy.copy(rows[key])
    projection.handlers[event.type](apart, event)
    for table in projection.tables:
        changed: dict[Any, Any] = getattr(apart, table.name)
        for row in changed.values():
            _check(table, row)
        kept = getattr(state, table.name)
        for key, row in changed.items():
            if key not in kept or not table.first_wins:
                kept[key] = row
    if forgotten := getattr(apart, "forgotten", None):
        state.forgotten |= forgotten


def describe(error: BaseException) -> str:
    """The kind of an error and where it comes from; never its text, which may quote personal data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" in {trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}"
    return f"{type(error).__name__}{place}"


def _check(table: Table, row: Any) -> None:
    """Raises TypeError or ValueError for what PostgreSQL would refuse, so that one event is parked and not a whole batch."""
    for value, kind in zip(table.values(row), table.kinds, strict=True):
        if not isinstance(value, kind):
            raise TypeError("a column got a value of another type")
        if isinstance(value, str) and "\x00" in value:
            raise ValueError("text holds a NUL")
        if isinstance(value, int) and value not in INT64:
            raise ValueError("a number needs more than 64 bits")


def touched(projection: Projection, events: Iterable[Event]) -> set[Any]:
    """Keys of the rows that these events touch, all of types the projection subscribes to."""
    keys: set[Any] = set()
    for event in events:
        keys.update(projection.keys(event))
    return keys


def readable_keys(projection: Projection, batch: Rows) -> set[Any]:
    """Like `touched` for events that may be broken: those that name no proper key touch nothing."""
    keys: set[Any] = set()
    for stored in map(LogRow._make, batch):
        if stored.type not in projection.handlers:
            continue
        try:
            named = list(projection.keys(decode(stored)))
        except FOLD_ERRORS:
            continue
        keys.update(key for key in named if _proper(key))
    return keys


def _proper(key: Any) -> bool:
    parts = key if isinstance(key, tuple) else (key,)
    return all(isinstance(part, str) and "\x00" not in part for part in parts)
