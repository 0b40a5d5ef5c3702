"""Options that several commands share, and the glue between click and asyncio."""

from __future__ import annotations

import asyncio
import functools
import getpass
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

import click

from console.choices import Among
from console.messages import text
from console.times import parse_moment
from providers import registry
from runtime.ids import utc_now

P = ParamSpec("P")
T = TypeVar("T")

PROVIDERS = tuple(registry.PROVIDERS)


def asynchronous(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Makes a coroutine function callable by click."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return asyncio.run(function(*args, **kwargs))

    return call


class Moment(click.ParamType[datetime]):
    """`2h`, `30m`, `3d` ago, or an ISO 8601 time (WIB when it names no zone). `day_ends`: a day alone means all of it."""

    name = "time"

    def __init__(self, *, day_ends: bool = False) -> None:
        self._day_ends = day_ends

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return parse_moment(str(value), utc_now(), day_ends=self._day_ends)
        except ValueError:
            self.fail(text("error.no_time", value=repr(value)), param, ctx)


as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
provider = click.option("--provider", type=Among(PROVIDERS), help="Only this provider.")
since = click.option(
    "--since", type=Moment(), help="Only from then on: 2h, 30m, 3d, or an ISO 8601 time (WIB)."
)
limit = click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="Rows at most.",
)
yes = click.option(
    "--yes", is_flag=True, help="Do it without asking; a script needs it for what is bulk or final."
)

never_asked = click.option(
    "--yes",
    is_flag=True,
    expose_value=False,
    help="Taken as everywhere, though nothing is asked: it is one thing, and has a way back.",
)


def said(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Blanks say nothing: an audit record without a reason is none. Raises BadParameter."""
    if value is not None and not value.strip():
        raise click.BadParameter(text("web.no_reason"))
    return value


reason = click.option(
    "--reason", required=True, callback=said, help="Why, in your own words; kept in the audit record."
)


_acting: ContextVar[str | None] = ContextVar("acting", default=None)


@contextmanager
def acting_as(name: str) -> Iterator[None]:
    """Whoever is signed in to the web console acts, not the process that serves them."""
    token = _acting.set(name)
    try:
        yield
    finally:
        _acting.reset(token)


def signed_in() -> str | None:
    """Who is signed in to the web console, where that is who acts."""
    return _acting.get()


def actor() -> str:
    """Who acts: whoever is signed in, else LUNAS_OPERATOR, else the system user."""
    named = _acting.get() or os.environ.get("LUNAS_OPERATOR", "").strip()
    return named or getpass.getuser()
