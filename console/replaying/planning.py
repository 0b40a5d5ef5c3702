"""A plan: what a filter finds, fixed, and what a run of it would change. Nothing but the plan itself is written."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from console.exits import NotFound, Refused
from console.messages import text
from console.options import actor
from console.replaying.choosing import choose
from console.replaying.effects import Changed, changes_of, digest_of
from console.replaying.missing import MissingHere, missing_here
from console.replaying.sources import SQL, sampled_envelopes
from processor.app import interpreter_of
from processor.preview import Behind, Previewed, preview, reading
from runtime.faults import fault_point
from runtime.ids import utc_now, uuid7
from schemas.where import Where

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

PATIENCE_SECONDS, PAUSE_SECONDS = 3.0, 0.2
"""How long a preview waits for fulfilment and the read models to catch up, and how often it looks."""
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A preview with what it means: changes by customer, outcomes of deliveries by status, alarms by reason."""

    previewed: Previewed
    changes: Sequence[Changed]
    outcomes: Mapping[str, int]

    @property
    def digest(self) -> bytes:
        return digest_of(self.changes, self.outcomes)

    def document(self) -> dict[str, Any]:
        """What is kept with the plan and shown."""
        return {
            "outcomes": dict(self.outcomes),
            "alarms": dict(Counter(reason for _, reason, _ in self.previewed.alarms)),
            "customers": [
                {
                    "customer_id": one.customer_id or None,
                    "changes": {
                        name: {"before": was, "after": will} for name, (was, will) in one.fields.items()
                    },
                    "notifications": dict(one.notifications),
                }
                for one in self.changes
            ],
        }


async def make_plan(connection: Connection, settings: Settings, where: Where, *, by: str = "") -> uuid.UUID:
    """Choose, run, keep; the plan's id. What only a provider has is asked for first, which takes as long as its lists are.

    Raises Refused when nothing fits, or when nothing can be said about now; WrongUse without a key for the provider's API.
    """
    plan_id, sources = uuid7(), ",".join(where.sources)
    asked = await missing_here(settings, where) if "missing" in where.sources else None
    async with connection.transaction():
        await connection.execute(SQL["begin"], plan_id, where.text, sources, by or actor())
        items = await choose(connection, settings, where, plan_id, asked.told if asked else ())
        if not items:
            raise Refused(_nothing(asked))
        every = -(-items // settings.replay_preview_max)
        await connection.execute(SQL["sample"], plan_id, every)
    fault_point("replay.planned")
    rehearsed = await rehearse(connection, settings, plan_id)
    seen = rehearsed.previewed
    await connection.execute(
        SQL["previewed"],
        plan_id,
        items,
        len(seen.verdicts),
        seen.position,
        list(seen.versions),
        list(seen.versions.values()),
        rehearsed.digest,
        json.dumps(rehearsed.document() | ({"not_all": asked.code} if asked and asked.code else {})),
    )
    return plan_id


def _nothing(asked: MissingHere | None) -> str:
    """Why there is no plan: nothing fits, the provider has nothing that we do not, or it did not show all it has."""
    if asked is None:
        return text("replay.nothing")
    if asked.code is None:
        return text("replay.nothing_missing")
    return text("reconcile.not_all", code=asked.code, provider=asked.provider)


async def rehearse(connection: Connection, settings: Settings, plan_id: uuid.UUID) -> Rehearsed:
    """Run what the plan's preview runs, as the world is now. Raises Refused while what decides or the read models are behind."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_SECONDS
    while True:
        try:
            async with reading(connection):
                return await _rehearsed(connection, settings, plan_id)
        except Behind as error:
            if loop.time() > until:
                raise Refused(text("replay.behind", detail=str(error))) from error
        await asyncio.sleep(PAUSE_SECONDS)


async def _rehearsed(connection: Connection, settings: Settings, plan_id: uuid.UUID) -> Rehearsed:
    envelopes, unreadable = await sampled_envelopes(connection, settings, plan_id, actor())
    create_unknown = settings.unknown_customer == "create"
    seen = await preview(connection, interpreter_of(settings), envelopes, create_unknown=create_unknown)
    outcomes: Counter[str] = Counter(_outcome(verdict) for verdict in seen.verdicts)
    if unreadable:
        outcomes[UNREADABLE] += unreadable
    now, oldest = utc_now(), timedelta(hours=settings.notify_age_max_hours)

    def told(occurred_at: datetime) -> bool:
        return not oldest or now - occurred_at <= oldest

    changes = await changes_of(connection, seen, now=now, told_within=told)
    return Rehearsed(seen, changes, dict(sorted(outcomes.items())))


def _outcome(verdict: Any) -> str:
    if verdict is None:
        return UNREADABLE
    return f"{verdict.status} {verdict.reason}" if verdict.reason else verdict.status


async def plan_row(connection: Connection, plan_id: uuid.UUID) -> Any:
    """Raises NotFound."""
    row = await connection.fetchrow(SQL["one"], plan_id)
    if row is None:
        raise NotFound(text("replay.unknown", id=plan_id))
    return row


async def plan_document(connection: Connection, plan_id: uuid.UUID) -> dict[str, Any]:
    """One plan as it is shown: what was chosen, what it would change, how far it has come."""
    row = dict(await plan_row(connection, plan_id))
    if row["status"] in ("paused", "cancelled"):
        # What was on its way when the run was stopped has arrived since.
        await connection.execute(SQL["settle"], plan_id)
    for hidden in ("streams", "versions", "effect_digest"):
        row.pop(hidden)
    row["preview"] = json.loads(row["preview"]) if row["preview"] else None
    row["kinds"] = [dict(kind) for kind in await connection.fetch(SQL["kinds"], plan_id)]
    row["progress"] = [dict(one) for one in await connection.fetch(SQL["progress"], plan_id)]
    return row
