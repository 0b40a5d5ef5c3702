"""Whatever happens to an account in whatever order: it is the fold of the log, its lots add up, and only money that went back makes it negative."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.credit.account import FOLDED, Account
from api.credit.acts import Capture, Release, Reserve, Spend, expired, signals
from api.credit.loading import read_account, written
from api.credit.lots import idr_of, take, tokens_of
from schemas.credit_events import ACTS, BalanceLow, CreditCaptured, CreditForgiven, CreditUnfrozen
from schemas.event_model import EventModel
from schemas.events import decode, encode
from schemas.problems import Problem
from tests.unit.api.credit.given import (
    CATALOG,
    NOON,
    account,
    clawed_back,
    do,
    granted,
    moment,
    tier,
    use,
    withdrawn,
)

STEP = st.tuples(
    st.sampled_from(
        [
            "grant",
            "grant",
            "spend",
            "spend",
            "reserve",
            "capture",
            "release",
            "claw",
            "withdraw",
            "wait",
            "use",
            "forgive",
        ]
    ),
    st.sampled_from([0, 1, 7, 60, 400, 700, 2000]),
    st.integers(min_value=0, max_value=7),
)


@dataclass
class Life:
    """An account, everything that happened to it, and what the ledger says of the customer."""

    account: Account = field(default_factory=lambda: Account("c1"))
    log: list[EventModel] = field(default_factory=list)
    now: datetime = NOON
    open_grants: dict[str, tuple[int, int]] = field(default_factory=dict)
    ledger: dict[tuple[str, str], int] = field(default_factory=dict)
    went_back: bool = False

    def happen(self, event: EventModel) -> None:
        self.log.append(event)
        self.account.apply(event, len(self.log))
        for posting in getattr(event, "postings", ()):
            key = posting.account, posting.unit
            self.ledger[key] = self.ledger.get(key, 0) + posting.amount

    def act(self, act: Any) -> None:
        for event in expired(self.account, moment(self.now)):
            self.happen(event)
        try:
            self.happen(act.decide(self.account, moment(self.now)))
        except Problem:
            return
        for event in signals(self.account, moment(self.now)):
            self.happen(event)

    def step(self, what: str, amount: int, pick: int) -> None:
        number = len(self.log)
        if what == "grant" and amount:
            case = f"case-{number}"
            idr = amount // (pick + 1)  # lots at different rates
            self.open_grants[case] = (amount, idr)
            self.happen(granted(case, amount, idr))
        elif what in ("claw", "withdraw") and self.open_grants:
            case = sorted(self.open_grants)[pick % len(self.open_grants)]
            tokens, idr = self.open_grants.pop(case)
            self.went_back = True
            self.happen((clawed_back if what == "claw" else withdrawn)(case, tokens, idr))
        elif what == "spend" and amount:
            self.act(Spend(f"s{number}", amount, "chat", f"s{number}"))
        elif what == "reserve" and amount:
            self.act(Reserve(f"v{number}", amount, f"v{number}", 60 * (pick + 1)))
        elif what in ("capture", "release") and self.account.reservations:
            held = self.account.reservations[
                sorted(self.account.reservations)[pick % len(self.account.reservations)]
            ]
            tokens = min(max(amount, 1), held.tokens)
            self.act(
                Capture(held.reservation_id, tokens) if what == "capture" else Release(held.reservation_id)
            )
        elif what == "wait":
            self.now += timedelta(seconds=amount)
            for event in expired(self.account, moment(self.now)):
                self.happen(event)
        elif what == "use" and amount:
            self.happen(tier("bpp"))
            self.act(use(amount))
        elif what == "forgive" and self.account.debt:
            debt, idr = self.account.debt, self.account.debt_idr
            self.happen(
                CreditForgiven(
                    customer_id="c1",
                    credit_tokens=0,
                    at=self.now,
                    tokens=debt,
                    idr=idr,
                    reason="r",
                    actor="a",
                )
            )
            self.ledger["credit:c1", "IDR"] = self.ledger.get(("credit:c1", "IDR"), 0) - idr
            self.ledger["tokens:c1", "TOKEN"] = self.ledger.get(("tokens:c1", "TOKEN"), 0) - debt


def holds(life: Life) -> None:
    """What is always true."""
    made = life.account
    grants = sum(getattr(event, "tokens", 0) * sign for event, sign in signed(life.log))
    assert made.credit + made.reserved + made.spent == grants
    assert made.credit >= 0 or life.went_back
    assert made.debt >= 0
    assert not (made.debt and made.lots)
    assert all(lot.tokens > 0 and lot.idr >= 0 for lot in made.lots)
    assert [lot.lot for lot in made.lots] == sorted({lot.lot for lot in made.lots})
    held = sum(idr_of(one.lots) for one in made.reservations.values())
    assert idr_of(made.lots) + held - made.debt_idr == -life.ledger.get(("credit:c1", "IDR"), 0)
    assert all(tokens_of(one.lots) == one.tokens for one in made.reservations.values())


def signed(log: list[EventModel]) -> list[tuple[EventModel, int]]:
    signs = {"credit.granted": 1, "credit.clawed_back": -1, "credit.withdrawn": -1, "credit.forgiven": 1}
    return [(event, signs[event.TYPE]) for event in log if event.TYPE in signs]


@given(st.lists(STEP, min_size=25, max_size=40))
@settings(max_examples=200, deadline=None)
def test_an_account_is_the_fold_of_its_log_and_adds_up_after_every_step(
    steps: list[tuple[str, int, int]],
) -> None:
    life = Life()
    for what, amount, pick in steps:
        life.step(what, amount, pick)
        holds(life)
    again = account(*(decode(event.TYPE, 1, encode(event)) for event in life.log))
    assert again == life.account
    assert read_account(written(again)) == again


@given(st.lists(STEP, min_size=25, max_size=40), st.integers(min_value=0, max_value=39))
@settings(max_examples=100, deadline=None)
def test_a_snapshot_in_between_changes_nothing(steps: list[tuple[str, int, int]], kept: int) -> None:
    life = Life()
    for what, amount, pick in steps:
        life.step(what, amount, pick)
    kept = min(kept, len(life.log))
    made = read_account(written(account(*life.log[:kept])))
    for position, event in enumerate(life.log[kept:], kept + 1):
        made.apply(event, position)
    assert made == life.account


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.lists(st.integers(1, 10**5), max_size=30))
def test_the_rupiah_of_a_lot_add_up_whatever_it_is_split_into(
    tokens: int, idr: int, shares: list[int]
) -> None:
    lots = account(granted("k", tokens, idr)).lots
    total = 0
    for share in (*shares, tokens):
        taken, lots = take(lots, share)
        total += idr_of(taken)
        assert total <= idr
    assert (total, lots) == (idr, [])


def test_the_oldest_top_up_is_spent_first_and_the_act_says_which() -> None:
    made = account(granted("old", 100, 10), granted("new", 1000, 50))
    spent = do(made, Spend("s", 150, "chat", "r"))
    assert [(part.key, part.tokens, part.idr) for part in spent.lots] == [
        ("old main", 100, 10),
        ("new main", 50, 2),
    ]  # type: ignore[attr-defined]


def test_money_that_goes_back_takes_the_credit_of_its_own_top_up_first() -> None:
    made = account(granted("old", 100, 10), granted("new", 1000, 100), clawed_back("new", 1000, 100))
    assert [(lot.key, lot.tokens) for lot in made.lots] == [("old main", 100)]


def test_a_reservation_keeps_its_credit_when_money_goes_back() -> None:
    made = account(granted("k", 1000, 100))
    do(made, Reserve("v", 600, "v", 60))
    made.apply(clawed_back("k", 1000, 100))
    assert (made.credit, made.reserved, made.debt) == (-600, 600, 600)
    captured = do(made, Capture("v", 100))
    assert isinstance(captured, CreditCaptured)
    assert (made.credit, made.spent) == (-100, 100)


def test_c112_a_reservation_is_over_at_its_moment_and_not_before() -> None:
    made = account(granted("k", 1000, 100))
    do(made, Reserve("v", 600, "v", 60))
    over = NOON + timedelta(seconds=60)
    assert expired(made, moment(over - timedelta(microseconds=1))) == []
    (event,) = expired(made, moment(over))
    made.apply(event)
    assert (made.credit, made.reserved) == (1000, 0)


def test_low_is_told_once_per_crossing() -> None:
    made = account(granted("k", 1500, 150))
    told = []
    for step in (400, 200, 100):
        do(made, Spend("s", step, "chat", f"r{step}"))
        for event in signals(made, moment()):
            made.apply(event)
            told.append((step, event.TYPE))
    assert told == [(200, "balance.low")]
    made.apply(granted("again", 500, 50), 9)
    do(made, Spend("s", 1000, "chat", "r9"))
    (event,) = signals(made, moment())
    assert isinstance(event, BalanceLow)
    assert event.credit_tokens == 300


def test_who_never_had_much_is_not_told_that_it_is_low() -> None:
    made = account(granted("k", 900, 90))
    do(made, Spend("s", 400, "chat", "r"))
    assert signals(made, moment()) == []


def test_by_the_policy_freeze_a_debt_stops_everything_until_an_operator_lets_it_be() -> None:
    strict = CATALOG.model_copy(
        update={"credit": CATALOG.credit.model_copy(update={"refund_after_spend": "freeze"})}
    )
    made = account(granted("k", 900, 90), granted("other", 500, 50))
    do(made, Spend("s", 900, "chat", "r"))
    made.apply(clawed_back("k", 900, 90))
    assert [event.TYPE for event in signals(made, moment())] == ["balance.low"]
    for event in signals(made, moment(catalog=strict)):
        made.apply(event)
    assert (made.frozen, made.debt) == ("debt", 400)
    assert signals(made, moment(catalog=strict)) == []
    made.apply(granted("more", 5000, 500), 9)
    with pytest.raises(Problem) as refused:
        do(made, Spend("s2", 1, "chat", "r2"))
    assert refused.value.kind.code == "account_frozen"
    made.apply(CreditUnfrozen(customer_id="c1", reason="seen", actor="ani", debt_tokens=0, at=NOON))
    do(made, Spend("s2", 1, "chat", "r2"))


def test_an_account_knows_everything_that_customers_do() -> None:
    """What it did not know would be lost silently."""
    assert {model.TYPE for model in ACTS} <= set(FOLDED)


def _lines_of(events: list[EventModel]) -> int:
    """Lines that are run to fold these."""
    lines = 0

    def count(_frame: FrameType, what: str, _argument: object) -> object:
        nonlocal lines
        lines += what == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        account(*events)
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("what", ["top-ups", "refunds", "spends"])
def test_no_event_walks_over_all_top_ups(what: str) -> None:
    """Twice as many top-ups, twice the work: with ten thousands of them the fold once kept the API from everybody for a quarter of an hour."""

    def life(number: int) -> list[EventModel]:
        events: list[EventModel] = [granted(f"k{each}", 10, 10) for each in range(number)]
        if what == "refunds":
            events += [clawed_back(f"k{each}", 10, 10) for each in reversed(range(number))]
        elif what == "spends":
            made = account(*events)
            for _ in range(number):
                event = Spend("s", 10, "chat", "s").decide(made, moment())
                made.apply(event)
                events.append(event)
        return events

    assert _lines_of(life(800)) < 2.5 * _lines_of(life(400))
