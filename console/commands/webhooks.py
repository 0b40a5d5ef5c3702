"""`lunas webhooks`: every delivery ever received."""

from __future__ import annotations

import hashlib
import json
import sys
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.acts import Act, Done, record, tell
from console.archives.archiving import archived_bodies
from console.archives.running import readable
from console.choices import Among
from console.commands.replay import replay_chosen
from console.commands.strangers import acknowledge, strangers
from console.commands.webhook_archives import archive, archives
from console.exits import FINE, NotFound, Refused
from console.lazy import Group
from console.messages import text, value
from console.options import actor, as_json, asynchronous, limit, provider, since, yes
from console.output import number, paint, print_data, print_json, talk
from console.replay import envelope_of_delivery, open_replay
from console.safety import BULK_CAP, confirm
from console.store import open_store
from console.tables import count, plain, print_fields, print_rows, told, when, word
from console.target import load_target
from console.times import ago, moment
from eventstore.queries import load
from eventstore.read import of_delivery
from runtime.ids import utc_now

if TYPE_CHECKING:
    from runtime.database import Connection

ONE_DAY = timedelta(days=1)
"""How far back slow deliveries are looked for: no index knows how long one took, so a span of time bounds the search."""
STATUSES = ("processed", "no_effect", "test", "duplicate", "conflict", "parked", "quarantined")
_COLOURS = {"processed": "green", "parked": "red", "conflict": "red", "quarantined": "yellow"}
DELIVERIES = (
    when("received_at"),
    plain("provider"),
    plain("event_name"),
    told("status", lambda row: paint(value(row["status"]), _COLOURS.get(row["status"]))),
    plain("reason"),
    count("processing_ms"),
    plain("delivery_id"),
)

status_filter = click.option("--status", type=Among(STATUSES), help="Only deliveries with this outcome.")
event_filter = click.option("--event", help="Only this event name, as the provider writes it.")


@click.group(cls=Group)
def webhooks() -> None:
    """Every delivery ever received: what became of it, how long it took, its exact bytes."""


@webhooks.command("list")
@provider
@status_filter
@event_filter
@since
@click.option(
    "--slower-than",
    type=click.IntRange(0),
    metavar="MS",
    help="Only those that took at least so many ms; of the last day, unless --since says more.",
)
@limit
@as_json
@asynchronous
async def list_deliveries(
    provider: str | None,
    status: str | None,
    event: str | None,
    since: datetime | None,
    slower_than: int | None,
    limit: int,
    as_json: bool,
) -> int:
    """List deliveries, newest first, with their outcome and the time they took from HTTP to the log."""
    if slower_than is not None:
        since = since or utc_now() - ONE_DAY
    async with open_store(load_target()) as connection:
        rows = [
            dict(row)
            for row in await connection.fetch(
                load("webhooks.sql", "console")["list"], provider, status, event, since, slower_than, limit
            )
        ]
    if as_json:
        print_json({"items": rows})
        return FINE
    if not rows:
        print_data(text("list.nothing"))
        return FINE
    print_rows(rows, DELIVERIES)
    if len(rows) == limit:
        talk(text("list.more", limit=limit))
    return FINE


@webhooks.command("show")
@click.argument("delivery", type=click.UUID, metavar="ID")
@as_json
@asynchronous
async def show_delivery(delivery: uuid.UUID, as_json: bool) -> int:
    """Show one delivery: how it was verified, what was derived from it, and its duplicates and replays.

    The body may hold personal data and is shown by `lunas webhooks raw` only.
    """
    sql = load("webhooks.sql", "console")
    async with open_store(load_target()) as connection:
        row = await _one(connection, delivery)
        related = await connection.fetch(sql["related"], delivery)
        letters = await connection.fetch(sql["letters"], delivery)
        facts = await of_delivery(connection, str(delivery), row["position"]) if row["position"] else []
    document: dict[str, Any] = {
        **{key: value for key, value in dict(row).items() if key not in {"body", "headers"}},
        "headers": json.loads(row["headers"]),
        "bytes": len(row["body"]),
        "signed_at": _signed_at(row["provider"], bytes(row["body"])),
        "events": [dict(fact) for fact in facts],
        "related": [dict(other) for other in related],
        "dead_letters": [dict(letter) for letter in letters],
    }
    if as_json:
        print_json(document)
    else:
        _print_delivery(document)
    return FINE


def _signed_at(provider: str, body: bytes) -> datetime | None:
    # Imported here: the translators behind it would slow down every other command.
    from providers.registry import PROVIDERS

    known = PROVIDERS.get(provider)
    return known.signing_time(body) if known else None


def _signed(at: datetime | None, received_at: datetime) -> str | None:
    """A time inside the signed bytes far from the arrival: sent again, captured and replayed, or a wrong clock."""
    if at is None:
        return None
    if at <= received_at:
        return text("webhook.signed_before", moment=moment(at), age=ago(at, received_at))
    return text("webhook.signed_after", moment=moment(at), age=ago(received_at, at))


