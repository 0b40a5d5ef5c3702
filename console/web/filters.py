"""Filters of lists, as they stand in an address, and the command that has the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from console.exits import WrongUse
from console.messages import text
from console.times import parse_moment
from runtime.ids import utc_now


def moment_asked(given: str | None, *, day_ends: bool = False) -> datetime | None:
    """`2h`, `3d` or a time; a day alone begins with it, or with `day_ends` ends with it. Raises WrongUse."""
    if given is None:
        return None
    try:
        return parse_moment(given, utc_now(), day_ends=day_ends)
    except ValueError:
        raise WrongUse(text("error.no_time", value=repr(given))) from None


def command_of(verb: str, asked: Mapping[str, str | None]) -> str:
    """The command with these filters."""
    return " ".join([verb, *(f"--{name} {quoted(given)}" for name, given in asked.items() if given)])


def quoted(word: str) -> str:
    """As a shell takes it for one word."""
    plain = word.isascii() and all(one.isalnum() or one in "-_.@:+/," for one in word)
    return word if plain else "'" + word.replace("'", "'\\''") + "'"
