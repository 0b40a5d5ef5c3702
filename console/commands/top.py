"""`lunas top`: the overview again and again, in place."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from console.exits import FINE, PROBLEMS, CommandError
from console.lazy import Command
from console.live_screen import Rates, lines, paced, rates
from console.options import as_json, asynchronous
from console.output import json_line, print_data, print_json, terminal_width
from console.overview import Overview, Trouble, look
from console.target import find_target, nobody_here

ALTERNATE, BACK, HOME_CLEAR = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l", "\x1b[H\x1b[J"
"""Another screen without a cursor, the one before, and everything away: the terminal is left as it was found."""


@click.command(cls=Command)
@click.option(
    "--every",
    type=click.FloatRange(0.5, 3600),
    default=2.0,
    show_default=True,
    help="Seconds between two looks.",
)
@click.option("--once", is_flag=True, help="Look once and end, as into a pipe.")
@as_json
@asynchronous
async def top(every: float, once: bool, as_json: bool) -> int:
    """Everything at a glance and live, until Ctrl-C: what is wrong first, then processes, providers, money, queues and read models.

    Into a pipe it looks once. With --json each look is one line, and with --once one document. Exit code 1 when something is wrong at
    the last look.
    """
    settings = find_target()
    if settings is None and not as_json:
        raise CommandError(nobody_here())
    live = not once and (as_json or sys.stdout.isatty())
    before: Overview | None = None
    with _screen(wanted=live and not as_json):
        while True:
            seen = Overview(troubles=[Trouble(nobody_here())]) if settings is None else await look(settings)
            pace = rates(before, seen)
            _show(seen, pace, live=live, as_json=as_json)
            if not live:
                return PROBLEMS if seen.troubles else FINE
            before = seen
            await asyncio.sleep(every)


def _show(seen: Overview, pace: Rates, *, live: bool, as_json: bool) -> None:
    if as_json:
        providers = seen.providers and paced(seen.providers, pace)
        document = seen.document() | {"providers": providers, "rates": pace._asdict()}
        if live:
            print_data(json_line(document))
        else:
            print_json(document)
        return
    height = shutil.get_terminal_size().lines - 1 if live else None
    shown = lines(seen, pace, terminal_width(), height)
    if live:
        click.echo(HOME_CLEAR, nl=False, color=True)
    for line in shown:
        print_data(line)


@contextmanager
def _screen(*, wanted: bool) -> Iterator[None]:
    """A screen of its own, so that what was there before comes back."""
    if not wanted or os.environ.get("TERM") == "dumb":
        yield
        return
    click.echo(ALTERNATE, nl=False, color=True)
    try:
        yield
    finally:
        click.echo(BACK, nl=False, color=True)
