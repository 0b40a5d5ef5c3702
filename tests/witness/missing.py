"""How much of what was answered 200 is not stored yet.

Asked by a process of its own (`python -m tests.witness.missing RECORD`): an hour's record takes a quarter of a minute to read, and whoever asks also carries every
byte between the program and its servers. Read in that process, nothing could be stored while it was asked whether everything was.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import asyncpg

from tests.witness.verdict import Heard

DATABASE = "LUNAS_WITNESS_DATABASE_URL"


async def not_stored(path: Path, database_url: str) -> int:
    """How many bodies that were answered 200 are not stored, so far. Raises OSError where that cannot be said now."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        str(path),
        env=os.environ | {DATABASE: database_url},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, why = await process.communicate()
    if process.returncode != 0:
        raise OSError(why.decode()[-2000:])
    return int(said)


async def _counted(path: Path, database_url: str) -> int:
    accepted = sorted(Heard.of(path).accepted)
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    try:
        there = await connection.fetchval(
            "SELECT count(DISTINCT sha256(body)) FROM deliveries WHERE encode(sha256(body), 'hex') = ANY($1::text[])",
            accepted,
        )
    finally:
        await connection.close()
    return len(accepted) - int(there)


if __name__ == "__main__":
    print(asyncio.run(_counted(Path(sys.argv[1]), os.environ[DATABASE])))
