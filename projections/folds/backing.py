"""Backing: is the money that decisions moved money that a provider told of? Case by case, with running totals for each provider.

Decisions say which case they are of, and `payment.assessed` says which facts (log positions) a case rests on. So a case may clear at most what
its facts told, however it was granted, held, withdrawn or granted anew; and nothing is granted without a fact. What facts of refunds told
and decisions gave back backs nothing any more. Rows are of three kinds, by their name: `fact 12` (what the fact at that position told),
`case xendit:py-1`, and `total xendit`. They differ where somebody with the right to append wrote a grant that no payment stands behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from projections.projection import Event, Projection, Table
from schemas.corrections import CourseWithdrawn, CreditWithdrawn, SaleWithdrawn, TokensWithdrawn
from schemas.decision_model import Grant, ValueMoved
from schemas.decisions import (
    DECISIONS,
    CreditClawedBack,
    FeeBooked,
    PaymentAssessed,
    SaleRefunded,
    SuspenseHeld,
    TokensClawedBack,
)
from schemas.facts import OrderRecorded, PaymentSettled, PaymentSucceeded, RefundSucceeded
from schemas.request_facts import CheckoutRequested

GRANTS = frozenset(model.TYPE for model in DECISIONS if issubclass(model, Grant))
ORDER = ""
"""Name of the money that was asked for, by an order or by us; a payment's goes by its attempt."""

_ASKED_FOR = {OrderRecorded.TYPE: "gross_amount", CheckoutRequested.TYPE: "amount_idr"}

REFUND, GAVE = "\nrefund ", "\ngave "
"""What went back: a refund at the provider goes by the first and its id, what decisions gave back by the second and the part. No id begins so."""

_CLEARING = "clearing:"
_GIVES_BACK = frozenset({CreditClawedBack.TYPE, TokensClawedBack.TYPE, SaleRefunded.TYPE})
_DECIDED_ANEW = frozenset(
    {CreditWithdrawn.TYPE, TokensWithdrawn.TYPE, CourseWithdrawn.TYPE, SaleWithdrawn.TYPE}
)


@dataclass(slots=True)
class BackingRow:
    """`told`: rupiah by attempt and by refund, as JSON. `unbacked`: rupiah moved beyond it. `cases`: 1 for a case that is not right, their number in a total."""

    name: str
    provider: str
    told: str
    grants: int
    facts: int
    cleared: int
    unbacked: int
    cases: int
    position: int


@dataclass(slots=True)
class BackingRows:
    backing: dict[str, BackingRow] = field(default_factory=dict)


def told(state: BackingRows, event: Event) -> None:
    """A fact: what it says was received, until a case rests on it."""
    data = event.data
    if event.type in _ASKED_FOR:
        name, amount = ORDER, data.get(_ASKED_FOR[event.type]) or 0
    elif event.type == RefundSucceeded.TYPE:
        name, amount = REFUND + data["refund_id"], data["amount"]
    else:
        name = data.get("attempt_id") or data.get("group_id") or data["payment_key"]
        amount = data.get("amount") or 0
    row = _row(state, f"fact {event.position}", data["provider"])
    row.told = orjson.dumps({name: amount}).decode()
    row.position = event.position


def assessed(state: BackingRows, event: Event) -> None:
    """Of which facts a case is, and which cases became this one."""
    data = event.data
    row = _row(state, f"case {data['case']}", data["provider"])
    known = orjson.loads(row.told)
    positions = data.get("facts", ())
    for name in (*_facts(data), *_merged(data)):
        other = state.backing.get(name)
        if other is not None and other is not row:
            for one, amount in orjson.loads(other.told).items():
                if not one.startswith(GAVE):  # what the other case gave back stays with what it cleared
                    known[one] = max(amount, known.get(one, 0))
    row.told = orjson.dumps(known).decode()
    row.facts += len(positions)
    _judge(state, row, event.position)