DELIVERY = (
    plain("delivery_id"),
    plain("provider"),
    plain("event_name"),
    word("status"),
    plain("reason"),
    told("received_at", lambda one: moment(one["received_at"])),
    count("processing_ms"),
    plain("scheme"),
    plain("secret_id"),
    told("signed_at", lambda one: _signed(one["signed_at"], one["received_at"])),
    plain("path"),
    plain("dedupe_key"),
    count("bytes"),
    told("body_sha256", lambda one: bytes(one["body_sha256"]).hex()),
    plain("duplicate_of"),
    plain("replay_of"),
)


def _print_delivery(document: dict[str, Any]) -> None:
    print_fields(document, DELIVERY)
    for fact in document["events"]:
        print_data(f"  {number(fact['position'])}  {fact['type']}  {fact['stream']}")
    for other in document["related"]:
        print_data(
            f"  {other['relation']}  {other['delivery_id']}  {value(other['status'])}  {moment(other['received_at'])}"
        )
    for letter in document["dead_letters"]:
        print_data(
            f"  dead letter  {letter['dead_letter_id']}  {value(letter['stage'])}  {letter['reason']}  {value(letter['status'])}"
        )


@webhooks.command("raw")
@click.argument("delivery", type=click.UUID, metavar="ID")
@asynchronous
async def raw(delivery: uuid.UUID) -> int:
    """Write the exact bytes of one delivery to stdout; their SHA-256 goes to stderr.

    The bytes are those that were signed. They may hold personal data.
    """
    settings = load_target()
    async with open_store(settings) as connection:
        row = await _with_bytes(connection, delivery, settings.body_archive_dir)
    body = bytes(row["body"])
    sys.stdout.flush()
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()
    talk(f"sha256 {hashlib.sha256(body).hexdigest()}")
    return FINE


@webhooks.command("replay")
@click.argument("delivery", type=click.UUID, metavar="[ID]", required=False)
@provider
@status_filter
@event_filter
@since
@click.option("--max", "cap", type=click.IntRange(1, BULK_CAP), default=100, show_default=True,
              help="Refuse when the filter finds more than this.")  # fmt: skip
@click.option("--reason", default="replay", help="Why, in your own words; kept in the audit record.")
@yes
@as_json
@asynchronous
async def replay(
    delivery: uuid.UUID | None,
    provider: str | None,
    status: str | None,
    event: str | None,
    since: datetime | None,
    cap: int,
    reason: str,
    yes: bool,
    as_json: bool,
) -> int:
    """Send one stored delivery, or all that a filter finds, through the pipeline again.

    What had its effect already changes nothing: the same business fact counts once, at any age. A replay helps where an
    earlier version did not understand a delivery.

    With a filter it is a plan: what it would change is shown first, and then applied as `lunas replay apply` does, behind live traffic.
    """
    settings = load_target()
    if delivery is None:
        filters = {"provider": provider, "status": status, "event": event, "since": since}
        chosen = {name: given for name, given in filters.items() if given is not None}
        return await replay_chosen(settings, "deliveries", chosen, cap, reason, yes=yes, as_json=as_json)
    async with open_store(settings) as connection:
        row = await _with_bytes(connection, delivery, settings.body_archive_dir)
        confirm(text("replay.question", count=1), yes=yes, harmless=True)
        undo = text("replay.undo")
        act = Act("webhooks.replay", str(delivery), reason, undo, after={"deliveries": [str(delivery)]})
        act_id = await record(connection, act)
    async with open_replay(settings) as replayer:
        await replayer.publish(envelope_of_delivery(row, actor()))
    tell([Done(text("replay.done", count=1), act_id, undo)], as_json=as_json)
    return FINE


async def _one(connection: Connection, delivery: uuid.UUID) -> Any:
    row = await connection.fetchrow(load("webhooks.sql", "console")["one"], delivery)
    if row is None:
        raise NotFound(text("webhook.unknown", id=delivery))
    return row


async def _with_bytes(connection: Connection, delivery: uuid.UUID, archives: Path | None) -> Any:
    """From the database, else from the file of their month. Raises Refused when they are gone."""
    row = await _one(connection, delivery)
    if row["redacted_at"] is not None:
        with readable():
            archived = await archived_bodies(connection, archives, [delivery])
        if archived:
            return dict(row) | {"body": archived[delivery]}
        gone = {"moment": moment(row["redacted_at"]), "sha256": row["body_sha256"].hex()}
        raise Refused(text("webhook.redacted", id=delivery, **gone))
    return row


webhooks.add_command(archive)
webhooks.add_command(archives)
webhooks.add_command(strangers)
webhooks.add_command(acknowledge)
