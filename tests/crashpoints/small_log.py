"""A database of its own with a log of a few sealed events: its first part is written into a file again and again, and whoever writes it dies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from eventstore.sealing import seal_next
from tests.crashpoints.sealing import fresh_database
from tests.integration.eventstore.samples import append_now, written_off

if TYPE_CHECKING:
    from tests.crashpoints.office import Office

PART = ("log", "archive", "events_p0", "--reason", "crashes")
AT_ONCE = 3
"""Events between two files, under seals of two: the file grows."""


async def archive_part(office: Office, faults: str) -> bool:
    """The file that the database names is whole, and no other one is left."""
    folder = office.leading.stage.home / "log"
    folder.mkdir(exist_ok=True)
    if not office.small:
        office.small = await fresh_database(office.leading.stage.database_url, "crashes_log")
        await office.goes_on("migrate", LUNAS_DATABASE_URL=office.small)
    await _grown(office.small)
    where = {"LUNAS_DATABASE_URL": office.small, "LUNAS_BODY_ARCHIVE_DIR": str(folder)}
    died = await office.dies(*PART, faults=faults, **where)
    await office.goes_on(*PART, **where)
    code, said = await office.does("log", "archives", "--verify", **where)
    left = [file.name for file in folder.iterdir()]
    if code != 0 or left != [row["file"] for row in said["items"]]:
        office.wrong.append(f"files of the log are {left}, verified with {code}: {said}")
    return died


async def _grown(url: str) -> None:
    connection = await asyncpg.connect(url, server_settings={"search_path": "lunas"})
    try:
        await append_now(connection, *(written_off("a-1", str(number)) for number in range(AT_ONCE)))
        while await seal_next(connection, 2) is not None:
            pass
    finally:
        await connection.close()
