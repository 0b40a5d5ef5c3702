"""`lunas notifications`: what was told to whom, and sending it again."""

from __future__ import annotations

import uuid
from datetime import datetime

import click

from console.acts import Act, Done, record, tell
from console.choices import Among
from console.exits import FINE, WrongUse
from console.lazy import Group
from console.messages import text
from console.options import as_json, asynchronous, limit, reason, since, yes
from console.output import print_data, print_json
from console.safety import BULK_CAP, check_bulk, confirm
from console.store import open_store
from console.tables import count, plain, print_rows, when, word
from console.target import load_target
from eventstore.queries import load
from notify.kinds import KINDS, TEST_KIND

STATUSES = ("waiting", "delivered", "failed", "skipped")

receiver = click.option("--receiver", help="Only for this endpoint, or `email` for mail to customers.")
status = click.option("--status", type=Among(STATUSES), help="Only in this state.")
kind = click.option("--kind", type=Among((*KINDS, TEST_KIND)), help="Only of this kind.")


@click.group(cls=Group)
def notifications() -> None:
    """What applications and customers were told, by webhook and by mail: each decision once for each receiver."""


NOTIFICATIONS = (
    plain("event_id"), plain("kind"), plain("receiver"), plain("customer_id"), when("created_at"), count("attempts"), word("status"),
    plain("answered", right=True), word("trouble"),
)  # fmt: skip


@notifications.command("list")
@receiver
@status
@kind
@click.option("--customer", help="Only about this customer.")
@since
@limit
@as_json
@asynchronous
async def list_notifications(
    receiver: str | None,
    status: str | None,
    kind: str | None,
    customer: str | None,
    since: datetime | None,
    limit: int,
    as_json: bool,
) -> int:
    """List notifications, newest first: how often each was tried, and what came of it."""
    async with open_store(load_target()) as connection:
        rows = [
            dict(row)
            for row in await connection.fetch(
                _SQL["list"], receiver, status, kind, customer, since, None, limit
            )
        ]
    rows = [row | {"message_id": f"msg_{row['event_id'].hex}"} for row in rows]
    if as_json:
        print_json({"items": rows})
        return FINE
    if not rows:
        print_data(text("notifications.none"))
        return FINE
    print_rows(rows, NOTIFICATIONS)
    return FINE


@notifications.command("replay")
@click.argument("notification", required=False)
@receiver
@click.option(
    "--status",
    type=Among(STATUSES[1:]),
    help="Only those that were delivered, failed or skipped.",
)
@kind
@since
@click.option(
    "--max",
    "cap",
    type=click.IntRange(1, 100_000),
    default=BULK_CAP,
    show_default=True,
    help="Refuse when more would be sent.",
)
@reason
@yes
@as_json
@asynchronous
async def replay(
    notification: str | None,
    receiver: str | None,
    status: str | None,
    kind: str | None,
    since: datetime | None,
    cap: int,
    reason: str,
    yes: bool,
    as_json: bool,
) -> int:
    """Send notifications again, under the same `webhook-id`: one by its id, or all that a filter finds. What waits already is left alone."""
    event_id = None if notification is None else _event_id(notification)
    chosen = (receiver, status, kind, since, event_id)
    undo = text("notifications.no_undo")
    async with open_store(load_target()) as connection:
        found = await connection.fetchval(_SQL["to_replay"], *chosen)
        if not found:
            raise WrongUse(text("notifications.nothing"))
        check_bulk(found, cap, filtered=any(one is not None for one in chosen))
        confirm(text("notifications.replay_question", count=found), yes=yes, harmless=found == 1)
        async with connection.transaction():
            done = await connection.execute(_SQL["replay"], *chosen)
            count = int(done.rpartition(" ")[2])
            filters = dict(zip(("receiver", "status", "kind", "since", "event_id"), chosen, strict=True))
            act = Act(
                "notifications.replay",
                notification or receiver or "",
                reason,
                undo,
                after={**filters, "count": count},
            )
            act_id = await record(connection, act)
    tell([Done(text("notifications.replayed", count=count), act_id, undo)], as_json=as_json)
    return FINE


def _event_id(given: str) -> uuid.UUID:
    """Of a notification's id or a `webhook-id`. Raises WrongUse."""
    try:
        return uuid.UUID(given.removeprefix("msg_"))
    except ValueError:
        raise WrongUse(text("notifications.no_id", given=given)) from None


_SQL = load("notifications.sql", "console")
