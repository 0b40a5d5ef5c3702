"""What the balance shows is what can be spent at every position of the log, also while refunds set credit aside, take it, fail, and are told late."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.credit.acts import Release, SetAside, expired, taken
from projections.commit import draft
from projections.decoding import LogRow
from projections.fold import fold_all
from projections.folds.balances import BALANCES
from projections.members import Member
from projections.projection import Event
from schemas.credit_events import CreditReleased, CreditReserved
from schemas.event_model import EventModel
from schemas.events import encode
from tests.unit.api.credit.given import clawed_back, moment
from tests.unit.api.credit.test_accounts_fold import Life

STEP = st.tuples(
    st.sampled_from([
        "grant", "grant", "spend", "reserve", "capture", "release", "withdraw", "wait", "use", "set_aside", "set_aside", "part",
        "claw", "looked_after", "failed",
    ]),
    st.sampled_from([1, 7, 60, 400, 700, 2000]),
    st.integers(min_value=0, max_value=7),
)  # fmt: skip


class Refunding(Life):
    """The same with refunds of its top-ups."""

    def step(self, what: str, amount: int, pick: int) -> None:
        grants, aside = sorted(self.open_grants), sorted(self._aside())
        if what == "set_aside" and grants:
            self.act(SetAside(f"rfn_{len(self.log):032x}", grants[pick % len(grants)], amount, 7))
        elif what == "part" and grants:
            case = grants[pick % len(grants)]
            tokens, idr = self.open_grants[case]
            some = min(amount, tokens)
            self.open_grants[case] = (tokens - some, idr - idr * some // tokens if tokens else 0)
            self.went_back = True
            self.happen(clawed_back(case, some, idr * some // tokens if tokens else 0))
        elif what == "looked_after":
            for event in taken(self.account, moment(self.now)):
                self.happen(event)
        elif what == "failed" and aside:
            self.act(Release(aside[pick % len(aside)]))
        elif what == "wait":
            self.now += timedelta(days=amount / 100)
            for of in (
                taken,
                expired,
            ):  # one after the other, as the keeper does: what was taken expires no more
                for event in of(self.account, moment(self.now)):
                    self.happen(event)
        elif what not in ("capture", "release") or not aside:
            super().step(what, amount, pick)

    def _aside(self) -> list[str]:
        return [
            one.reservation_id for one in self.account.reservations.values() if one.refund_of and one.lots
        ]

    def act(self, act: object) -> None:
        for event in taken(self.account, moment(self.now)):
            self.happen(event)
        super().act(act)


@given(steps=st.lists(STEP, min_size=20, max_size=40))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_c78_c114_the_balance_is_what_can_be_spent_at_every_position(
    steps: list[tuple[str, int, int]],
) -> None:
    life, truth = Refunding(), [0]
    happened = life.happen

    def noted(event: EventModel) -> None:
        happened(event)
        truth.append(life.account.credit)

    life.happen = noted  # type: ignore[method-assign]
    for what, amount, pick in steps:
        life.step(what, amount, pick)
    state = BALANCES.new_state()
    for position, event in enumerate(life.log, 1):
        fold_all(BALANCES, state, [Event(position, event.TYPE, "credit-c1", orjson.loads(encode(event)))])
        assert state.balances["c1"].credit_tokens == truth[position], (position, event)


@pytest.mark.parametrize(
    ("kind", "reservation", "unread"),
    [
        (CreditReserved, "rsv_1", True),
        (CreditReleased, "rsv_1", True),
        (CreditReleased, f"rfn_{1:032x}", False),
    ],
)
def test_only_what_was_set_aside_for_refunds_makes_a_batch_read_its_rows(
    kind: type[EventModel], reservation: str, unread: bool
) -> None:
    """What applications reserve is added to rows that nobody reads, as spends are."""
    data = {"customer_id": "c1", "reservation_id": reservation, "tokens": 1}
    row = LogRow(1, kind.TYPE, kind.VERSION, "credit-c1", orjson.dumps(data).decode())
    assert bool(draft([Member(BALANCES, 1, "live", 0)], [row]).pieces) is unread
