"""`lunas trigger`: values put into a body by their paths. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from console.exits import WrongUse
from console.messages import text


class Setting(NamedTuple):
    """One `--set`: the steps of its path, and the value."""

    path: str
    steps: tuple[str, ...]
    value: Any


def parsed(given: str) -> Setting:
    """`data.amount=50000`. The value is JSON when it can be read as JSON, and text otherwise. Raises WrongUse."""
    path, equals, value = given.partition("=")
    steps = tuple(path.strip().split("."))
    if not equals or not all(steps):
        raise WrongUse(text("trigger.no_setting", given=given))
    try:
        return Setting(path.strip(), steps, json.loads(value))
    except ValueError:
        return Setting(path.strip(), steps, value)


def set_in(document: Any, setting: Setting) -> bool:
    """Puts the value where the path leads; False when it leads nowhere. The last step may be a new field, or stand at the end of a list."""
    place = document
    for step in setting.steps[:-1]:
        found, place = _inside(place, step)
        if not found:
            return False
    last = setting.steps[-1]
    if isinstance(place, dict):
        place[last] = setting.value
    elif isinstance(place, list) and last.isdecimal() and int(last) <= len(place):
        place[int(last) : int(last) + 1] = [setting.value]
    else:
        return False
    return True


def with_amount(document: Any, was: int, amount: int) -> int:
    """Another amount wherever the body states this one, as a number or as text; in how many places."""
    each: Iterable[tuple[Any, Any]] = ()
    if isinstance(document, dict):
        each = list(document.items())
    elif isinstance(document, list):
        each = list(enumerate(document))
    places = 0
    for name, value in each:
        said = _as_written(value, was, amount)
        if said is not None:
            document[name] = said
            places += 1
        else:
            places += with_amount(value, was, amount)
    return places


def _as_written(value: Any, was: int, amount: int) -> Any:
    """The other amount in the way that this one is written; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value == was:
        return type(value)(amount)
    if isinstance(value, str):
        whole, point, rest = value.partition(".")
        if whole == str(was) and not rest.strip("0"):
            return f"{amount}{point}{rest}"
    return None


def nearest(document: Any, setting: Setting) -> str:
    """The path of the document that is nearest to one that it does not have; empty when none is."""
    return " ".join(get_close_matches(setting.path, list(paths(document)), n=1, cutoff=0.7))


def paths(document: Any, before: Sequence[str] = ()) -> Iterator[str]:
    """Every path of a document that a value stands at."""
    inside: Sequence[tuple[str, Any]] = ()
    if isinstance(document, dict):
        inside = list(document.items())
    elif isinstance(document, list):
        inside = [(str(index), value) for index, value in enumerate(document)]
    if before:
        yield ".".join(before)
    for name, value in inside:
        yield from paths(value, (*before, name))


def _inside(place: Any, step: str) -> tuple[bool, Any]:
    if isinstance(place, dict) and step in place:
        return True, place[step]
    if isinstance(place, list) and step.isdecimal() and int(step) < len(place):
        return True, place[int(step)]
    return False, None
