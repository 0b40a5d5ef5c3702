"""A plan of very many dead letters: how long it takes to choose, preview and keep it, and how much memory that takes.

    python -m tests.benchmarks.replay_preview [LETTERS]

Each letter is another payment of one of a thousand customers. The preview runs LUNAS_REPLAY_PREVIEW_MAX of them.
"""

from __future__ import annotations

import asyncio
import hashlib
import resource
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from console.replaying.planning import make_plan, plan_document
from projections.versions import ensure
from runtime.ids import uuid7
from runtime.settings import Settings
from schemas.envelope import pack
from schemas.where import parse_where
from tests.services import database_server
from tests.unit.processor.intake.envelopes import capture, envelope

LETTERS = 100_000
PAGE = 5_000
COLUMNS = (
    "dead_letter_id",
    "delivery_id",
    "provider",
    "event_name",
    "stage",
    "reason",
    "message",
    "body_sha256",
    "amount",
)


def main() -> None:
    letters = int(sys.argv[1]) if len(sys.argv) > 1 else LETTERS
    with contextmanager(database_server)() as server:
        asyncio.run(measure(server.create_migrated(), letters))


async def measure(url: str, letters: int) -> None:
    connection = await asyncpg.connect(url, server_settings={"search_path": "lunas"})
    await ensure(connection)
    for first in range(0, letters, PAGE):
        await connection.copy_records_to_table(
            "dead_letters", records=parked(first, min(first + PAGE, letters)), columns=COLUMNS
        )
    await connection.execute("ANALYZE dead_letters")
    await connection.close()
    operator = await asyncpg.connect(url, server_settings={"search_path": "lunas", "role": "lunas_operator"})
    settings = Settings(env="development", database_url=url)
    before, started = memory(), time.monotonic()
    plan_id = await make_plan(
        operator, settings, parse_where("provider=xendit and error~translator"), by="bench"
    )
    seconds = time.monotonic() - started
    document = await plan_document(operator, plan_id)
    sys.stdout.write(
        f"{document['items']} letters, {document['sampled']} of them run: {seconds:.2f} s, {memory() - before:.0f} MiB more\n"
    )
    await operator.close()


def parked(first: int, last: int) -> Iterator[tuple[object, ...]]:
    for number in range(first, last):
        body = capture(f"py-{number}").replace(b"ratna@", f"c{number % 1000}@".encode())
        message = pack([envelope(body)])
        yield (
            uuid7(),
            uuid.uuid4(),
            "xendit",
            "payment.capture",
            "translate",
            "translator_failed",
            message,
            hashlib.sha256(body).digest(),
            50_000,
        )


def memory() -> float:
    """The most that this process ever held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
