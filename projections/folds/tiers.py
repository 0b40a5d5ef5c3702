"""Tiers: every change of a customer's tier, in order. Until when each held by the clock alone stands in it; when it was made, in the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from projections.folds.values import optional_moment
from projections.projection import Event, Projection, Table
from schemas.decisions import TierChanged


@dataclass(slots=True)
class TierChangeRow:
    customer_id: str
    step: int
    tier: str
    until: datetime | None
    fallback_tier: str
    reason: str


@dataclass(slots=True)
class TierChangeRows:
    tier_changes: dict[tuple[str, int], TierChangeRow] = field(default_factory=dict)


def _key(event: Event) -> tuple[str, int]:
    return event.data["customer_id"], event.position


def changed(state: TierChangeRows, event: Event) -> None:
    data = event.data
    state.tier_changes[_key(event)] = TierChangeRow(
        customer_id=data["customer_id"],
        step=event.position,
        tier=data["tier"],
        until=optional_moment(data.get("until")),
        fallback_tier=data["fallback_tier"],
        reason=data["reason"],
    )


TIERS = Projection(
    name="tiers",
    tables=(Table("tier_changes", TierChangeRow, ("customer_id", "step"), first_wins=True),),
    new_state=TierChangeRows,
    handlers={TierChanged.TYPE: changed},
    keys=lambda event: (_key(event),),
    loaded=False,
)
