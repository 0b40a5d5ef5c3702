"""From the events of one customer to what each moved: the folds of the read models, one event at a time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson

from eventstore.read import StoredEvent
from projections.decoding import LogRow, decode
from projections.fold import fold_all
from projections.folds.balances import BALANCES
from projections.folds.enrollments import ENROLLMENTS
from projections.folds.subscriptions import SUBSCRIPTIONS
from projections.projection import Event, Projection

Subject = Literal["balance", "access", "tier"]
SUBJECTS: tuple[Subject, ...] = ("balance", "access", "tier")


@dataclass(frozen=True, slots=True)
class Move:
    """One event that moved something. `happened_at` as the event states it, else when we wrote it down; `known_at` is when we did.

    `changes`: field → (before, after). `delivery_id` leads to the exact bytes, `body_sha256` names them.
    """

    position: int
    event_id: str
    type: str
    happened_at: datetime
    known_at: datetime
    changes: Mapping[str, tuple[Any, Any]]
    data: Mapping[str, Any]
    delivery_id: str | None
    actor: str | None
    body_sha256: str | None = None

    def by(self, name: str) -> int:
        """How far a number moved."""
        before, after = self.changes.get(name, (0, 0))
        return (after or 0) - (before or 0)


@dataclass(frozen=True, slots=True)
class Explained:
    """`values`: what it comes to. `moves` in the order of the log. `at`: the moment it speaks of; `as_of` and `known_at`, where they were asked for.

    What ends by the clock alone has ended by `at`, though no event says so: `in_force`.
    """

    subject: Subject
    customer_id: str
    values: Mapping[str, Any]
    at: datetime
    moves: Sequence[Move] = ()
    as_of: datetime | None = None
    known_at: datetime | None = None
    head: int = 0
    equal: bool | None = None
    """Whether the read model says the same; None where it was not asked, because an earlier moment was."""
    shown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def in_force(self) -> Mapping[str, Any]:
        """`values` by the clock: a tier that is over is the one that follows it, a plan that is over has expired."""
        if self.subject == "tier" and _over(self.values, self.at):
            return {"tier": self.values["then"], "until": None, "then": None}
        if self.subject != "access":
            return self.values
        return {name: _by_the_clock(state, self.at) for name, state in self.values.items()}


def explain(
    subject: Subject,
    customer_id: str,
    events: Iterable[StoredEvent],
    now: datetime,
    *,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> Explained:
    """`as_of`: only what had happened by then; `known_at`: only what had been written down by then. Both: what we knew then of that time."""
    projections, read = _SUBJECTS[subject]
    states = {projection.name: projection.new_state() for projection in projections}
    moves: list[Move] = []
    values: Mapping[str, Any] = read(states, customer_id)
    for stored in events:
        concerned = [one for one in projections if stored.type in one.handlers]
        if not concerned or (known_at is not None and stored.recorded_at > known_at):
            continue
        event = decode(
            LogRow(stored.position, stored.type, stored.schema_version, stored.stream, stored.data)
        )
        happened_at = _happened(event) or stored.recorded_at
        if as_of is not None and happened_at > as_of:
            continue
        for projection in concerned:
            _fold(projection, states[projection.name], event)
        after = read(states, customer_id)
        changes = {
            name: (values.get(name), after.get(name))
            for name in {**values, **after}
            if values.get(name) != after.get(name)
        }
        values = after
        if changes:
            moves.append(_move(stored, event, happened_at, changes))
    return Explained(
        subject, customer_id, values, as_of or known_at or now, moves, as_of=as_of, known_at=known_at
    )


def _fold(projection: Projection, state: Any, event: Event) -> None:
    try:
        fold_all(projection, state, [event])
    except LookupError:
        # Cut off in time, what it takes back may not be there: then there is nothing to take back yet.
        return


def _move(
    stored: StoredEvent, event: Event, happened_at: datetime, changes: Mapping[str, tuple[Any, Any]]
) -> Move:
    said = orjson.loads(stored.metadata)
    return Move(
        stored.position,
        str(stored.event_id),
        stored.type,
        happened_at,
        stored.recorded_at,
        changes,
        event.data,
        said.get("delivery_id"),
        said.get("actor"),
    )


def _happened(event: Event) -> datetime | None:
    said = event.data.get("at")
    return datetime.fromisoformat(said) if isinstance(said, str) else None


def _over(state: Mapping[str, Any], at: datetime) -> bool:
    until = state.get("until")
    return until is not None and datetime.fromisoformat(until) <= at


def _by_the_clock(state: Any, at: datetime) -> Any:
    """A plan as readers see it then; what was cancelled stays cancelled (projections/sql/subscriptions.sql)."""
    if isinstance(state, Mapping) and state["status"] != "cancelled" and _over(state, at):
        return {**state, "status": "expired"}
    return state


def _balance(states: Mapping[str, Any], customer_id: str) -> Mapping[str, Any]:
    row = states[BALANCES.name].balances.get(customer_id)
    return {"credit_tokens": row.credit_tokens if row else 0, "chat_tokens": row.chat_tokens if row else 0}


def _tier(states: Mapping[str, Any], customer_id: str) -> Mapping[str, Any]:
    row = states[BALANCES.name].balances.get(customer_id)
    if row is None or row.tier is None:
        return {"tier": None, "until": None, "then": None}
    until = row.tier_until
    return {
        "tier": row.tier,
        "until": until and until.isoformat(),
        "then": row.fallback_tier if until else None,
    }


def _access(states: Mapping[str, Any], customer_id: str) -> Mapping[str, Any]:
    courses = {
        f"course {row.course}": row.status
        for row in states[ENROLLMENTS.name].enrollments.values()
        if row.customer_id == customer_id and row.status != "withdrawn"
    }
    plans = {
        f"subscription {row.subscription_id}": {
            "plan": row.plan,
            "status": row.status,
            "until": row.access_until and row.access_until.isoformat(),
        }
        for row in states[SUBSCRIPTIONS.name].subscriptions.values()
        if row.customer_id == customer_id and row.status not in ("merged", "withdrawn")
    }
    return courses | plans


_SUBJECTS: Mapping[
    Subject, tuple[Sequence[Projection], Callable[[Mapping[str, Any], str], Mapping[str, Any]]]
] = {
    "balance": ((BALANCES,), _balance),
    "tier": ((BALANCES,), _tier),
    "access": ((ENROLLMENTS, SUBSCRIPTIONS), _access),
}
