"""What must be true after the day, checked against the simulator's own sums and against a second way of computing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.demo.outcome import DayResult
from console.demo.performance import Performance
from console.demo.script import Script
from console.messages import text
from console.output import number, rupiah
from projections.registry import BY_NAME
from projections.verify import verify

if TYPE_CHECKING:
    from runtime.database import Pool

DETAILS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Invariant:
    """One invariant: the sentence that was checked, and what contradicts it."""

    sentence: str
    contradictions: list[str]

    @property
    def holds(self) -> bool:
        return not self.contradictions


async def judge(
    pool: Pool, script: Script, performance: Performance, outcome: DayResult, afterwards: Sequence[Invariant]
) -> AsyncIterator[Invariant]:
    """Every invariant in turn; `afterwards`: of what customers did when the day was over."""
    yield _stored(performance, outcome)
    yield _doors(script, performance)
    yield _ledger(outcome)
    yield _money(script, outcome)
    yield _customers(script, outcome)
    yield _held(script, outcome)
    yield _parked(script, outcome)
    for invariant in afterwards:
        yield invariant
    yield await _rebuilt(pool)


def _stored(performance: Performance, outcome: DayResult) -> Invariant:
    """I1."""
    stored = set(outcome.stored)
    lost = [digest.hex() for digest in performance.accepted - stored]
    invented = [digest.hex() for digest in stored - performance.accepted]
    sentence = text(
        "invariant.stored", count=number(len(outcome.stored)), bodies=number(len(performance.accepted))
    )
    return Invariant(sentence, lost + invented)


def _doors(script: Script, performance: Performance) -> Invariant:
    contradictions = []
    if performance.unanswered:
        contradictions.append(text("invariant.unanswered", count=performance.unanswered))
    if performance.forged_refused != len(script.forged):
        contradictions.append(text("invariant.forged_accepted", count=performance.forged_accepted))
    return Invariant(text("invariant.doors", count=number(len(script.forged))), contradictions)


def _ledger(outcome: DayResult) -> Invariant:
    off = [f"{unit}: {sum_}" for unit, (sum_, _) in outcome.ledger.items() if sum_]
    return Invariant(text("invariant.ledger", units=", ".join(outcome.ledger)), off)


def _money(script: Script, outcome: DayResult) -> Invariant:
    """I4: what the providers say they received and gave back, to the rupiah."""
    expected = script.day.expected
    refunded = sum(customer.refunded_idr for customer in expected.customers.values())
    wanted = expected.received_idr - refunded
    off = [] if outcome.received == wanted else [f"{rupiah(outcome.received)} ≠ {rupiah(wanted)}"]
    return Invariant(text("invariant.money", amount=rupiah(wanted)), off)


def _customers(script: Script, outcome: DayResult) -> Invariant:
    expected = script.day.expected.customers
    off = [sentence for customer in expected for sentence in _differences(customer, script, outcome)]
    return Invariant(text("invariant.customers", count=number(len(expected))), off)


def _differences(customer: str, script: Script, outcome: DayResult) -> Iterator[str]:
    wanted, has = script.day.expected.customers[customer], outcome.holdings[customer]
    paid, refunded = outcome.paid.get(customer, (0, 0))
    pairs = {
        "paid": (paid, wanted.paid_idr),
        "refunded": (refunded, wanted.refunded_idr),
        "credit_tokens": (has.credit_tokens, wanted.credit_tokens),
        "chat_tokens": (has.chat_tokens, wanted.chat_tokens),
        "courses": (set(has.courses), wanted.courses),
        "plans": (set(has.plans), wanted.plans),
        "licences": (set(has.licences), wanted.licences),
    }
    for name, (is_, must) in pairs.items():
        if is_ != must:
            yield f"{customer} {name}: {is_} ≠ {must}"


def _held(script: Script, outcome: DayResult) -> Invariant:
    wanted = {reason: amount for reason, amount in script.day.expected.suspense.items() if amount}
    found = {reason: amount for reason, (_, amount) in outcome.held.items() if amount}
    off = [
        f"{reason}: {rupiah(found.get(reason, 0))} ≠ {rupiah(wanted.get(reason, 0))}"
        for reason in sorted(wanted.keys() | found.keys())
        if wanted.get(reason) != found.get(reason)
    ]
    return Invariant(text("invariant.held", amount=rupiah(sum(wanted.values()))), off)


def _parked(script: Script, outcome: DayResult) -> Invariant:
    # What was announced and whose payment never came is told to a person, and is no unreadable body.
    found = sum(count for _, reason, count in outcome.parked if reason != "payment_unconfirmed")
    wanted = script.day.expected.parked
    off = [] if found == wanted else [f"{found} ≠ {wanted}"]
    return Invariant(text("invariant.parked", count=wanted), off)


async def _rebuilt(pool: Pool) -> Invariant:
    """I6: the second way of computing is a rebuild from the beginning of the log."""
    off: list[str] = []
    rows = 0
    for name in BY_NAME:
        compared = await verify(pool, name)
        rows += compared.rows
        off += [f"{name}: {difference}" for difference in (*compared.differences, *compared.wrong)]
    return Invariant(text("invariant.rebuilt", count=len(BY_NAME), rows=number(rows)), off)
