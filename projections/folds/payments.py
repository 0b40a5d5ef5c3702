"""Payments: the newest assessment of each, every id that finds it, and the positions that make up its timeline."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from projections.folds.values import optional_moment
from projections.projection import Event, Projection, Table
from schemas.decisions import DECISIONS, PaymentAssessed
from schemas.personal_facts import CustomerErased


@dataclass(slots=True)
class PaymentRow:
    """`record` is the stable key; `payment_id` is the provider's id to show and may become more precise."""

    record: str
    provider: str
    payment_id: str
    case_key: str
    status: str
    amount: int | None
    requested_amount: int | None
    refunded_amount: int
    currency: str
    method: str | None
    channel: str | None
    payment_type: str | None
    reference_id: str | None
    customer_id: str | None
    payer_email: str | None
    paid_at: datetime | None
    late: bool
    token_only: bool
    settled: bool
    held: str | None
    failure_code: str | None
    first_position: int
    position: int
    attestation: str | None


@dataclass(slots=True)
class AliasRow:
    """A provider's id, or our reference, that finds a payment."""

    provider: str
    alias: str
    record: str


@dataclass(slots=True)
class StepRow:
    """One entry of a case's timeline: the position of a `fact` or of a `decision`."""

    case_key: str
    step: int
    kind: str


@dataclass(slots=True)
class MergeRow:
    """A record that turned out to be the same payment as another one. Readers see only the other one."""

    record: str
    into_record: str


@dataclass(slots=True)
class PaymentRows:
    """`forgotten`: records whose payer's address goes, also from rows that are not here."""

    payments: dict[str, PaymentRow] = field(default_factory=dict)
    payment_aliases: dict[tuple[str, str, str], AliasRow] = field(default_factory=dict)
    payment_timeline: dict[tuple[str, int], StepRow] = field(default_factory=dict)
    payment_merges: dict[str, MergeRow] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)


def assessed(state: PaymentRows, event: Event) -> None:
    data = event.data
    row = _payment(state, event)
    state.payments[row.record] = row
    ids = (row.payment_id, row.reference_id, *data.get("aliases", ()))
    for alias in ids:
        if alias:
            state.payment_aliases[row.provider, alias, row.record] = AliasRow(row.provider, alias, row.record)
    for merged in data.get("merged", ()):
        state.payment_merges.setdefault(merged, MergeRow(merged, row.record))
    for hidden in _hidden(data):
        state.payments[hidden] = _as_hidden(state, row, hidden)
    timeline = state.payment_timeline
    for fact in data.get("facts", ()):
        timeline[row.case_key, fact] = StepRow(row.case_key, fact, "fact")
    timeline[row.case_key, event.position] = StepRow(row.case_key, event.position, "decision")


def decided(state: PaymentRows, event: Event) -> None:
    case_key: str = event.data["case"]
    state.payment_timeline[case_key, event.position] = StepRow(case_key, event.position, "decision")


def erased(state: PaymentRows, event: Event) -> None:
    """Rows are written whole and none is read, so those that are not in this batch are emptied by a statement of their own."""
    for record in event.data.get("records", ()):
        row = state.payments.get(record)
        if row is None:
            state.forgotten.add(record)
        else:
            state.payments[record] = replace(row, payer_email=None)


def _payment(state: PaymentRows, event: Event) -> PaymentRow:
    data = event.data
    record: str = data["record"]
    earlier = state.payments.get(record)
    return PaymentRow(
        record=record,
        provider=data["provider"],
        payment_id=data["payment_id"],
        case_key=data["case"],
        status=data["status"],
        amount=data.get("amount"),
        requested_amount=data.get("requested_amount"),
        refunded_amount=data.get("refunded_amount", 0),
        currency=data.get("currency", "IDR"),
        method=data.get("method"),
        channel=data.get("channel"),
        payment_type=data.get("payment_type"),
        reference_id=data.get("reference_id"),
        customer_id=data.get("customer_id"),
        payer_email=data.get("payer_email"),
        paid_at=optional_moment(data.get("paid_at")),
        late=data.get("late", False),
        token_only=data.get("token_only", False),
        settled=data.get("settled", False),
        held=data.get("held"),
        failure_code=data.get("failure_code"),
        # The table keeps the first one across batches (see payments.sql).
        first_position=event.position if earlier is None else earlier.first_position,
        position=event.position,
        attestation=data.get("attestation"),
    )


def _hidden(data: dict[str, Any]) -> tuple[str, ...]:
    """Records beside the main one of the same case whose money is the main one's now. They come back by an assessment of their own."""
    return tuple(merged for merged in data.get("merged", ()) if merged.startswith(f"{data['case']}#"))


def _as_hidden(state: PaymentRows, main: PaymentRow, record: str) -> PaymentRow:
    """A case of its own, which was merged: the view leaves such rows out."""
    earlier = state.payments.get(record)
    first = main.position if earlier is None else earlier.first_position
    return replace(main, record=record, case_key=record, first_position=first)


def records(event: Event) -> tuple[str, ...]:
    if event.type == CustomerErased.TYPE:
        return tuple(event.data.get("records", ()))
    return (event.data["record"], *_hidden(event.data)) if event.type == PaymentAssessed.TYPE else ()


PAYMENTS = Projection(
    name="payments",
    tables=(
        Table("payments", PaymentRow, ("record",)),
        Table("payment_aliases", AliasRow, ("provider", "alias", "record"), first_wins=True),
        Table("payment_timeline", StepRow, ("case_key", "step"), first_wins=True),
        Table("payment_merges", MergeRow, ("record",), first_wins=True),
    ),
    new_state=PaymentRows,
    handlers={model.TYPE: decided for model in DECISIONS}
    | {PaymentAssessed.TYPE: assessed, CustomerErased.TYPE: erased},
    keys=records,
    loaded=False,
)