def moved(state: BackingRows, event: Event) -> None:
    """A decision that moves money in or out, or grants something."""
    data = event.data
    provider = data.get("provider")
    if provider is None:
        return
    row = _row(state, f"case {data['case']}", provider)
    cleared = sum(
        posting["amount"] for posting in data.get("postings", ()) if posting["account"].startswith(_CLEARING)
    )
    if event.type in GRANTS:
        row.grants += 1
        # What it says was paid counts even where its postings do not.
        cleared = max(cleared, data.get("amount_idr") or 0)
    row.cleared += cleared
    _gave_back(row, event, -cleared)
    _judge(state, row, event.position)


def _gave_back(row: BackingRow, event: Event, amount: int) -> None:
    """Money of a part that followed a refund. Of a part that is decided anew nothing is known any more: which refunds are its may be others now."""
    known, part, resolution = (
        orjson.loads(row.told),
        GAVE + event.data.get("part", "main"),
        event.data.get("resolution"),
    )
    if event.type in _GIVES_BACK or resolution == "refunded":
        known[part] = known.get(part, 0) + amount
    elif event.type in _DECIDED_ANEW or resolution == "changed":
        known.pop(part, None)
    elif event.type == SuspenseHeld.TYPE and part in known:
        # Held money of which some went back is released whole, and what is left is held again.
        known[part] = max(known[part] + amount, 0)
    else:
        return
    row.told = orjson.dumps(known).decode()


def _judge(state: BackingRows, row: BackingRow, position: int) -> None:
    """Compares a case with its facts and carries the difference into the provider's total."""
    amounts = orjson.loads(row.told)
    asked_for = amounts.pop(ORDER, 0)
    refunded, given_back = (
        sum(amounts.pop(name) for name in list(amounts) if name.startswith(kind)) for kind in (REFUND, GAVE)
    )
    # Some payments do not say how much: then it is what their order says. An order that nobody paid backs nothing.
    received = max(asked_for, sum(amounts.values())) if amounts else 0
    # A refund that policy left to a person, or that came before its money, moved nothing: it is deducted as far as decisions followed it.
    unbacked = max(0, row.cleared - received + min(refunded, given_back))
    cases = int(unbacked > 0 or (row.grants > 0 and row.facts == 0))
    if (unbacked, cases) != (row.unbacked, row.cases):
        total = _row(state, f"total {row.provider}", row.provider)
        total.unbacked += unbacked - row.unbacked
        total.cases += cases - row.cases
        total.position = position
        row.unbacked, row.cases = unbacked, cases
    row.position = position


def _row(state: BackingRows, name: str, provider: str) -> BackingRow:
    row = state.backing.get(name)
    if row is None:
        row = state.backing[name] = BackingRow(name, provider, "{}", 0, 0, 0, 0, 0, 0)
    return row


def _facts(data: dict[str, Any]) -> Iterator[str]:
    return (f"fact {position}" for position in data.get("facts", ()))


def _merged(data: dict[str, Any]) -> Iterator[str]:
    return (f"case {record}" for record in data.get("merged", ()))


def rows_of(event: Event) -> list[str]:
    """Names of the rows an event touches."""
    if event.type in _FACTS:
        return [f"fact {event.position}"]
    data = event.data
    if data.get("provider") is None:
        return []
    own = [f"case {data['case']}", f"total {data['provider']}"]
    return [*own, *_facts(data), *_merged(data)] if event.type == PaymentAssessed.TYPE else own


_FACTS = frozenset({PaymentSucceeded.TYPE, PaymentSettled.TYPE, RefundSucceeded.TYPE, *_ASKED_FOR})

BACKING = Projection(
    name="backing",
    tables=(Table("backing", BackingRow, ("name",)),),
    new_state=BackingRows,
    handlers={
        **dict.fromkeys(_FACTS, told),
        PaymentAssessed.TYPE: assessed,
        # What a provider keeps was received all the same: it backs nothing more, and nothing less.
        **{
            model.TYPE: moved
            for model in DECISIONS
            if issubclass(model, ValueMoved) and model is not FeeBooked
        },
    },
    keys=rows_of,
    loaded=True,
)
