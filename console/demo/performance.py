"""Plays the script through the real door and waits until everything it said is visible."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.demo.script import Script
from console.exits import CommandError
from console.messages import text
from console.player import Answered, play
from console.progress import Bar
from eventstore.queries import load
from eventstore.read import head

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

SETTLE_SECONDS = 60.0
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Performance:
    """What the door answered, and how long it all took. `accepted` holds the SHA-256 of every body answered 200."""

    answers: list[Answered]
    accepted: frozenset[bytes]
    forged_accepted: int
    forged_refused: int
    unanswered: int
    seconds: float


async def perform(settings: Settings, script: Script) -> Performance:
    """Sends everything; shows a bar at a terminal and a line elsewhere."""
    started = time.monotonic()
    address = f"http://{settings.ingress_host}:{settings.ingress_port}"
    with Bar() as bar:
        answers = await play(address, script.performance, progress=bar.show)
    forged = {id(webhook) for webhook in script.forged}
    statuses = [answer.status for answer in answers if id(answer.delivery) in forged]
    genuine = [answer for answer in answers if id(answer.delivery) not in forged]
    return Performance(
        answers=answers,
        accepted=frozenset(digest(answer.delivery.body) for answer in answers if answer.status == 200),
        forged_accepted=statuses.count(200),
        forged_refused=statuses.count(401),
        unanswered=sum(answer.status != 200 for answer in genuine),
        seconds=time.monotonic() - started,
    )


async def settled(connection: Connection, performance: Performance) -> int:
    """Waits until every accepted body is stored and every reader has reached the end of the log; its position.

    Raises CommandError when that takes longer than SETTLE_SECONDS.
    """
    sql, wanted = load("demo.sql", "console")["pending"], list(performance.accepted)
    deadline = time.monotonic() + SETTLE_SECONDS
    before = -1
    while time.monotonic() < deadline:
        end = await head(connection)
        row = await connection.fetchrow(sql, wanted)
        stored = (
            row is not None and row["stored"] == len(wanted) and row["kept"] >= performance.forged_refused
        )
        if row is not None and stored and row["slowest"] == end == before:
            return int(before)
        # Twice the same: deciding moves the end of the log once more.
        before = end
        await asyncio.sleep(POLL_SECONDS)
    raise CommandError(text("demo.not_settled", seconds=int(SETTLE_SECONDS)))


def digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
