"""How stored state is made from JSON objects: one function per class, the counterpart of `processor.cases.state_writer`.

Nothing but names of our own classes and their fields enters the source that is compiled here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

Read = Callable[[dict[str, Any]], Any]

_READERS: dict[type[Any], Read] = {}


def reader_of(cls: type[Any]) -> Read:
    """From its JSON object to an object of this dataclass. Fields that are absent have their defaults, unknown ones are passed over."""
    found = _READERS.get(cls)
    if found is None:
        found = _READERS[cls] = _compiled(cls)
    return found


def _compiled(cls: type[Any]) -> Read:
    hints = get_type_hints(cls)
    names: dict[str, Any] = {"make": cls, "time": datetime.fromisoformat}
    values = ", ".join(_argument(one, hints[one.name], names) for one in fields(cls))
    exec(f"def read(d):\n    return make({values})", names)  # noqa: S102 - see above: no input from anywhere
    read: Read = names["read"]
    return read


def _argument(one: Field[Any], hint: Any, names: dict[str, Any]) -> str:
    stored = f"d[{one.name!r}]"
    value = _value(hint, stored, names)
    if one.default is MISSING and one.default_factory is MISSING:
        return value
    if one.default_factory is not MISSING:
        names[f"make_{one.name}"] = one.default_factory
        return f"{value} if {one.name!r} in d else make_{one.name}()"
    names[f"default_{one.name}"] = one.default
    if value == stored:
        return f"d.get({one.name!r}, default_{one.name})"
    return f"{value} if {one.name!r} in d else default_{one.name}"


def _value(hint: Any, v: str, names: dict[str, Any]) -> str:
    """The value of this type that the JSON value `v` stands for."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (kind,) = (one for one in inner if one is not NoneType)
        value = _value(kind, v, names)
        return value if value == v else f"(None if {v} is None else {value})"
    if origin is set:
        return f"set({v})"
    if origin is list and (each := _value(inner[0], "x", names)) != "x":
        return f"[{each} for x in {v}]"
    if origin is dict and (each := _value(inner[1], "x", names)) != "x":
        return f"{{k: {each} for k, x in {v}.items()}}"
    if hint is datetime:
        return f"time({v})"
    if isinstance(hint, type) and is_dataclass(hint):
        names[f"read_{hint.__name__}"] = reader_of(hint)
        return f"read_{hint.__name__}({v})"
    return v
