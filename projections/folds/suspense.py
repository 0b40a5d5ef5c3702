"""Suspense: money (or a grant) that waits for a home, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from projections.folds.values import moment
from projections.projection import Event, Projection, Table
from schemas.decisions import SuspenseHeld, SuspenseReleased
from schemas.personal_facts import CustomerErased


@dataclass(slots=True)
class SuspenseRow:
    suspense_id: str
    case_key: str
    provider: str
    payment_id: str
    reason: str
    amount: int | None
    payer_email: str | None
    customer_id: str | None
    product: str | None
    since: datetime
    status: str
    resolution: str | None
    released_at: datetime | None
    released_by: str | None
    position: int


@dataclass(slots=True)
class SuspenseRows:
    suspense: dict[str, SuspenseRow] = field(default_factory=dict)


def held(state: SuspenseRows, event: Event) -> None:
    data = event.data
    state.suspense[data["suspense_id"]] = SuspenseRow(
        suspense_id=data["suspense_id"],
        case_key=data["case"],
        provider=data["provider"],
        payment_id=data["payment_id"],
        reason=data["reason"],
        amount=data.get("amount"),
        payer_email=data.get("payer_email"),
        customer_id=data.get("customer_id"),
        product=data.get("product"),
        since=moment(data["since"]),
        status="held",
        resolution=None,
        released_at=None,
        released_by=None,
        position=event.position,
    )


def released(state: SuspenseRows, event: Event) -> None:
    data = event.data
    row = state.suspense.get(data["suspense_id"])
    if row is None:
        raise LookupError("something was released from suspense that was never held")
    row.status = "released"
    row.resolution = data["resolution"]
    row.released_at = moment(data["at"])
    row.released_by = data.get("actor")
    row.position = event.position


def erased(state: SuspenseRows, event: Event) -> None:
    for suspense_id in event.data.get("held", ()):
        row = state.suspense.get(suspense_id)
        if row is not None:
            row.payer_email = None


def keys(event: Event) -> tuple[str, ...]:
    if event.type == CustomerErased.TYPE:
        return tuple(event.data.get("held", ()))
    return (event.data["suspense_id"],)


SUSPENSE = Projection(
    name="suspense",
    tables=(Table("suspense", SuspenseRow, ("suspense_id",)),),
    new_state=SuspenseRows,
    handlers={SuspenseHeld.TYPE: held, SuspenseReleased.TYPE: released, CustomerErased.TYPE: erased},
    keys=keys,
    loaded=True,
)
