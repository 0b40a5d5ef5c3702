"""`lunas quarantine`: requests that were turned away, and what they carried."""

from __future__ import annotations

import hashlib
import json
import sys
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from console.commands.quarantine_reverify import reverify
from console.exits import FINE, NotFound, Refused
from console.lazy import Group
from console.messages import text
from console.options import as_json, asynchronous, limit, provider, since
from console.output import number, print_data, print_json, talk, tame
from console.store import open_store
from console.tables import count, plain, print_fields, print_rows, told, when
from console.target import load_target
from console.texts import TEXTS
from console.times import moment
from eventstore.queries import load

if TYPE_CHECKING:
    from runtime.database import Connection

cause = click.option(
    "--cause", help="Only requests that were turned away for this cause, as the list shows it."
)


LONGEST_LENGTH = 15  # digits of a content-length worth telling


@click.group(cls=Group)
def quarantine() -> None:
    """Rejected requests: a wrong credential, another account or environment. Nothing of them entered the books.

    No credential is kept, only what it looked like. The newest ones stay, the oldest give way.
    """


quarantine.add_command(reverify, "reverify")


@quarantine.command("list")
@provider
@cause
@since
@limit
@as_json
@asynchronous
async def list_rejected(
    provider: str | None, cause: str | None, since: datetime | None, limit: int, as_json: bool
) -> int:
    """List rejected requests, newest first, with the cause and where they came from."""
    async with open_store(load_target()) as connection:
        rows = [
            dict(row)
            for row in await connection.fetch(
                load("quarantine.sql", "console")["list"], provider, cause, since, limit
            )
        ]
    if as_json:
        print_json({"items": rows})
        return FINE
    if not rows:
        print_data(text("quarantine.none"))
        return FINE
    print_rows(rows, REJECTED)
    if len(rows) == limit:
        talk(text("list.more", limit=limit))
    return FINE


@quarantine.command("show")
@click.argument("rejected", type=click.UUID, metavar="ID")
@as_json
@asynchronous
async def show_rejected(rejected: uuid.UUID, as_json: bool) -> int:
    """Show one rejected request: why it was turned away, where it came from, what its headers looked like.

    A header that could hold a secret is described by its length and alphabet, never shown. The body may hold personal data
    and is shown by `lunas quarantine raw` only.
    """
    async with open_store(load_target()) as connection:
        row = await _one(connection, rejected)
    document: dict[str, Any] = {key: value for key, value in dict(row).items() if key != "body"}
    document |= {"headers": json.loads(row["headers"]), "bytes": len(row["body"])}
    document["stated_bytes"] = _stated(document["headers"])
    if as_json:
        print_json(document)
    else:
        _print_rejected(document)
    return FINE


def _print_rejected(document: dict[str, Any]) -> None:
    print_fields(document, REQUEST)
    for name, value in document["headers"].items():
        print_data(f"  {tame(name)}: {tame(value)}")
    if (document["stated_bytes"] or 0) > document["bytes"]:
        talk(text("quarantine.cut", read=number(document["bytes"]), stated=number(document["stated_bytes"])))
    if document["delivery_id"]:
        talk(text("quarantine.is_delivery", id=document["delivery_id"]))


def _stated(headers: dict[str, str]) -> int | None:
    """How long its client said that the body is; a flood may say anything."""
    stated = headers.get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) <= LONGEST_LENGTH else None


def cause_in_words(cause: str) -> str:
    """`wrong_credential (…)`; only the word itself for a cause of a later version."""
    key = f"cause.{cause}"
    return f"{cause} ({text(key)})" if key in TEXTS else cause


_remote = told("remote", lambda row: row["remote"] or None)
REJECTED = (
    when("received_at"), plain("provider"), plain("cause"), _remote, count("bytes"), plain("quarantine_id")
)  # fmt: skip
REQUEST = (
    plain("quarantine_id"),
    plain("provider"),
    told("cause", lambda one: cause_in_words(one["cause"])),
    told("received_at", lambda one: moment(one["received_at"])),
    _remote,
    plain("path"),
    count("bytes"),
    told("body_sha256", lambda one: bytes(one["body_sha256"]).hex()),
)


@quarantine.command("raw")
@click.argument("rejected", type=click.UUID, metavar="ID")
@asynchronous
async def raw(rejected: uuid.UUID) -> int:
    """Write the exact body of one rejected request to stdout; its SHA-256 goes to stderr.

    A stranger wrote it: at a terminal it is refused when it could control the terminal; send it to a file then.
    """
    async with open_store(load_target()) as connection:
        row = await _one(connection, rejected)
    body = bytes(row["body"])
    if sys.stdout.isatty() and not _is_plain(body):
        raise Refused(text("quarantine.not_at_a_terminal", id=rejected))
    sys.stdout.flush()
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()
    talk(f"sha256 {hashlib.sha256(body).hexdigest()}")
    return FINE


def _is_plain(body: bytes) -> bool:
    """Whether a terminal only shows it."""
    try:
        words = body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\r\n\t" for character in words)


async def _one(connection: Connection, rejected: uuid.UUID) -> Any:
    row = await connection.fetchrow(load("quarantine.sql", "console")["one"], rejected)
    if row is None:
        raise NotFound(text("quarantine.unknown", id=rejected))
    return row
