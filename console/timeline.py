"""One payment from its first webhook to its last effect, in order: deliveries with their way through the queue, letters, facts, decisions with their
grounds, calls to providers, notifications, operators' acts, and which read models show each event."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from eventstore.queries import in_one_statement, load
from eventstore.read import AT_STEPS, shown
from projections.members import members
from schemas.trace_context import TRACEPARENT, trace_id, well_formed

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

EntryKind = Literal["delivery", "letter", "fact", "decision", "notification", "act"]
BY_NAME = ("payments.refund", "manual.confirm", "manual.reject")
"""Acts whose target is a payment, under whatever name the operator knew it by."""
_NAMES = ("payment_id", "payment_key", "order_key", "reference_id", "reference", "request_id")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline. `position` is None outside the log.

    `trace_id`: of the trace in which it was appended, where that was recorded (docs/tracing.md). `catalog_version`: by which it was decided. `because_of`: position of the event of this
    timeline that a decision was made on. `zones`: of times that were not written as UTC, the offset that was, or `none:` and the zone that its provider declares. `read_models`: those that fold such an event, and whether each shows this one already.
    """

    at: datetime
    kind: EntryKind
    what: str
    id: str
    position: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    trace_id: str | None = None
    catalog_version: str | None = None
    because_of: int | None = None
    read_models: Mapping[str, bool] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)


def trace_address(settings: Settings, trace: str) -> str | None:
    """Where a person sees a trace; None when nobody said."""
    return None if settings.trace_url is None else settings.trace_url.replace("{trace_id}", trace)


async def find_payments(connection: Connection, provider: str, known_as: str) -> list[dict[str, Any]]:
    """The payments that any id of the provider's, or our reference, finds; newest first."""
    rows = await connection.fetch(load("payments.sql", "console")["find"], provider, known_as)
    return [dict(row) for row in rows]


async def timeline(connection: Connection, case_key: str, *, bodies: bool = False) -> list[Entry]:
    """Everything that happened to the payments of one case, oldest first. `bodies` adds the deliveries' exact bytes."""
    sql, corrections = load("payments.sql", "console"), load("corrections.sql", "console")["of_cases"]
    parts = (("steps", sql["steps"]), ("happened", AT_STEPS))
    steps = await shown(
        connection, await connection.fetch(in_one_statement(parts, sql["timeline"]), case_key)
    )
    sources = sorted({uuid.UUID(source) for step in steps if (source := _source(step)) is not None})
    deliveries = await connection.fetch(sql["deliveries"], sources, bodies)
    came = [row["delivery_id"] for row in deliveries]
    letters = await connection.fetch(sql["letters"], came)
    told = await connection.fetch(sql["told"], [step["event_id"] for step in steps])
    live = [one for one in await members(connection) if one.status == "live"]
    entries = [_delivery(row) for row in deliveries] + [_letter(row) for row in letters]
    entries += _steps(steps, {one.projection.name: (one.projection.handlers, one.position) for one in live})
    entries += [_notification(row) for row in told]
    targets = [
        *(str(one) for one in came),
        *(row["plan_id"] for row in await connection.fetch(sql["plans"], came)),
        *(str(row["change_id"]) for row in await connection.fetch(corrections, [case_key])),
        *(named for row in letters for named in (str(row["dead_letter_id"]), row["stream"]) if named),
        *_suspense_ids(steps),
    ]
    names = {"target": sorted(_names(steps)), "provider": next(iter(_said(steps, ("provider",))), "")}
    acts = await connection.fetch(
        sql["acts_about"], targets, names["target"], list(BY_NAME), names["provider"]
    )
    entries += [_act(row) for row in acts]
    return sorted(entries, key=lambda entry: (entry.at, entry.position or 0))


def _source(step: Any) -> str | None:
    """Delivery that a fact came from; decisions name the fact, not the delivery."""
    if step["kind"] != "fact":
        return None
    source: str | None = json.loads(step["metadata"]).get("delivery_id")
    return source


def _said(steps: Sequence[Any], names: Collection[str]) -> Iterator[str]:
    for step in steps:
        data = json.loads(step["data"] or "{}")
        yield from (said for name in names if isinstance(said := data.get(name), str) and said)


def _names(steps: Sequence[Any]) -> set[str]:
    """Every name that its events know it by."""
    also = {one for step in steps for one in json.loads(step["data"] or "{}").get("aliases", ())}
    return {*_said(steps, _NAMES), *also}


def _suspense_ids(steps: Sequence[Any]) -> list[str]:
    held = [json.loads(step["data"]) for step in steps if step["type"].startswith("suspense.")]
    return sorted({data["suspense_id"] for data in held})


def _delivery(row: Any) -> Entry:
    detail = {key: value for key, value in dict(row).items() if key not in {"delivery_id", "body_sha256"}}
    detail["body_sha256"] = row["body_sha256"].hex()
    if detail["body"] is None:
        del detail["body"]
    # A replay keeps the time at which the provider sent it; here it stands where it was sent through again.
    again = row["recorded_at"] - timedelta(milliseconds=row["processing_ms"])
    at = row["received_at"] if row["replay_of"] is None else max(again, row["received_at"])
    return Entry(at, "delivery", row["event_name"] or "?", str(row["delivery_id"]), None, detail)


def _letter(row: Any) -> Entry:
    detail = {key: value for key, value in dict(row).items() if key != "dead_letter_id"}
    return Entry(row["first_seen"], "letter", row["reason"], str(row["dead_letter_id"]), None, detail)


def _steps(steps: Sequence[Any], read_models: Mapping[str, tuple[Collection[str], int]]) -> Iterator[Entry]:
    """`read_models`: of each, the types it folds, and how far in the log it is."""
    places = {str(step["event_id"]): step["position"] for step in steps}
    for step in steps:
        said = json.loads(step["metadata"])
        traceparent = well_formed(said.get(TRACEPARENT))
        yield Entry(
            step["recorded_at"],
            step["kind"],
            step["type"],
            step["stream"],
            step["position"],
            json.loads(step["data"]),
            None if traceparent is None else trace_id(traceparent),
            _text(said.get("catalog_version")),
            places.get(said.get("causation_id") or ""),
            {
                name: step["position"] <= position
                for name, (types, position) in sorted(read_models.items())
                if step["type"] in types
            },
            said.get("zones") or {},
        )


def _text(said: object) -> str | None:
    return None if said is None else str(said)


def _notification(row: Any) -> Entry:
    detail = {key: value for key, value in dict(row).items() if key != "event_id"}
    return Entry(
        row["settled_at"] or row["created_at"],
        "notification",
        row["kind"],
        str(row["event_id"]),
        None,
        detail,
    )


def _act(row: Any) -> Entry:
    detail = {key: row[key] for key in ("actor", "reason", "target", "undo")}
    return Entry(row["at"], "act", row["verb"], str(row["act_id"]), None, detail)
