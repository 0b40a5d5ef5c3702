"""`lunas listen`: the log as it grows, and what applications are told of it sent to one on your desk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from console.exits import FINE, PROBLEMS, Away, WrongUse
from console.forwarding import Forwarded, Forwarder
from console.lazy import Command
from console.messages import text, value
from console.options import as_json, asynchronous
from console.options import provider as only_provider
from console.output import json_line, number, paint, print_data, rupiah, talk
from console.store import open_store
from console.tailing import Heard, Hearing, heard, wanted
from console.target import load_target
from console.times import short_moment
from eventstore.read import StoredEvent, head, read_page
from notify.following import notices
from runtime.notifications import Notifications

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

PAGE = 500
AGAIN_SECONDS = 1.0
"""Pause before the database is asked again when it was lost."""


@click.command(cls=Command)
@only_provider
@click.option(
    "--type",
    "types",
    multiple=True,
    metavar="TYPE",
    help="Only this type of event or notification, or a family: payment.*; again for more.",
)
@click.option(
    "--forward",
    metavar="URL",
    help="Send what applications are told to this address, signed like our webhooks.",
)
@click.option(
    "--secret",
    help="Signs what is forwarded: the application's own whsec_…, or a word to make one of; otherwise one that is made now. It is shown.",
)
@click.option(
    "--last",
    type=click.IntRange(0, 100_000),
    default=0,
    show_default=True,
    help="Begin so many positions before the end of the log.",
)
@click.option("--count", type=click.IntRange(1), help="Stop after so many events; otherwise at Ctrl-C.")
@as_json
@asynchronous
async def listen(
    provider: str | None,
    types: tuple[str, ...],
    forward: str | None,
    secret: str | None,
    last: int,
    count: int | None,
    as_json: bool,
) -> int:
    """Show every event of the log as it is written, until Ctrl-C.

    With --json each event is one line of JSON. With --forward an application hears what its endpoint would: each notification is sent
    once, with the headers of Standard Webhooks; nothing is repeated or kept. Exit code 1 when a forwarded one was not taken.
    """  # fmt: skip
    wish = wanted(types, provider)
    settings = load_target()
    forwarder = None
    if forward is not None:
        if urlsplit(forward).scheme not in ("http", "https"):
            raise WrongUse(text("listen.no_url", url=forward))
        forwarder = _forwarder(settings, forward, secret)
        talk(text("listen.forwarding", url=forward, secret=forwarder.secret))
    screen = Tail(forwarder, as_json)
    try:
        async with aclosing(_heard(settings, wish, last)) as events:
            async for one in events:
                await screen.show(one)
                if screen.shown == count:
                    break
    finally:
        if forwarder is not None:
            await forwarder.close()
    return PROBLEMS if screen.refused else FINE


def _forwarder(settings: Settings, url: str, secret: str | None) -> Forwarder:
    try:
        return Forwarder(settings, url, secret)
    except ValueError as error:
        raise WrongUse(text("listen.no_secret")) from error


async def _heard(settings: Settings, wish: Hearing, last: int) -> AsyncGenerator[Heard, None]:
    """Everything that is wanted, from here on; a database that goes away is waited for. Raises Away when it was not there at the start."""
    position: int | None = None
    async with Notifications(settings, "console", "lunas_events") as wakeups:
        while True:
            try:
                async with open_store(settings) as connection:
                    if position is None:
                        position = max(0, await head(connection) - last)
                        talk(text("listen.begun", position=number(position)))
                    while True:
                        page = await read_page(connection, position, wish.read, PAGE)
                        for one in await _told(connection, page.events):
                            if wish.takes(one):
                                yield one
                        position = page.through
                        if not page.events:
                            await wakeups.wait()
            except Away as error:
                if position is None:
                    raise
                talk(error.message)
                await asyncio.sleep(AGAIN_SECONDS)


async def _told(connection: Connection, events: Sequence[StoredEvent]) -> list[Heard]:
    return heard(events, await notices(connection, events))


class Tail:
    """Lines on stdout: one for each event, and one beneath for what was forwarded."""

    def __init__(self, forwarder: Forwarder | None, as_json: bool) -> None:
        self._forwarder, self._as_json = forwarder, as_json
        self.shown = self.refused = 0

    async def show(self, one: Heard) -> None:
        sent = None
        if self._forwarder is not None and one.notice is not None:
            sent = await self._forwarder.send(one.event, one.notice)
            self.refused += not sent.outcome.ok
        self.shown += 1
        if self._as_json:
            forwarded = None if sent is None else _forwarded(sent)
            print_data(json_line(one.row() | {"data": one.data, "forwarded": forwarded}))
            return
        print_data(_line(one))
        if sent is not None:
            print_data(_sent_line(sent))


def _line(one: Heard) -> str:
    row = one.row()
    parts = [
        paint(short_moment(row["at"])[11:], "bright_black"),
        f"{row['position']:>8}",
        f"{row['type']:<28}",
        f"{row['provider'] or '-':<7}",
        f"{row['customer_id'] or '-':<16}",
        rupiah(row["amount"]) if isinstance(row["amount"], int) else "",
        paint(f"→ {row['told']}", "cyan") if row["told"] else "",
    ]
    return "  ".join(parts).rstrip()


def _sent_line(sent: Forwarded) -> str:
    outcome = sent.outcome
    answered = str(outcome.answered) if outcome.answered else value(str(outcome.trouble))
    line = text("listen.sent", kind=sent.kind, answered=answered, ms=sent.milliseconds, id=sent.message_id)
    return paint(f"          {'✓' if outcome.ok else '✗'} {line}", "green" if outcome.ok else "red")


def _forwarded(sent: Forwarded) -> dict[str, Any]:
    return {
        "message_id": sent.message_id,
        "kind": sent.kind,
        "answered": sent.outcome.answered,
        "trouble": sent.outcome.trouble,
        "milliseconds": sent.milliseconds,
    }
