"""What was once in the log, piece by piece as it came: none of it may change or go, and nothing may come before what was there already.

`python -m tests.witness.chain FILE` looks every few seconds at what is new and writes down a digest of it, until it is ended; nothing that was looked at is
looked at again meanwhile. `python -m tests.witness.chain FILE --compare` looks at every piece once more, and says as JSON what became of it. Both are processes of
their own: whoever tortures carries every byte between the program and its servers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from tests.witness.record import read_back

DATABASE = "LUNAS_WITNESS_DATABASE_URL"
LOOK_SECONDS = 3.0
PIECE = 2_000
"""Events that are looked at in one question."""
ANSWER_SECONDS = 60.0
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
UNSEEN = "I5 could not be looked at"
CHANGED, LATE = "I5 the log changed", "I8 an event came behind what was there already"

_NEW = f"""
SELECT max(position) AS through, count(*) AS events, md5(string_agg(md5(whole), '' ORDER BY position)) AS digest
FROM (SELECT position, event::text AS whole FROM events AS event WHERE position > $1 ORDER BY position LIMIT {PIECE}) AS piece
"""
_AGAIN = """
SELECT count(*) AS events, md5(string_agg(md5(event::text), '' ORDER BY position)) AS digest
FROM events AS event WHERE position > $1 AND position <= $2
"""


async def look(path: Path, database_url: str) -> None:
    """Writes down what is new since the last piece in the file. Raises one of AWAY where the database does not say."""
    after = _end(path)
    async with _connected(database_url) as connection:
        while (piece := await connection.fetchrow(_NEW, after))["events"]:
            _keep(path, {"after": after} | dict(piece))
            after = piece["through"]
            if piece["events"] < PIECE:
                return


async def against(path: Path, database_url: str) -> dict[str, list[str]]:
    """By invariant, pieces that are not any more what they were."""
    found: dict[str, list[str]] = {}
    async with _connected(database_url) as connection:
        for piece in read_back(path):
            now = await connection.fetchrow(_AGAIN, piece["after"], piece["through"])
            if (now["events"], now["digest"]) == (piece["events"], piece["digest"]):
                continue
            where = f"after position {piece['after']} up to {piece['through']}"
            said = f"{where}: {now['events']} events in place of {piece['events']}"
            # Whoever follows the log by position has passed it by and never sees it.
            came = now["events"] > piece["events"]
            found.setdefault(LATE if came else CHANGED, []).append(said)
    return found


@asynccontextmanager
async def watched(path: Path, database_url: str) -> AsyncIterator[None]:
    """Looks again and again while the block runs."""
    path.touch()
    process = await _asked(path, database_url)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def compared_again(path: Path, database_url: str) -> dict[str, list[str]]:
    """`against`, by another process; that it could not be said, and that nothing was written down, are held against a run as well."""
    if not pieces(path):
        return {UNSEEN: ["nothing of the log was ever written down"]}
    process = await _asked(path, database_url, "--compare")
    said, why = await process.communicate()
    if process.returncode != 0:
        return {UNSEEN: [why.decode()[-500:]]}
    found: dict[str, list[str]] = json.loads(said)
    return found


def pieces(path: Path) -> int:
    """How many were written down."""
    return sum(1 for _ in read_back(path))


async def _asked(path: Path, database_url: str, *words: str) -> asyncio.subprocess.Process:
    quiet = asyncio.subprocess.PIPE if words else asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        str(path),
        *words,
        env=os.environ | {DATABASE: database_url},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=quiet,
        stderr=quiet,
    )


@asynccontextmanager
async def _connected(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        database_url,
        timeout=ANSWER_SECONDS,
        command_timeout=ANSWER_SECONDS,
        server_settings={"search_path": "lunas"},
    )
    try:
        yield connection
        await connection.close()
    finally:
        connection.terminate()


def _end(path: Path) -> int:
    last = 0
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 500))
        for line in file.read().splitlines()[-1:]:
            last = json.loads(line)["through"]
    return last


def _keep(path: Path, piece: dict[str, object]) -> None:
    """In one write: whoever is ended meanwhile leaves no half of a line."""
    with path.open("ab", buffering=0) as file:
        file.write(json.dumps(piece).encode() + b"\n")


async def _watch(path: Path, database_url: str) -> None:
    """Until whoever started it is gone."""
    while True:
        with contextlib.suppress(
            *AWAY
        ):  # a fault, or the end of a connection: what is new is looked at the next time
            await look(path, database_url)
        await asyncio.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    if "--compare" in sys.argv:
        print(json.dumps(asyncio.run(against(Path(sys.argv[1]), os.environ[DATABASE]))))
    else:
        asyncio.run(_watch(Path(sys.argv[1]), os.environ[DATABASE]))
