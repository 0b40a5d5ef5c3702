"""State of fulfilment that is kept as JSON between rounds: what stands at its default is left out, what a newer program added is passed over.

Plain dataclasses rather than validated models: only `to_json` writes what `from_json` reads, and this is where a round spends its time.
How each class is written and read is worked out from its annotations, once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from functools import partial
from types import NoneType, UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

import orjson

from processor.state_writer import writer_of

Convert = Callable[[Any], Any]

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
        state: Self = _reader_of(cls)(document)
        return state

    def to_json(self) -> str:
        """The JSON to store."""
        return orjson.dumps(writer_of(type(self))(self), option=orjson.OPT_UTC_Z).decode()


def _reader_of(cls: type[Any]) -> Convert:
    """From its JSON object to an object of this class. Takes the object apart."""
    if cls not in _READERS:
        hints = get_type_hints(cls)
        converters = [(one.name, _converter(hints[one.name])) for one in fields(cls)]
        needed = [(name, convert) for name, convert in converters if convert is not None]
        _READERS[cls] = partial(_read, cls, frozenset(hints), tuple(needed))
    return _READERS[cls]


def _read(
    cls: type[Any],
    names: frozenset[str],
    converters: tuple[tuple[str, Convert], ...],
    document: dict[str, Any],
) -> Any:
    for name, convert in converters:
        value = document.get(name)
        if value is not None:
            document[name] = convert(value)
    try:
        return cls(**document)
    except TypeError:  # a newer program's fields, or fields are missing, which is raised again
        return cls(**{name: value for name, value in document.items() if name in names})


def _converter(hint: Any) -> Convert | None:
    """What makes a value of this type from JSON; None when it may stay as it is."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (hint,) = (one for one in inner if one is not NoneType)
        return _converter(hint)
    if origin is set:
        return set
    if origin in (list, dict):
        return _of_many(origin, _converter(inner[-1]))
    if hint is datetime:
        return datetime.fromisoformat
    return _reader_of(hint) if isinstance(hint, type) and issubclass(hint, StoredState) else None


def _of_many(origin: type[Any], convert: Convert | None) -> Convert | None:
    if convert is None:
        return None
    if origin is list:
        return lambda values: [convert(value) for value in values]
    return lambda values: {key: convert(value) for key, value in values.items()}
