"""Applying a plan: behind live traffic, one delivery after the other, and nothing counts as done before its effect is in the store.

Everything that must outlast a crash is in the plan's rows: an item's delivery id is drawn and kept before it is sent, so whoever resumes sends
the same delivery again, and the store knows it. A letter is closed by the transaction that holds its effect, as ever.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiolimiter import AsyncLimiter

from console.acts import Act, already, record
from console.exits import Refused
from console.letter_acts import STALE_CLAIM
from console.messages import text
from console.options import actor
from console.replay import Replayer
from console.replaying.planning import UNREADABLE, plan_row, rehearse
from console.replaying.sources import LETTERS, OWN_ID, SQL, item_envelope
from processor.preview import versions_of
from runtime.database import is_there
from runtime.faults import fault_point
from runtime.ids import uuid7

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

LOOK_SECONDS = 0.2  # how often the store is looked at for what became of what was sent
MOVED_SHOWN = 5
PAUSABLE, CANCELLABLE = ["running"], ["planned", "running", "paused"]

Show = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Run:
    """One runner's hold on a plan."""

    plan_id: uuid.UUID
    rate: float
    runner: uuid.UUID
    by: str


async def start(
    connection: Connection,
    settings: Settings,
    plan_id: uuid.UUID,
    reason: str,
    *,
    rate: float | None = None,
    by: str = "",
) -> tuple[Run, uuid.UUID]:
    """Take a plan for a run; the audit record with it. Raises Refused when it was taken already, or when the world has moved since the preview."""
    row = await plan_row(connection, plan_id)
    if row["status"] != "planned":
        otherwise = Refused(text("replay.not_planned", id=plan_id, status=row["status"]))
        raise await already(connection, "replay.apply", str(plan_id), otherwise)
    await _check_world(connection, settings, row)
    by, rate = by or actor(), rate or settings.replay_rate
    run = Run(plan_id, rate, uuid7(), by)
    undo = text("replay.apply_undo", id=plan_id)
    lease = timedelta(seconds=settings.replay_lease_seconds)
    async with connection.transaction():
        after = {"items": row["items"], "filter": row["filter"], "rate": rate}
        act_id = await record(
            connection,
            Act("replay.apply", str(plan_id), reason, undo, before={"status": "planned"}, after=after, by=by),
        )
        if (
            await connection.fetchval(SQL["start"], plan_id, reason, rate, by, act_id, run.runner, lease)
            is None
        ):
            otherwise = Refused(text("replay.not_planned", id=plan_id, status="running"))
            raise await already(connection, "replay.apply", str(plan_id), otherwise)
    fault_point("replay.started")
    return run, act_id


async def resume(
    connection: Connection,
    settings: Settings,
    plan_id: uuid.UUID,
    reason: str = "resume",
    *,
    rate: float | None = None,
    by: str = "",
) -> tuple[Run, uuid.UUID]:
    """Go on with a run that was paused, or whose runner has died. Raises Refused when there is nothing to go on with."""
    row = await plan_row(connection, plan_id)
    runner, lease = uuid7(), timedelta(seconds=settings.replay_lease_seconds)
    async with connection.transaction():
        going = await connection.fetchrow(SQL["resume"], plan_id, runner, lease, rate)
        if going is None:
            raise Refused(text("replay.not_resumable", id=plan_id, status=row["status"]))
        by = by or actor()
        before, undo = {"status": row["status"]}, f"lunas replay pause {plan_id}"
        act = Act(
            "replay.resume", str(plan_id), reason, undo, before=before, after={"status": "running"}, by=by
        )
        return Run(plan_id, going["rate"], runner, by), await record(connection, act)


async def change(
    connection: Connection, plan_id: uuid.UUID, verb: str, reason: str, *, by: str = ""
) -> uuid.UUID:
    """Pause or cancel, whoever runs it; it stops within a second. The audit record's id. Raises Refused when there is nothing to stop."""
    row = await plan_row(connection, plan_id)
    status, allowed, undo = {
        "pause": ("paused", PAUSABLE, f"lunas replay resume {plan_id}"),
        "cancel": ("cancelled", CANCELLABLE, text("replay.cancel_undo")),
    }[verb]
    async with connection.transaction():
        if await connection.fetchval(SQL["change"], plan_id, status, allowed) is None:
            otherwise = Refused(text("replay.not_stoppable", id=plan_id, status=row["status"]))
            raise await already(
                connection, f"replay.{verb}", str(plan_id), otherwise, undone_by=["replay.resume"]
            )
        act = Act(
            f"replay.{verb}",
            str(plan_id),
            reason,
            undo,
            before={"status": row["status"]},
            after={"status": status},
            by=by,
        )
        act_id = await record(connection, act)
        fault_point("replay.stopping")
    fault_point("replay.stopped")
    return act_id


