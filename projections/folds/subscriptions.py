"""Subscriptions: the newest full snapshot of each. Whether it has ended by now is decided at read time, by the clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from projections.folds.values import optional_moment
from projections.projection import Event, Projection, Table
from schemas.decisions import DECISIONS, SubscriptionDecision


@dataclass(slots=True)
class SubscriptionRow:
    subscription_id: str
    customer_id: str
    provider: str
    plan: str | None
    tier: str | None
    status: str
    licence_code: str | None
    member_id: str | None
    started_at: datetime | None
    expires_at: datetime | None
    access_until: datetime | None
    cancel_at_period_end: bool
    first_position: int
    position: int
    held: str | None


@dataclass(slots=True)
class SubscriptionRows:
    subscriptions: dict[str, SubscriptionRow] = field(default_factory=dict)


def snapshot(state: SubscriptionRows, event: Event) -> None:
    data = event.data
    subscription_id: str = data["subscription_id"]
    earlier = state.subscriptions.get(subscription_id)
    state.subscriptions[subscription_id] = SubscriptionRow(
        subscription_id=subscription_id,
        customer_id=data["customer_id"],
        provider=data["provider"],
        plan=data.get("plan"),
        tier=data.get("tier"),
        status=data["status"],
        licence_code=data.get("licence_code"),
        member_id=data.get("member_id"),
        started_at=optional_moment(data.get("started_at")),
        expires_at=optional_moment(data.get("expires_at")),
        access_until=optional_moment(data.get("access_until")),
        cancel_at_period_end=data.get("cancel_at_period_end", False),
        # The table keeps the first one across batches (see subscriptions.sql).
        first_position=event.position if earlier is None else earlier.first_position,
        position=event.position,
        held=data.get("held"),
    )


SUBSCRIPTIONS = Projection(
    name="subscriptions",
    tables=(Table("subscriptions", SubscriptionRow, ("subscription_id",)),),
    new_state=SubscriptionRows,
    handlers={model.TYPE: snapshot for model in DECISIONS if issubclass(model, SubscriptionDecision)},
    keys=lambda event: (event.data["subscription_id"],),
    loaded=False,
)
