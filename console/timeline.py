"""One payment from its first webhook to its last effect: deliveries, facts, decisions, operators' acts, in order."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from eventstore.queries import in_one_statement, load
from eventstore.read import AT_STEPS

if TYPE_CHECKING:
    from runtime.database import Connection


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline. `kind`: delivery, fact, decision or act; `position` is None outside the log."""

    at: datetime
    kind: str
    what: str
    id: str
    position: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


async def find_payments(connection: Connection, provider: str, known_as: str) -> list[dict[str, Any]]:
    """The payments that any id of the provider's, or our reference, finds; newest first."""
    rows = await connection.fetch(load("payments.sql", "console")["find"], provider, known_as)
    return [dict(row) for row in rows]


async def timeline(connection: Connection, case_key: str, *, bodies: bool = False) -> list[Entry]:
    """Everything that happened to the payments of one case, oldest first. `bodies` adds the deliveries' exact bytes."""
    sql = load("payments.sql", "console")
    parts = (("steps", sql["steps"]), ("happened", AT_STEPS))
    steps = await connection.fetch(in_one_statement(parts, sql["timeline"]), case_key)
    sources = sorted({uuid.UUID(source) for step in steps if (source := _source(step)) is not None})
    deliveries = await connection.fetch(sql["deliveries"], sources, bodies)
    entries = [_delivery(row) for row in deliveries] + [_step(row) for row in steps]
    targets = [str(row["delivery_id"]) for row in deliveries] + _suspense_ids(steps)
    entries += [_act(row) for row in await connection.fetch(sql["acts"], targets)]
    return sorted(entries, key=lambda entry: (entry.at, entry.position or 0))


def _source(step: Any) -> str | None:
    """Delivery that a fact came from; decisions name the fact, not the delivery."""
    if step["kind"] != "fact":
        return None
    source: str | None = json.loads(step["metadata"]).get("delivery_id")
    return source


def _suspense_ids(steps: Sequence[Any]) -> list[str]:
    held = [json.loads(step["data"]) for step in steps if step["type"].startswith("suspense.")]
    return sorted({data["suspense_id"] for data in held})


def _delivery(row: Any) -> Entry:
    detail = {key: value for key, value in dict(row).items() if key not in {"delivery_id", "received_at"}}
    if detail["body"] is None:
        del detail["body"]
    return Entry(
        row["received_at"], "delivery", row["event_name"] or "?", str(row["delivery_id"]), None, detail
    )


def _step(row: Any) -> Entry:
    return Entry(
        row["recorded_at"], row["kind"], row["type"], row["stream"], row["position"], json.loads(row["data"])
    )


def _act(row: Any) -> Entry:
    return Entry(
        row["at"],
        "act",
        row["verb"],
        str(row["act_id"]),
        None,
        {"actor": row["actor"], "reason": row["reason"]},
    )
