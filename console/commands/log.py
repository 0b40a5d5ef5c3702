"""`lunas log parts|archive|archives`: the parts that the log is kept in, and files of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.acts import Act, Done, record, tell
from console.archives.body_file import ArchiveDamaged
from console.archives.parts import SQL, NothingSealed, archive_part, check_part, parts_due, ranges
from console.archives.running import folder_of, readable
from console.exits import FINE, PROBLEMS, NotFound, Refused, WrongUse
from console.lazy import Command, Group
from console.messages import text
from console.options import actor, as_json, asynchronous, never_asked, reason
from console.output import number, print_data, print_json, talk
from console.store import open_store
from console.tables import count, plain, print_rows, told, when
from console.target import load_target
from eventstore.parts import parts, room
from eventstore.published_seals import published_hashes

if TYPE_CHECKING:
    from console.archives.part_file import Range
    from runtime.database import Connection

PARTS = (
    plain("part"),
    count("first"),
    count("before"),
    when("since"),
    when("until"),
    count("bytes"),
)
FILES = (
    plain("part"),
    plain("file"),
    count("events"),
    count("through"),
    when("archived_at"),
    told("state", lambda row: " ".join(filter(None, (text(f"archive.state.{row['state']}"), row["detail"])))),
)
VERB = "log.archive"


@click.group(cls=Group)
def log() -> None:
    """The log's parts: ranges of positions, each a table of its own, made before they are needed; and files of them that prove themselves."""


@log.command("parts")
@as_json
@asynchronous
async def list_parts(as_json: bool) -> int:
    """List the parts of the log: from which position, before which, from when to when, and how large."""
    async with open_store(load_target()) as connection:
        rows: list[dict[str, Any]] = [dict(row) for row in await parts(connection)]
        left = await room(connection)
    if as_json:
        print_json({"items": rows, "ahead": left.parts, "head": left.head})
        return FINE
    print_rows(rows, PARTS)
    talk(text("log.room", parts=number(left.parts), positions=number(max(left.behind - left.head - 1, 0))))
    return FINE


@log.command("archive", cls=Command)
@click.argument("part", metavar="[PART]", required=False)
@reason
@never_asked
@as_json
@asynchronous
async def archive(part: str | None, reason: str, as_json: bool) -> int:
    """Write what is sealed of a part of the log into a file of LUNAS_BODY_ARCHIVE_DIR, with the seals that prove it; it is read back, and every hash made anew.

    Without a part: each that is sealed to its end and has no file that reaches there. deploy/verify_log_part.py checks a file against the published seals, without the
    database and without this program. Nothing is taken out of the database.
    """
    settings = load_target()
    folder = folder_of(settings)
    async with open_store(settings) as connection:
        known = await ranges(connection)
        if part is not None and part not in known:
            raise NotFound(text("log.no_part", part=part, known=", ".join(known)))
        chosen = [part] if part is not None else await parts_due(connection)
        done = [await _archived(connection, folder, known[each], reason) for each in chosen]
    if not done and not as_json:
        print_data(text("log.nothing"))
    else:
        tell(done, as_json=as_json)
    return FINE


async def _archived(connection: Connection, folder: Path, place: Range, reason: str) -> Done:
    try:
        with readable():
            file, held = await archive_part(connection, folder, place, actor())
    except NothingSealed:
        raise Refused(text("log.nothing_sealed", part=place.part)) from None
    after = {"file": file, "events": held.events, "through": held.through}
    undo = text("archive.undo")
    act_id = await record(connection, Act(VERB, place.part, reason, undo, after=after))
    reach = text("log.whole") if held.whole else text("log.through", position=number(held.through))
    return Done(
        text("log.archived", part=place.part, file=file, events=number(held.events), reach=reach),
        act_id,
        undo,
    )


@log.command("archives", cls=Command)
@click.option(
    "--verify", is_flag=True, help="Read every file, make every hash anew, and hold them against its seals."
)
@click.option(
    "--published",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --verify: hold its seals against the published ones too, the lines of LUNAS_SEALS_PATH.",
)
@as_json
@asynchronous
async def archives(verify: bool, published: Path | None, as_json: bool) -> int:
    """Files of the log's parts, and parts that have none to their end. Exit code 1 when a file is missing or damaged."""
    settings = load_target()
    folder = folder_of(settings)
    hashes = _published(published) if verify else {}
    async with open_store(settings) as connection:
        rows = [dict(row) for row in await connection.fetch(SQL["files"])]
        due = await parts_due(connection)
    for row in rows:
        row["state"], row["detail"] = _state(folder / row["file"], row, hashes, verify=verify)
    if as_json:
        print_json({"items": rows, "due": due})
    else:
        print_rows(rows, FILES)
        if due:
            print_data(text("log.due", parts=", ".join(due)))
    return PROBLEMS if any(row["state"] in ("missing", "damaged") for row in rows) else FINE


def _published(file: Path | None) -> Mapping[int, str]:
    try:
        return {} if file is None else published_hashes(file)
    except (OSError, ValueError) as error:
        raise WrongUse(str(error)) from None


def _state(
    path: Path, row: Mapping[str, Any], published: Mapping[int, str], *, verify: bool
) -> tuple[str, str | None]:
    try:
        if not verify:
            return ("there" if path.exists() else "missing"), None
        check_part(path, row, published)
    except FileNotFoundError:
        return "missing", None
    except (ArchiveDamaged, OSError) as error:
        return "damaged", str(error)
    return "verified", None
