"""State of fulfilment that is kept as JSON between rounds: what stands at its default is left out, what a newer program added is passed over.

Plain dataclasses rather than validated models: only `to_json` writes what `from_json` reads, and this is where a round spends its time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields
from datetime import datetime
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

import orjson

Read = Callable[[Any], Any]

_WRITE = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_UTC_Z


class StoredState:
    """Base of the dataclasses that are stored. Fields are JSON values, datetimes, other stored states, and lists, sets and dicts of these."""

    __slots__ = ()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """What `to_json` wrote, now or in an earlier version. Raises ValueError or TypeError for anything else."""
        document = orjson.loads(text)
        if not isinstance(document, dict):
            raise TypeError(f"{cls.__name__} is stored as an object")
        state: Self = (_READERS.get(cls) or _reader(cls))(document)
        return state

    def to_json(self) -> str:
        """The JSON to store."""
        return orjson.dumps(self, default=_plain, option=_WRITE).decode()

    @classmethod
    def model_validate_json(cls, text: str | bytes) -> Self:
        return cls.from_json(text)

    def model_dump_json(self, *, exclude_defaults: bool = True) -> str:
        return self.to_json()


@dataclass(frozen=True, slots=True)
class _Layout:
    names: tuple[str, ...]
    values: Callable[[Any], tuple[Any, ...]]
    defaults: tuple[Any, ...]


def _plain(value: Any) -> Any:
    if isinstance(value, set):
        return list(value)
    layout = _LAYOUTS.get(type(value)) or _layout(type(value))
    rows = zip(layout.names, layout.values(value), layout.defaults, strict=True)
    return {name: value for name, value, default in rows if value is not default and value != default}


_LAYOUTS: dict[type[Any], _Layout] = {}
_READERS: dict[type[Any], Read] = {}


def _layout(cls: type[Any]) -> _Layout:
    names = tuple(field.name for field in fields(cls))
    _LAYOUTS[cls] = _Layout(names, attrgetter(*names), tuple(_default(field) for field in fields(cls)))
    return _LAYOUTS[cls]


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default  # MISSING equals nothing: always written


def _reader(cls: type[Any]) -> Read:
    """How a stored state is made from its JSON object."""
    hints = get_type_hints(cls)
    reads = {field.name: _read_of(hints[field.name]) for field in fields(cls)}
    plain = frozenset(name for name, read in reads.items() if read is None)

    def read_state(document: dict[str, Any]) -> Any:
        values = {}
        for name, value in document.items():
            if name in plain:
                values[name] = value
            elif read := reads.get(name):
                values[name] = None if value is None else read(value)
        return cls(**values)

    _READERS[cls] = read_state
    return read_state


def _read_of(hint: Any) -> Read | None:
    """How a value of this type is made from JSON; None when JSON has it as it is."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (hint,) = (one for one in inner if one is not NoneType)
        return _read_of(hint)
    if origin is set:
        return set
    if origin in (list, dict):
        return _read_many(origin, _read_of(inner[-1]))
    if hint is datetime:
        return datetime.fromisoformat
    return _reader(hint) if isinstance(hint, type) and issubclass(hint, StoredState) else None


def _read_many(origin: type[Any], read: Read | None) -> Read | None:
    if read is None:
        return None
    if origin is list:
        return lambda values: [read(value) for value in values]
    return lambda values: {key: read(value) for key, value in values.items()}
