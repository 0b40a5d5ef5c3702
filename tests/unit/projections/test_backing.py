"""Money that decisions moved is money that facts told of; a grant that somebody appended beside them is not."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.fold import fold_all
from projections.folds.backing import BACKING, BackingRow
from projections.projection import Event
from schemas import decisions as d
from schemas.decision_model import Posting
from schemas.event_model import EventModel
from schemas.events import encode
from tests.unit.processor.cases.facts import capture, order, refund
from tests.unit.processor.policies.histories import histories, subscribed
from tests.unit.processor.policies.ledgerbook import VARIANT, Book, club
from tests.unit.processor.policies.test_any_order import STABLE, history
from tests.unit.processor.policies.test_ledger import busy_day


@dataclass
class Log(Book):
    """A book that keeps the whole log: facts at the positions decisions name, then what was decided."""

    events: list[tuple[int, EventModel]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def _round(self, facts: list[Any], *touched: str) -> Book:
        self.events += [(one.position, one.fact) for one in facts]
        before = len(self.decisions)
        super()._round(facts, *touched)
        last = max((position for position, _ in self.events), default=0)
        self.events += [(last, event) for event in self.decisions[before:]]
        self.ends.append(len(self.events))
        return self


def fold(events: list[tuple[int, EventModel]]) -> dict[str, BackingRow]:
    state = BACKING.new_state()
    log = [Event(position, one.TYPE, "s", orjson.loads(encode(one))) for position, one in events]
    fold_all(BACKING, state, log)
    rows: dict[str, BackingRow] = state.backing
    return rows


def unbacked(rows: dict[str, BackingRow]) -> list[tuple[str, int]]:
    return sorted(
        (name, row.unbacked) for name, row in rows.items() if row.cases and name.startswith("case ")
    )


@STABLE
@given(facts=subscribed("0") | histories(), chance=st.randoms(use_true_random=False))
def test_whatever_was_decided_on_facts_is_backed_by_them(
    facts: list[EventModel], chance: random.Random
) -> None:
    book = Log(catalog=club())
    for fact in history(facts, chance):
        book.give(fact)
    book.wait(days=1)
    rows = fold(book.events)
    assert unbacked(rows) == []
    assert all(row.unbacked == row.cases == 0 for name, row in rows.items() if name.startswith("total "))


def test_a_day_of_every_kind_of_money_is_backed_after_each_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.processor.policies.test_ledger.Book", Log)
    book = busy_day()
    assert isinstance(book, Log)
    for end in book.ends:
        rows = fold(book.events[:end])
        assert unbacked(rows) == [], book.events[end - 1]
    assert sum(row.cleared for row in rows.values()) == 330_000 + 350_000 + 150_000


CASE = "xendit:py-1"


def forged(case: str = CASE, **more: Any) -> EventModel:
    fields: dict[str, Any] = {
        "case": case, "customer_id": "c-1", "provider": "xendit", "payment_id": "py-1", "amount_idr": 1_000_000, "tokens": 10_000_000,
        "at": "2026-11-20T05:00:00Z",
        "postings": (
            Posting(account="clearing:xendit", unit="IDR", amount=1_000_000), Posting(account="credit:c-1", unit="IDR", amount=-1_000_000),
        ),
    }  # fmt: skip
    return d.CreditGranted(**(fields | more))


@pytest.mark.parametrize(("grant", "amount"), [
    (forged("xendit:py-nobody"), 1_000_000),  # of a payment that never was
    (forged(), 1_000_000),  # of one that was granted already
    (forged(postings=()), 1_000_000),  # past the ledger
    (forged("xendit:py-nobody", amount_idr=0, postings=()), 0),  # without any money: tokens alone
])  # fmt: skip
def test_a_grant_that_somebody_appended_beside_the_facts_is_seen(grant: EventModel, amount: int) -> None:
    book = Log().customer("c-1", "ratna@contoh.id").give(capture())
    assert isinstance(book, Log)
    events = [*book.events, (99, grant)]
    rows = fold(events)
    assert [one for _, one in unbacked(rows)] == [amount]
    total = rows["total xendit"]
    assert (total.unbacked, total.cases) == (amount, 1)


def test_an_order_that_nobody_paid_backs_nothing() -> None:
    book = Log().customer("c-1", "ratna@contoh.id").give(order([(VARIANT, 1, 350_000)], 350_000))
    assert isinstance(book, Log)
    (case,) = book.cases
    grant = forged(case, provider="scalev", amount_idr=350_000, postings=())
    assert unbacked(fold([*book.events, (99, grant)])) == [(f"case {case}", 350_000)]


@pytest.mark.parametrize("known", [True, False], ids=["granted", "held"])
@pytest.mark.parametrize(("back", "more"), [(100_000, 100_000), (40_000, 40_000), (40_000, 100_000)])
def test_what_went_back_backs_no_second_grant(back: int, more: int, known: bool) -> None:
    """In whole or in part: the payment told of 100,000, of which only the rest is still there."""
    book = Log()
    if known:
        book.customer("c-1", "ratna@contoh.id")
    book.give(capture(amount=100_000)).give(refund(amount=back))
    assert isinstance(book, Log)
    assert unbacked(fold(book.events)) == []
    postings = (
        Posting(account="clearing:xendit", unit="IDR", amount=more),
        Posting(account="credit:c-1", unit="IDR", amount=-more),
    )
    (case,) = book.cases
    grant = forged(case, amount_idr=more, tokens=10 * more, postings=postings)
    assert unbacked(fold([*book.events, (99, grant)])) == [(f"case {case}", more)]


def test_a_refund_that_no_decision_followed_is_no_alarm() -> None:
    """Policy may leave a refund to a person: what was granted stays, and is what it was."""
    book = Log().customer("c-1", "ratna@contoh.id").give(capture(amount=100_000))
    assert isinstance(book, Log)
    told = refund(amount=40_000)
    assessed = next(one for one in book.decisions if isinstance(one, d.PaymentAssessed))
    later = assessed.amended(facts=(50,))
    assert unbacked(fold([*book.events, (50, told), (50, later)])) == []


def test_what_is_left_of_held_money_stays_backed_whatever_refund_comes_too_late_for_it() -> None:
    book = Log().give(capture(amount=100_000)).give(refund("rfd-1", 40_000), refund("rfd-2", 100_000))
    assert isinstance(book, Log)
    assert [item.amount for item in book.suspense().values()] == [60_000]
    assert unbacked(fold(book.events)) == []
