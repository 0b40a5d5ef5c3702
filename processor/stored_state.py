"""State of fulfilment that is kept as JSON between rounds: what stands at its default is left out, what a newer program added is passed over.

Plain dataclasses rather than validated models: only `to_json` writes what `from_json` reads, and this is where a round spends its time.
How each class is written and read is worked out from its annotations, once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from datetime import datetime
from functools import partial
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

import orjson

Convert = Callable[[Any], Any]

_WRITERS: dict[type[Any], Convert] = {}
_READERS: dict[type[Any], Convert] = {}


class StoredState:
    """Base of the dataclasses that are stored. Fields are JSON values, datetimes, other stored states, and lists, sets and dicts of these."""

    __slots__ = ()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """What `to_json` wrote, now or in an earlier version. Raises ValueError or TypeError for anything else."""
        document = orjson.loads(text)
        if not isinstance(document, dict):
            raise TypeError(f"{cls.__name__} is stored as an object")
        state: Self = _reader(cls)(document)
        return state

    def to_json(self) -> str:
        """The JSON to store."""
        return orjson.dumps(_writer(type(self))(self), option=orjson.OPT_UTC_Z).decode()

    @classmethod
    def model_validate_json(cls, text: str | bytes) -> Self:
        return cls.from_json(text)

    def model_dump_json(self, *, exclude_defaults: bool = True) -> str:
        return self.to_json()


def _writer(cls: type[Any]) -> Convert:
    """From an object of this class to its JSON object."""
    if cls not in _WRITERS:
        hints = get_type_hints(cls)
        rows = [(one.name, _default(one), _converter(hints[one.name], _writer, list)) for one in fields(cls)]
        _WRITERS[cls] = partial(_write, tuple(rows), attrgetter(*(name for name, _, _ in rows)))
    return _WRITERS[cls]


def _write(rows: tuple[tuple[str, Any, Convert | None], ...], values_of: Convert, state: Any) -> Any:
    document = {}
    for (name, default, convert), value in zip(rows, values_of(state), strict=True):
        if value is default or (default is not None and value == default):
            continue
        document[name] = value if convert is None or value is None else convert(value)
    return document


def _default(one: Field[Any]) -> Any:
    """`MISSING`, which equals no value, for fields that are always written."""
    return one.default if one.default_factory is MISSING else one.default_factory()


def _reader(cls: type[Any]) -> Convert:
    """From its JSON object to an object of this class."""
    if cls not in _READERS:
        hints = get_type_hints(cls)
        converters = {one.name: _converter(hints[one.name], _reader, set) for one in fields(cls)}
        _READERS[cls] = partial(_read, cls, converters)
    return _READERS[cls]


def _read(cls: type[Any], converters: dict[str, Convert | None], document: dict[str, Any]) -> Any:
    values = {}
    for name, value in document.items():
        if name in converters:
            convert = converters[name]
            values[name] = value if convert is None or value is None else convert(value)
    return cls(**values)


def _converter(hint: Any, of_state: Callable[[type[Any]], Convert], of_set: Convert) -> Convert | None:
    """What is to be done with a value of this type; None when it may stay as it is."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (hint,) = (one for one in inner if one is not NoneType)
        return _converter(hint, of_state, of_set)
    if origin is set:
        return of_set
    if origin in (list, dict):
        return _of_many(origin, _converter(inner[-1], of_state, of_set))
    if hint is datetime and of_set is set:
        return datetime.fromisoformat  # orjson writes it by itself
    return of_state(hint) if isinstance(hint, type) and issubclass(hint, StoredState) else None


def _of_many(origin: type[Any], convert: Convert | None) -> Convert | None:
    if convert is None:
        return None
    if origin is list:
        return lambda values: [convert(value) for value in values]
    return lambda values: {key: convert(value) for key, value in values.items()}
