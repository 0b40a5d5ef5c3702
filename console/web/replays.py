"""Replay: choose, look at what would change, let it run behind live traffic, and stop it from anywhere."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

from console.commands.replay import rate_of, state_of
from console.exits import CommandError, WrongUse
from console.messages import text
from console.replay import open_replay
from console.replaying.applying import Run, change, go, resume, start
from console.replaying.planning import make_plan, plan_document
from console.replaying.sources import SQL
from console.replaying.words import change_lines, kind_rows, outcomes_line
from console.store import open_store
from console.web.deliveries import as_id
from console.web.errands import errand
from console.web.filters import quoted
from console.web.visit import Answer, Screen, Visit, Way, done, moved, shown
from console.where_words import read_where
from runtime.logs import get_logger
from schemas.errors import LunasError
from schemas.where import Where

if TYPE_CHECKING:
    from runtime.settings import Settings

CUSTOMERS = 100
"""Of a preview; `lunas replay show PLAN --json` has all of them."""

log = get_logger(__name__)
_running: set[asyncio.Task[None]] = set()
"""Runs of this process. One that ends with it is interrupted and can be resumed: its plan is in the database."""


async def listed(visit: Visit) -> Answer:
    where = visit.asked("where")
    async with visit.connections.one() as connection:
        rows = await connection.fetch(SQL["newest"], visit.settings.console_rows_max)
    values = {"rows": [(row, state_of(row)) for row in rows], "where": where, "asked": "asked" in visit.query}
    command = f"lunas replay plan --where {quoted(where)}" if where else "lunas replay status"
    return Screen("replays.html", text("web.way.replay"), command, values)


async def plan(visit: Visit) -> Answer:
    where = visit.given("where")
    if where is None:
        raise WrongUse(text("web.where_what"))
    # A provider that is asked for its lists may need longer than a page waits; then the plan is in the list when it is made.
    plan_id = await errand("plan of a replay", _plan(visit.settings, read_where(where)))
    return moved(f"/replay/{plan_id}" if plan_id else "/replay?asked")


async def _plan(settings: Settings, where: Where) -> uuid.UUID:
    """On a connection of its own: it may last longer than the page."""
    async with open_store(settings) as connection:
        return await make_plan(connection, settings, where)


async def show(visit: Visit) -> Answer:
    plan_id = as_id(visit.named("plan"))
    async with visit.connections.one() as connection:
        document = await plan_document(connection, plan_id)
    preview = document["preview"] or {"outcomes": {}, "alarms": {}, "customers": []}
    changes = [(one["customer_id"], change_lines(one)) for one in preview["customers"][:CUSTOMERS]]
    progress = document["progress"]
    ended = sum(one["count"] for one in progress if one["state"] == "done")
    values = {
        "plan": document,
        "state": state_of(document),
        "kinds": kind_rows(document["kinds"]),
        "outcomes": preview["outcomes"],
        "alarms": preview["alarms"],
        "changes": [
            (customer, lines[0], [line.strip() for line in lines[1:]]) for customer, lines in changes
        ],
        "not_all": preview.get("not_all"),
        "more": max(0, len(preview["customers"]) - CUSTOMERS),
        "progress": outcomes_line(progress) if document["status"] != "planned" else "",
        "share": round(100 * ended / document["items"]) if document["items"] else 0,
    }
    return Screen(
        "replay_plan.html",
        text("web.replay_of_filter", filter=document["filter"]),
        f"lunas replay show {plan_id}",
        values,
    )


async def apply(visit: Visit) -> Answer:
    plan_id, reason = as_id(visit.named("plan")), visit.reason()
    rate = rate_of(visit.given("rate"))
    async with visit.connections.one() as connection:
        run, _ = await start(connection, visit.settings, plan_id, reason, rate=rate)
    _go_on(visit, run)
    return moved(f"/replay/{plan_id}")


async def again(visit: Visit) -> Answer:
    plan_id = as_id(visit.named("plan"))
    async with visit.connections.one() as connection:
        run, _ = await resume(connection, visit.settings, plan_id)
    _go_on(visit, run)
    return moved(f"/replay/{plan_id}")


async def pause(visit: Visit) -> Answer:
    return await _stopped(visit, "pause")


async def cancel(visit: Visit) -> Answer:
    return await _stopped(visit, "cancel")


async def _stopped(visit: Visit, verb: str) -> Answer:
    plan_id = as_id(visit.named("plan"))
    async with visit.connections.one() as connection:
        await change(connection, plan_id, verb, visit.reason())
    return moved(f"/replay/{plan_id}")


def _go_on(visit: Visit, run: Run) -> None:
    task = asyncio.create_task(_run(visit, run))
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _run(visit: Visit, run: Run) -> None:
    """On connections of its own: it lasts longer than a page."""
    try:
        async with open_store(visit.settings) as connection, open_replay(visit.settings) as replayer:
            await go(connection, visit.settings, replayer, run, _nobody)
    except (CommandError, LunasError, OSError) as error:
        # Its page says that it was interrupted, and how it goes on.
        log.warning(
            "a replay stopped",
            action="console.replay_stopped",
            plan=str(run.plan_id),
            error=type(error).__name__,
        )


def _nobody(_done: int, _of: int) -> None:
    """Its page reads how far it is from the database."""


WAYS: tuple[Way, ...] = (
    shown("/replay", listed),
    done("/replay", plan),
    shown("/replay/{plan}", show),
    done("/replay/{plan}/apply", apply),
    done("/replay/{plan}/resume", again),
    done("/replay/{plan}/pause", pause),
    done("/replay/{plan}/cancel", cancel),
)
