"""The ledger: the balance of every account, from the postings that decisions and acts of customers carry. Per unit they sum to zero."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from projections.projection import Event, Projection, Table
from schemas.credit_events import ACTS, ValueSpent
from schemas.decision_model import ValueMoved
from schemas.decisions import DECISIONS


@dataclass(slots=True)
class LedgerRow:
    account: str
    unit: str
    balance: int
    position: int


@dataclass(slots=True)
class LedgerRows:
    ledger: dict[tuple[str, str], LedgerRow] = field(default_factory=dict)


def posted(state: LedgerRows, event: Event) -> None:
    for posting in event.data.get("postings", ()):
        key = posting["account"], posting["unit"]
        row = state.ledger.get(key)
        if row is None:
            row = state.ledger[key] = LedgerRow(*key, 0, event.position)
        row.balance += posting["amount"]
        row.position = event.position


def accounts(event: Event) -> Iterable[tuple[str, str]]:
    return [(posting["account"], posting["unit"]) for posting in event.data.get("postings", ())]


LEDGER = Projection(
    name="ledger",
    tables=(Table("ledger", LedgerRow, ("account", "unit")),),
    new_state=LedgerRows,
    handlers={
        model.TYPE: posted for model in (*DECISIONS, *ACTS) if issubclass(model, ValueMoved | ValueSpent)
    },
    keys=accounts,
    loaded=True,
    merged=True,
)
