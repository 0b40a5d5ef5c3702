"""How stored state becomes JSON objects: one function per class, put together from its annotations the way `dataclasses` makes `__init__`.

A round writes every case it touched, and a loop over the fields of a case takes three times as long as the function that names them.
Nothing but names of our own classes and their fields enters the source that is compiled here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

Write = Callable[[Any], dict[str, Any]]

_WRITERS: dict[type[Any], Write] = {}


def writer_of(cls: type[Any]) -> Write:
    """From an object of this dataclass to its JSON object, in which what stands at its default is left out."""
    found = _WRITERS.get(cls)
    if found is None:
        found = _WRITERS[cls] = _compiled(cls)
    return found


def _compiled(cls: type[Any]) -> Write:
    hints = get_type_hints(cls)
    names: dict[str, Any] = {}
    required = [one for one in fields(cls) if _is_required(one)]
    always = (f"{one.name!r}: {_value(hints[one.name], f's.{one.name}', names)}" for one in required)
    lines = ["def write(s):", f"    d = {{{', '.join(always)}}}"]
    for one in fields(cls):
        if one not in required:
            lines.append(f"    v = s.{one.name}")
            lines.append(
                f"    if {_differs(one, names)}: d[{one.name!r}] = {_value(hints[one.name], 'v', names)}"
            )
    exec("\n".join([*lines, "    return d"]), names)  # noqa: S102 - see above: no input from anywhere
    write: Write = names["write"]
    return write


def _is_required(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _differs(one: Field[Any], names: dict[str, Any]) -> str:
    """Whether `v` is not the default of its field."""
    default = one.default if one.default_factory is MISSING else one.default_factory()
    if default is None:
        return "v is not None"
    if not default:
        return "v"
    names[f"default_{one.name}"] = default
    return f"v != default_{one.name}"


def _value(hint: Any, v: str, names: dict[str, Any]) -> str:
    """What the JSON has for the value `v` of this type: sets as lists, stored states as objects, everything else as it is."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (kind,) = (one for one in inner if one is not NoneType)
        value = _value(kind, v, names)
        return value if value == v else f"None if {v} is None else {value}"
    if origin is set:
        return f"list({v})"
    if origin is list and (each := _value(inner[0], "x", names)) != "x":
        return f"[{each} for x in {v}]"
    if origin is dict and (each := _value(inner[1], "x", names)) != "x":
        return f"{{k: {each} for k, x in {v}.items()}}"
    if isinstance(hint, type) and is_dataclass(hint):
        names[f"write_{hint.__name__}"] = writer_of(hint)
        return f"write_{hint.__name__}({v})"
    return v
