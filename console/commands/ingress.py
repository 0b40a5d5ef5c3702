"""`lunas ingress`: the journal of what was accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import click

from console.acts import Act, Done, record, tell
from console.exits import FINE, PROBLEMS, Away
from console.lazy import Group
from console.messages import text
from console.options import Moment, as_json, asynchronous, reason, yes
from console.output import number, print_data, print_json, talk
from console.progress import Bar
from console.queues import depths
from console.replay import open_replay
from console.safety import confirm
from console.store import open_store
from console.tables import count, plain, print_rows, told, when
from console.target import load_target
from eventstore.queries import load
from ingress.journal.opening import journal_root
from ingress.journal.survey import accepted_since, examine, survey
from schemas.topology import WEBHOOKS

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings
    from schemas.envelope import Envelope


JOURNALS = (
    plain("folder"),
    told("held", lambda state: text("journal.yes" if state["held"] else "journal.no")),
    count("files"),
    count("bytes"),
    count("records"),
    count("waiting"),
    when("oldest"),
    when("newest"),
)
GROUP = 256
"""Deliveries on their way to the broker at once."""
WORK = f"{WEBHOOKS}."
LITTLE = 100
"""Messages in the work queues that are sent again as well, as far as they were not stored: a living system is never quite empty."""
LOOK_SECONDS = 2.0


@click.group(cls=Group)
def ingress() -> None:
    """What ingress accepted, from its own disk: the journal, and sending it to the broker again."""


@ingress.group("journal", cls=Group)
def journal() -> None:
    """The journal on this machine's disk: how much is there, and is it whole."""


@journal.command("status")
@as_json
def status(as_json: bool) -> int:
    """Show every journal of this installation: files, records, and what the broker does not have yet."""
    root = journal_root(load_target(named=False))
    items = [asdict(state) | {"folder": state.folder.name} for state in survey(root)]
    if as_json:
        print_json({"root": str(root), "items": items})
        return FINE
    if not items:
        print_data(text("journal.none", root=root))
        return FINE
    print_data(str(root))
    print_rows(items, JOURNALS)
    return FINE


@journal.command("verify")
@as_json
def verify(as_json: bool) -> int:
    """Read every record and check it against its checksum and its number; names the file and the byte of what is wrong.

    Exits with 1 when something was changed after it was written, or is missing. The end of a write that a crash stopped is shown, and is
    no problem: it was never answered.
    """
    root = journal_root(load_target(named=False))
    flaws = list(examine(root))
    problems = [flaw for flaw in flaws if flaw.kind != "torn"]
    if as_json:
        print_json({"root": str(root), "items": [asdict(flaw) | {"file": str(flaw.file)} for flaw in flaws]})
    else:
        for flaw in flaws:
            print_data(
                text(
                    f"journal.{flaw.kind}",
                    file=flaw.file.relative_to(root),
                    offset=number(flaw.offset),
                    bytes=number(flaw.bytes),
                    record=number(flaw.after_record),
                )
            )
        print_data(text("journal.flawed" if problems else "journal.whole", root=root, count=len(problems)))
    return PROBLEMS if problems else FINE


@ingress.command("republish")
@click.option(
    "--since", type=Moment(), required=True, help="Only from then on: 2h, 30m, 3d, or an ISO 8601 time (WIB)."
)
@click.option(
    "--missing",
    is_flag=True,
    help="Only what is not stored and waits nowhere: when the work queues are worked off.",
)
@reason
@yes
@as_json
@asynchronous
async def republish(since: datetime, missing: bool, reason: str, yes: bool, as_json: bool) -> int:
    """Send what was accepted since then to the broker again, in order: after the loss of the broker, or of a part of the log.

    What was processed already is recognised and changes nothing.
    """
    settings = load_target()
    root = journal_root(settings)
    count = sum(1 for _ in accepted_since(root, since, relayed=missing))
    if not count:
        talk(text("republish.nothing", root=root))
        tell([], as_json=as_json)
        return FINE
    confirm(text("republish.question", count=number(count)), yes=yes)
    if missing:
        await _worked_off(settings)
        count = sum(1 for _ in accepted_since(root, since, relayed=True))
    undo = text("replay.undo")
    async with open_store(settings) as connection:
        act_id = await record(
            connection,
            Act("ingress.republish", f"since={since.isoformat()}", reason, undo, after={"deliveries": count}),
        )
        async with open_replay(settings) as replayer:
            with Bar() as bar:
                seen = sent = 0
                for group in batched(accepted_since(root, since, relayed=missing), GROUP):
                    wanted = await _not_stored(connection, group) if missing else group
                    await replayer.publish_all(wanted)
                    seen, sent = seen + len(group), sent + len(wanted)
                    bar.show(seen, max(count, seen))
    tell([Done(text("republish.done", count=number(sent)), act_id, undo)], as_json=as_json)
    return FINE


async def _worked_off(settings: Settings) -> None:
    """Until little waits in the work queues: what is there is not missing, and would be there twice. A disk that was full is full again of that.

    Raises Away when the broker does not answer at first; later it is waited for.
    """
    told = False
    while True:
        try:
            waiting = sum(queue.ready for queue in await depths(settings) if queue.name.startswith(WORK))
        except Away:
            if not told:
                raise
        else:
            if waiting <= LITTLE:
                return
            if not told:
                talk(text("republish.waits", count=number(waiting)))
                told = True
        await asyncio.sleep(LOOK_SECONDS)


async def _not_stored(connection: Connection, group: list[Envelope]) -> list[Envelope]:
    """What is still on its way is sent too, and recognised."""
    ids = [envelope.delivery_id for envelope in group]
    rows = await connection.fetch(load("webhooks.sql", "console")["stored"], ids)
    stored = {str(row["delivery_id"]) for row in rows}
    return [envelope for envelope in group if envelope.delivery_id not in stored]


def batched(envelopes: Iterator[Envelope], size: int) -> Iterator[list[Envelope]]:
    """So many at a time, in order."""
    while group := list(islice(envelopes, size)):
        yield group
