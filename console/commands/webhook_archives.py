"""`lunas webhooks archive|archives`: the bytes of webhooks by month, in files beside the database."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from console.acts import tell
from console.archives.archiving import SQL, check_file, months_due
from console.archives.body_file import ArchiveDamaged
from console.archives.running import folder_of, readable, write_due, write_month
from console.exits import FINE, PROBLEMS, WrongUse
from console.lazy import Command
from console.messages import text
from console.options import as_json, asynchronous, never_asked, reason
from console.output import print_data, print_json
from console.store import open_store
from console.tables import count, plain, print_rows, told, when
from console.target import load_target

if TYPE_CHECKING:
    from pathlib import Path

    from runtime.database import Connection


@click.command(cls=Command)
@click.argument("month", metavar="[YYYY-MM]", required=False)
@reason
@never_asked
@as_json
@asynchronous
async def archive(month: str | None, reason: str, as_json: bool) -> int:
    """Write the bytes of a month's webhooks into a file of LUNAS_BODY_ARCHIVE_DIR, each held against what the sealed log says that came.

    Without a month: every one that is over and has no file yet, and those whose file holds a person who was forgotten since. A month that has a file
    is written anew with what came late. With LUNAS_RAW_BODY_ARCHIVE=first only what stands in a file is emptied by age.
    """
    settings = load_target()
    folder_of(settings)
    async with open_store(settings) as connection:
        if month is None:
            done = list(await write_due(connection, settings, reason))
        else:
            done = [await write_month(connection, settings, _month(month), reason)]
    if not done and not as_json:
        print_data(text("archive.nothing"))
    else:
        tell(done, as_json=as_json)
    return FINE


@click.command(cls=Command)
@click.option("--verify", is_flag=True, help="Read every byte, and hold it against the sealed log.")
@as_json
@asynchronous
async def archives(verify: bool, as_json: bool) -> int:
    """Files with the bytes of webhooks, by month, and months that have none. Exit code 1 when a file is missing or damaged."""
    settings = load_target()
    folder = folder_of(settings)
    with readable():
        there = set(os.listdir(folder))
    async with open_store(settings) as connection:
        found = await connection.fetch(SQL["files"])
        rows = [dict(row) | {"month": f"{row['month']:%Y-%m}"} for row in found]
        for row in rows:
            row["state"], row["detail"] = await _state(
                connection, folder / row["file"], row, settings.raw_body_batch, there, verify=verify
            )
        due = [f"{month:%Y-%m}" for month in await months_due(connection)]
    if as_json:
        print_json({"items": rows, "due": due})
    else:
        _print(rows, due)
    return PROBLEMS if any(row["state"] in ("missing", "damaged") for row in rows) else FINE


async def _state(
    connection: Connection,
    path: Path,
    row: dict[str, Any],
    batch: int,
    there: Collection[str],
    *,
    verify: bool,
) -> tuple[str, str | None]:
    if not verify:
        return ("there" if row["file"] in there else "missing"), None
    try:
        await check_file(connection, path, row, batch)
    except FileNotFoundError:
        return "missing", None
    except (ArchiveDamaged, OSError) as error:
        return "damaged", str(error)
    return "verified", None


FILES = (
    plain("month"),
    plain("file"),
    count("bodies"),
    when("archived_at"),
    told("state", lambda row: " ".join(filter(None, (text(f"archive.state.{row['state']}"), row["detail"])))),
)


def _print(rows: list[dict[str, Any]], due: list[str]) -> None:
    print_rows(rows, FILES)
    if due:
        print_data(text("archive.due", months=", ".join(due)))


def _month(said: str) -> date:
    try:
        return datetime.strptime(said, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise WrongUse(text("archive.no_month", said=said)) from None
