"""Which row of which read model an event touches. Pure: the projections' own keys say it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from projections.folds.balances import BALANCES
from projections.folds.enrollments import ENROLLMENTS
from projections.folds.payments import PAYMENTS
from projections.folds.spending import SPENDING
from projections.folds.subscriptions import SUBSCRIPTIONS
from projections.folds.suspense import SUSPENSE
from projections.projection import Event, Projection
from schemas.decisions import PaymentAssessed
from schemas.vocabulary import ChangeKind

KINDS: tuple[tuple[ChangeKind, Projection], ...] = (
    ("payment", PAYMENTS),
    ("balance", BALANCES),
    ("balance", SPENDING),
    ("subscription", SUBSCRIPTIONS),
    ("enrollment", ENROLLMENTS),
    ("suspense", SUSPENSE),
)
NAMES = tuple(projection.name for _, projection in KINDS)
"""Read models that a change is read from."""

TYPES = frozenset(
    {PaymentAssessed.TYPE, *(name for _, model in KINDS if model is not PAYMENTS for name in model.handlers)}
)
"""Event types that change something a reader sees."""


class Touched(NamedTuple):
    """A row, by its kind and key, and the last position that touched it."""

    position: int
    kind: ChangeKind
    key: Any
    customer_id: str | None


def touched(events: Iterable[Event]) -> list[Touched]:
    """Each row once, at the last event that touched it, in the order of the log."""
    last: dict[tuple[ChangeKind, Any], Touched] = {}
    for event in events:
        for kind, projection in KINDS:
            if event.type in projection.handlers:
                for key in projection.keys(event):
                    last[kind, key] = Touched(event.position, kind, key, event.data.get("customer_id"))
    return sorted(last.values(), key=lambda one: (one.position, ORDER[one.kind]))


ORDER = {kind: number for number, (kind, _) in enumerate(KINDS)}
"""Of changes at one position: the payment comes before what it bought."""
