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
from tests.unit.processor.policies.histories import histories, subscribed
from tests.unit.processor.policies.ledgerbook import Book, club
from tests.unit.processor.policies.test_any_order import STABLE, history
from tests.unit.processor.policies.test_ledger import busy_day


@dataclass
class Log(Book):
    """A book that keeps the whole log: facts at the positions decisions name, then what was decided."""

    events: list[tuple[int, EventModel]] = field(default_factory=list)

    def _round(self, facts: list[Any], *touched: str) -> Book:
        self.events += [(one.position, one.fact) for one in facts]
        before = len(self.decisions)
        super()._round(facts, *touched)
        last = max((position for position, _ in self.events), default=0)
        self.events += [(last, event) for event in self.decisions[before:]]
        return self


def fold(events: list[tuple[int, EventModel]]) -> dict[str, BackingRow]:
    state = BACKING.new_state()
    log = [Event(position, one.TYPE, "s", orjson.loads(encode(one))) for position, one in events]
    fold_all(BACKING, state, log)
    rows: dict[str, BackingRow] = state.backing
    return rows


def unbacked(rows: dict[str, BackingRow]) -> list[tuple[str, int]]:
    return sorted((name, row.unbacked) for name, row in rows.items() if row.cases and name.startswith("case "))


@STABLE
@given(facts=subscribed("0") | histories(), chance=st.randoms(use_true_random=False))
def test_whatever_was_decided_on_facts_is_backed_by_them(facts: list[EventModel], chance: random.Random) -> None:
    book = Log(catalog=club())
    for fact in history(facts, chance):
        book.give(fact)
    book.wait(days=1)
    rows = fold(book.events)
    assert unbacked(rows) == []
    assert all(row.unbacked == row.cases == 0 for name, row in rows.items() if name.startswith("total "))
