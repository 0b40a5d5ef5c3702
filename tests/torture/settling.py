"""When nothing moves any more."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import asyncpg

from runtime.amqp.probe import QUEUE as PROBED
from tests.witness.ending import left_over

STILL_SECONDS = 120.0
"""So long after the last movement nobody believes any more that anything will move."""
MISSING_SECONDS = 600.0
"""The same where something is missing: whoever sends it again reads all of the journal first, and tries again where that does not end well."""
ASKED_PAUSE = 2
"""So many times as long as asking took nobody asks again: what an hour left takes its time to be looked through, and whoever moves needs the machine."""
LONGEST_SECONDS = 3_600.0  # an hour's backlog moves for a long time
BEHIND_SECONDS = 20.0
"""Whoever is behind the log for so long, while nobody moves, does not read it: a generation that was left, a process that is not started."""
QUIET_LOOKS = 3
LOOK_SECONDS = 0.5

AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

ControlBroker = Callable[..., Awaitable[str]]


async def nothing_missing() -> int:
    """Where nobody knows what should be there."""
    return 0


async def settled(
    database_url: str,
    control_broker: ControlBroker,
    looks: int = QUIET_LOOKS,
    missing: Callable[[], Awaitable[int]] = nothing_missing,
) -> str:
    """Until nothing waits anywhere, everybody has read the whole log, and nothing is `missing` in it. What moves is waited for, however slowly it does;
    what is missing once nothing has moved for MISSING_SECONDS is for the verdict to say. Why it was given up; nothing where all came to its end."""
    begun = moved = due = time.monotonic()
    patience = STILL_SECONDS
    last: tuple[object, ...] = ()
    quiet, why = 0, "the database never said where everybody is"
    while (now := time.monotonic()) - moved < patience and now - begun < LONGEST_SECONDS:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            place, behind = await _positions(database_url)
        except AWAY as error:
            why = f"the database is away: {error}"
            continue
        quiet = quiet + 1 if place == last else 0
        why = why if place == last else "something still moved"
        moved = moved if place == last else now
        last = place
        # A question to the broker starts a virtual machine: it is asked once the database says nothing new.
        if quiet >= looks and now >= due and (not behind or now - moved > BEHIND_SECONDS):
            if (messages := await _messages(control_broker)) != 0:
                why = f"{messages} messages wait, or the broker does not say"
            elif (lacking := await _lacking(missing)) != 0:
                why, patience = f"{lacking} are missing", MISSING_SECONDS
            elif waits := await _left(database_url):
                why = "; ".join(waits[:3])
            else:
                return ""
            asked = time.monotonic()
            due, quiet = asked + ASKED_PAUSE * (asked - now), 0
    return f"given up after {time.monotonic() - begun:.0f} s: {why}"


async def _left(database_url: str) -> list[str]:
    """What waits in lines, or was due long ago."""
    try:
        return await left_over(database_url)
    except AWAY as error:
        return [f"the database is away: {error}"]


async def moved(database_url: str) -> object:
    """The end of the log and how far everybody is; None while the database does not say."""
    try:
        return (await _positions(database_url))[0]
    except AWAY:
        return None


async def _lacking(missing: Callable[[], Awaitable[int]]) -> int:
    """Some, where nobody can say it now: the database may be away."""
    try:
        return await missing()
    except OSError as error:
        print(f"not known what is missing: {error}", file=sys.stderr, flush=True)
        return 1


async def _messages(control_broker: ControlBroker) -> int:
    """Those that wait in queues, or are in somebody's hands; some, where the broker does not say."""
    said = await control_broker("list_queues", "--quiet", "--no-table-headers", "name", "messages")
    counted = [line.strip().rpartition("\t") for line in said.splitlines()]
    waiting = [
        int(number)
        for name, _, number in counted
        if number.isdigit() and not name.endswith("rejected") and name != PROBED
    ]
    return sum(waiting) if waiting else 1


async def _positions(database_url: str) -> tuple[tuple[object, ...], bool]:
    """The end of the log and how far everybody is; whether somebody has not read it all."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    try:
        newest = await connection.fetchval("SELECT coalesce(max(position), 0) FROM events")
        places = await connection.fetch(
            "SELECT consumer, version, partition, position FROM checkpoints ORDER BY 1, 2, 3"
        )
    finally:
        await connection.close()
    return (newest, tuple(map(tuple, places))), any(row["position"] < newest for row in places)