async def go(connection: Connection, settings: Settings, replayer: Replayer, run: Run, show: Show) -> str:
    """Send what is left, and wait for its effects; the plan's status then. Raises what the broker or the database raise; the run can be resumed."""
    try:
        await _send_all(connection, settings, replayer, run, show)
    finally:
        if is_there(connection):
            await _settle(connection, run)
            status: str | None = await connection.fetchval(SQL["leave"], run.plan_id, run.runner)
    return status or "paused"


async def _check_world(connection: Connection, settings: Settings, row: Any) -> None:
    """Refuses when a stream that the plan touches has another version, or when the same run would change something else now."""
    was = dict(zip(row["streams"], row["versions"], strict=True))
    now = await versions_of(connection, set(was))
    moved = sorted(stream for stream, version in was.items() if now[stream] != version)
    if moved:
        shown = ", ".join(f"{stream} ({was[stream]} → {now[stream]})" for stream in moved[:MOVED_SHOWN])
        raise Refused(text("replay.moved", id=row["plan_id"], count=len(moved), shown=shown))
    again = await rehearse(connection, settings, row["plan_id"])
    if again.digest != row["effect_digest"]:
        raise Refused(text("replay.differs", id=row["plan_id"]))


async def _send_all(
    connection: Connection, settings: Settings, replayer: Replayer, run: Run, show: Show
) -> None:
    total = (await plan_row(connection, run.plan_id))["items"]
    limiter = AsyncLimiter(1, 1 / run.rate)
    await _settle(connection, run)
    # What a run before this one sent, for certain or not, is the same delivery when it is sent again.
    await _send_again(connection, settings, replayer, run)
    last, since = (-1, -1), time.monotonic()
    while await _alive(connection, settings, run):
        in_flight, waiting = left = await _settle(connection, run)
        show(total - in_flight - waiting, total)
        if not (in_flight or waiting):
            return
        if left != last:
            last, since = left, time.monotonic()
        elif time.monotonic() - since > settings.replay_wait_seconds:
            await _send_again(connection, settings, replayer, run)
            since = time.monotonic()
        room = min(settings.replay_window - in_flight, waiting, max(int(run.rate), 1))
        for item in await connection.fetch(SQL["next"], run.plan_id, room) if room > 0 else ():
            await limiter.acquire()
            await _send(connection, settings, replayer, run, item)
        if room <= 0:
            await asyncio.sleep(LOOK_SECONDS)


async def _send_again(connection: Connection, settings: Settings, replayer: Replayer, run: Run) -> None:
    for item in await connection.fetch(SQL["under_way"], run.plan_id):
        await _publish(connection, settings, replayer, run, item, item["delivery_id"])


async def _alive(connection: Connection, settings: Settings, run: Run) -> bool:
    """Whether this runner is to go on."""
    lease = timedelta(seconds=settings.replay_lease_seconds)
    status: str | None = await connection.fetchval(SQL["alive"], run.plan_id, run.runner, lease)
    return status == "running"


async def _settle(connection: Connection, run: Run) -> tuple[int, int]:
    """What was sent and is in the store is done. How many were sent and are not yet, and how many wait to be sent."""
    await connection.execute(SQL["settle"], run.plan_id)
    row = await connection.fetchrow(SQL["left"], run.plan_id)
    return (row["sent"], row["waiting"]) if row else (0, 0)


async def _send(connection: Connection, settings: Settings, replayer: Replayer, run: Run, item: Any) -> None:
    """Claim, draw the delivery's id, keep it, send. What cannot be sent has its outcome at once."""
    number = item["number"]
    delivery_id = item["source_id"] if item["source"] in OWN_ID else uuid7()
    async with connection.transaction():
        if not await _is_ours(connection, run, item):
            await connection.execute(SQL["done"], run.plan_id, number, "taken", None)
            return
        await connection.execute(SQL["sending"], run.plan_id, number, delivery_id)
    fault_point("replay.before_publish")
    await _publish(connection, settings, replayer, run, item, delivery_id)
    fault_point("replay.after_publish")


async def _is_ours(connection: Connection, run: Run, item: Any) -> bool:
    """Whether nobody else was faster: a letter is claimed, a rejected request is still outside."""
    if item["source"] == "letters":
        return await connection.fetchval(LETTERS["claim"], item["source_id"], run.by, STALE_CLAIM) is not None
    if item["source"] == "quarantine":
        return bool(await connection.fetchval(SQL["outside"], item["source_id"]))
    return True


async def _publish(
    connection: Connection,
    settings: Settings,
    replayer: Replayer,
    run: Run,
    item: Any,
    delivery_id: uuid.UUID,
) -> None:
    envelope = await item_envelope(connection, settings, run.plan_id, item, run.by)
    if envelope is None:
        await connection.execute(LETTERS["release"], item["source_id"], run.by)
        await connection.execute(SQL["done"], run.plan_id, item["number"], UNREADABLE, None)
        return
    await replayer.publish(replace(envelope, delivery_id=str(delivery_id)))
