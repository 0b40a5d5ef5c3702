"""What a preview would change, per customer: the read models' own folds over what is there and what would be decided."""

from __future__ import annotations

import copy
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from eventstore.append import NewEvent
from eventstore.read import NEWEST, Sought, lean_after, told_before
from notify.kinds import PAID, Seen, notice_of
from processor.preview import WAITING_MAX, Behind, Previewed
from projections.decoding import decode_all
from projections.fold import fold_all, touched
from projections.folds.balances import BALANCES
from projections.folds.enrollments import ENROLLMENTS
from projections.folds.subscriptions import SUBSCRIPTIONS
from projections.folds.suspense import SUSPENSE
from projections.members import members
from projections.projection import Event, Projection, State
from projections.rows import load as load_rows
from runtime.database import Connection
from schemas import streams
from schemas.decisions import PaymentAssessed
from schemas.events import encode
from schemas.streams import StreamName

NOBODY = ""
"""Money that nobody's is yet is shown under no customer."""

_SHOWN = (BALANCES, replace(SUBSCRIPTIONS, loaded=True), ENROLLMENTS, SUSPENSE)
_NEVER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Changed:
    """What one customer has before and after: `field` → (before, after); None where there is nothing."""

    customer_id: str
    fields: Mapping[str, tuple[Any, Any]]
    notifications: Mapping[str, int]


async def changes_of(
    connection: Connection, previewed: Previewed, *, now: datetime, told_within: Callable[[datetime], bool]
) -> list[Changed]:
    """By customer, in order of their ids; inside the preview's transaction. Raises Behind when the read models are."""
    coming = [_event(new, NEWEST) for new in previewed.events]
    waiting = [_event(new, NEWEST) for new in previewed.waiting]
    live = {one.projection.name: one for one in await members(connection) if one.status == "live"}
    fields: dict[str, dict[str, tuple[Any, Any]]] = {}
    for projection in _SHOWN:
        ours = [event for event in coming if event.type in projection.handlers]
        if not ours:
            continue
        member = live.get(projection.name)
        if member is None:
            raise Behind(f"{projection.name} was never built")
        late = await _late(connection, projection, member.position)
        keys = touched(projection, ours)
        before = await load_rows(connection, projection, member.version, keys | touched(projection, late))
        fold_all(
            projection, before, [*late, *(event for event in waiting if event.type in projection.handlers)]
        )
        after = copy.deepcopy(before)
        fold_all(projection, after, ours)
        for key in sorted(keys, key=repr):
            _compare(fields, projection, _row(before, projection, key), _row(after, projection, key), now)
    told = await _notices(connection, previewed, now, told_within)
    customers = sorted({*fields, *told})
    return [Changed(one, fields.get(one, {}), dict(sorted(told.get(one, {}).items()))) for one in customers]


def digest_of(changes: Iterable[Changed], outcomes: Mapping[str, int]) -> bytes:
    """The same for the same effects, whenever they are looked at."""
    said = [[one.customer_id, one.fields, one.notifications] for one in changes]
    return hashlib.sha256(orjson.dumps([said, outcomes], option=orjson.OPT_SORT_KEYS)).digest()


def _event(new: NewEvent, position: int) -> Event:
    return Event(position, new.event.TYPE, new.stream, orjson.loads(encode(new.event)))


async def _late(connection: Connection, projection: Projection, position: int) -> list[Event]:
    """What the read model has still to read."""
    rows = await lean_after(connection, position, projection.types, WAITING_MAX + 1)
    events = sorted(row for row in map(tuple, rows) if row[1] is not None)
    if len(events) > WAITING_MAX:
        raise Behind(f"{projection.name} has more than {WAITING_MAX} events to read")
    return decode_all(events)


def _row(state: State, projection: Projection, key: Any) -> Any:
    return getattr(state, projection.tables[0].name).get(key)


def _compare(
    fields: dict[str, dict[str, tuple[Any, Any]]],
    projection: Projection,
    before: Any,
    after: Any,
    now: datetime,
) -> None:
    for name, read in _READERS[projection.name].items():
        was = None if before is None else read(before, now)
        will = None if after is None else read(after, now)
        if was != will:
            row = after or before
            fields.setdefault(row.customer_id or NOBODY, {})[name.format(row=row)] = (was, will)


def _tier(row: Any, now: datetime) -> Any:
    return row.fallback_tier if row.tier_until is not None and row.tier_until <= now else row.tier


def _subscription(row: Any, _: datetime) -> Any:
    if row.status in ("merged", "withdrawn"):
        return None
    until = row.access_until or row.expires_at
    return {"status": row.status, "plan": row.plan, "until": until and until.isoformat()}


def _held(row: Any, _: datetime) -> Any:
    if row.status != "held":
        return {"resolution": row.resolution}
    return {"amount": row.amount, "reason": row.reason}


_READERS: Mapping[str, Mapping[str, Callable[[Any, datetime], Any]]] = {
    "balances": {
        "credit_tokens": lambda row, _: row.credit_tokens,
        "chat_tokens": lambda row, _: row.chat_tokens,
        "tier": _tier,
    },
    "subscriptions": {"subscription {row.subscription_id}": _subscription},
    "enrollments": {"course {row.course}": lambda row, _: None if row.status == "withdrawn" else row.status},
    "suspense": {"held {row.suspense_id}": _held},
}


async def _notices(
    connection: Connection, previewed: Previewed, now: datetime, told_within: Callable[[datetime], bool]
) -> dict[str, Counter[str]]:
    """How many notifications of which kind each customer's decisions give reason for, as the notifier sees them."""
    before = await _told(connection, previewed.events)
    for new in previewed.waiting:
        if isinstance(new.event, PaymentAssessed):
            before[new.event.record] = new.event
    found: dict[str, Counter[str]] = {}
    for new in previewed.events:
        assessed = new.event if isinstance(new.event, PaymentAssessed) else None
        earlier = None
        if assessed is not None:
            known = [before[one] for one in (assessed.record, *assessed.merged) if one in before]
            earlier = next((one for one in known if one.status in PAID), known[0] if known else None)
            before[assessed.record] = assessed
        notice = notice_of(Seen(new.event, "", now, earlier))
        if notice is not None and told_within(notice.occurred_at):
            found.setdefault(notice.customer_id or NOBODY, Counter())[notice.kind] += 1
    return found


async def _told(connection: Connection, events: Sequence[NewEvent]) -> dict[str, PaymentAssessed]:
    """What was last said of the payments that these events speak of."""
    wanted: dict[str, StreamName] = {}
    for new in events:
        if isinstance(new.event, PaymentAssessed):
            wanted.setdefault(new.event.record, new.stream)
            for other in new.event.merged:
                wanted.setdefault(other, streams.case(other.partition("#")[0]))
    sought = [Sought(stream, _NEVER, record) for record, stream in wanted.items()]
    told = await told_before(connection, sought, PaymentAssessed.TYPE, "record") if sought else {}
    records = list(wanted)
    return {records[n]: one for n, one in told.items() if isinstance(one, PaymentAssessed)}
