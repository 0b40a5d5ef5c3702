"""How two values of one field become one. What is told of a payment or a subscription joins in any order, any number of times, to the same: so
each of these operations commutes. A struct names the operation of a field in its type; a field without one stays as the first of two has it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypeVar, get_type_hints

from processor.cases.state import State

T = TypeVar("T")
S = TypeVar("S", bound=State)
Join = Callable[[Any, Any], Any]


def earliest(one: T | None, two: T | None, key: Callable[[T], Any] | None = None) -> T | None:
    """The least of what is known; of equals the first."""
    if one is None or two is None:
        return two if one is None else one
    return min(one, two, key=key)  # type: ignore[arg-type]


def latest(one: T | None, two: T | None, key: Callable[[T], Any] | None = None) -> T | None:
    """The greatest of what is known; of equals the first."""
    if one is None or two is None:
        return two if one is None else one
    return max(one, two, key=key)  # type: ignore[arg-type]


def first_told(one: T | None, two: T | None) -> T | None:
    """For what is the same wherever it is told."""
    return one or two


def put(known: dict[Any, T], name: Any, value: T, join: Callable[[T, T], T]) -> None:
    """Take in what was told under a name."""
    known[name] = join(known[name], value) if name in known else value


def each(join: Callable[[T, T], T]) -> Callable[[dict[Any, T], dict[Any, T]], dict[Any, T]]:
    """For what is told under names."""

    def joined(one: dict[Any, T], two: dict[Any, T]) -> dict[Any, T]:
        together = {**one}
        for name, value in two.items():
            put(together, name, value, join)
        return together

    return joined


def once(one: list[T], two: list[T]) -> list[T]:
    """Everything that either says, once."""
    return [*one, *(value for value in two if value not in one)]


def in_order(key: Callable[[T], Any]) -> Callable[[list[T], list[T]], list[T]]:
    """The same, sorted."""
    return lambda one, two: sorted(once(one, two), key=key)


Earliest = Annotated[datetime | None, earliest]
Latest = Annotated[datetime | None, latest]
Ever = Annotated[bool, operator.or_]
Always = Annotated[bool, operator.and_]
Union = Annotated[set[str], operator.or_]


def joined(one: S, two: S) -> S:
    """What both say together; neither is changed."""
    return type(one)(*[join(getattr(one, name), getattr(two, name)) for name, join in _operations(type(one))])


@cache
def _operations(model: type[State]) -> list[tuple[str, Join]]:
    hints = get_type_hints(model, include_extras=True)
    return [(name, _operation(hints[name])) for name in model.__struct_fields__]


def _operation(hint: Any) -> Join:
    operation: Join = getattr(hint, "__metadata__", (_stays,))[0]
    return operation


def _stays(one: T, _: T) -> T:
    return one
