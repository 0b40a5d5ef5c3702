"""What a projection is: tables, the rows in memory, and one pure handler per event type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple, get_type_hints


class Event(NamedTuple):
    """A log event as folds see it: `data` is the stored document in the newest shape; absent fields have their default."""

    position: int
    type: str
    stream: str
    data: dict[str, Any]


# The rows of one projection in memory: a dataclass whose fields are dictionaries, one per table, from key to row.
State = Any
Handler = Callable[[State, Event], None]
Keys = Callable[[Event], Iterable[Any]]


@dataclass(frozen=True)
class Table:
    """One table of a projection. `row` is a dataclass whose fields are the columns in order.

    A key is a plain value when it has one column, else a tuple. The state's field has the table's name.
    `first_wins`: a row that exists is never changed again.
    """

    name: str
    row: type[Any]
    key: tuple[str, ...]
    first_wins: bool = False

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return tuple(field.name for field in fields(self.row))

    @cached_property
    def untouched(self) -> tuple[Any, ...]:
        """What each column holds in a new row before anything changes it; MISSING where every row says so itself."""
        return tuple(MISSING if field.default is MISSING else field.default for field in fields(self.row))

    @cached_property
    def values(self) -> Callable[[Any], tuple[Any, ...]]:
        """From a row to its values in the order of the columns."""
        return attrgetter(*self.columns)

    @cached_property
    def kinds(self) -> tuple[Any, ...]:
        """Type of each column, for `isinstance`."""
        hints = get_type_hints(self.row)
        return tuple(hints[column] for column in self.columns)

    @cached_property
    def key_of(self) -> Callable[[Any], Any]:
        return attrgetter(*self.key)

    def physical(self, version: int) -> str:
        """Name of the table that holds a generation's rows."""
        return f"{self.name}_v{version}"


@dataclass(frozen=True)
class Projection:
    """One read model as code: the first table is the one its view shows.

    `keys` says which rows of the first table an event touches. `loaded`: the folds need to see these rows as they are;
    otherwise they write whole rows and nothing is read. `merged`: they need not after all, because rows folded from nothing can be
    added to those that are there by the tables' statement `merge`; whoever folds event by event still reads, and so does a batch with an event
    of a type in `unmerged`, which says what a column holds and not what to add; of types in `doubtful` `states` tells.
    """

    name: str
    tables: tuple[Table, ...]
    new_state: Callable[[], State]
    handlers: Mapping[str, Handler]
    keys: Keys
    loaded: bool
    merged: bool = False
    unmerged: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()
    states: Callable[[Event], bool] = bool

    @property
    def consumer(self) -> str:
        """Name of its checkpoints."""
        return f"projection.{self.name}"

    @cached_property
    def types(self) -> frozenset[str]:
        return frozenset(self.handlers)
