"""Options that several commands share, and the glue between click and asyncio."""

from __future__ import annotations

import asyncio
import functools
import getpass
import os
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

import click

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
    """`2h`, `30m`, `3d` ago, or an ISO 8601 time (WIB when it names no zone)."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return parse_moment(str(value), utc_now())
        except ValueError:
            self.fail(text("error.no_time", value=repr(value)), param, ctx)


as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
provider = click.option("--provider", type=click.Choice(PROVIDERS), help="Only this provider.")
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
reason = click.option("--reason", required=True, help="Why, in your own words; kept in the audit record.")


def actor() -> str:
    """Who acts: LUNAS_OPERATOR, else the system user."""
    named = os.environ.get("LUNAS_OPERATOR", "").strip()
    return named or getpass.getuser()
