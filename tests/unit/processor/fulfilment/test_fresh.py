"""Facts that were just stored are known as long as nobody else writes to the log; then the log is asked."""

from __future__ import annotations

import uuid

from eventstore.append import NewEvent
from processor.fulfilment.fresh import Appended, FreshFacts
from processor.intake.store import events_of
from processor.intake.verdicts import judge
from schemas import streams
from schemas.credit_events import BalanceLow
from tests.integration.projections.decisions import AT
from tests.unit.processor.intake.envelopes import capture, envelope, interpreter


def stored(before: int, *payments: str) -> Appended:
    """A batch of webhooks right behind a position: a receipt and a fact each."""
    verdicts = judge([interpreter().prepare(envelope(capture(payment))) for payment in payments], {})
    return Appended(before, before + 1, [event for verdict in verdicts for event in events_of(verdict)])


def said(before: int) -> Appended:
    """An event that is no fact."""
    low = BalanceLow(customer_id="c1", credit_tokens=5, at=AT, low_balance_tokens=9)
    return Appended(before, before + 1, [NewEvent(streams.credit("c1"), low, {}, uuid.uuid4())])


def known(fresh: FreshFacts, position: int, limit: int = 10) -> tuple[list[int], int] | None:
    found = fresh.behind(position, limit)
    return None if found is None else ([one.position for one in found[0]], found[1])


def test_a_stretch_of_the_log_is_known_with_its_facts() -> None:
    fresh = FreshFacts(100)
    fresh.add(stored(10, "py-1", "py-2"))
    assert known(fresh, 10) == ([12, 14], 14)
    fresh.add(stored(14, "py-3"))
    assert known(fresh, 10) == ([12, 14, 16], 16)
    assert known(fresh, 12) == ([14, 16], 16)
    assert known(fresh, 16) is None


def test_of_more_than_is_asked_for_the_first_are_given_and_how_far_they_are() -> None:
    fresh = FreshFacts(100)
    fresh.add(stored(10, "py-1", "py-2", "py-3"))
    assert known(fresh, 10, limit=2) == ([12, 14], 14)
    assert known(fresh, 14, limit=2) == ([16], 16)


def test_what_lies_before_the_stretch_is_not_known() -> None:
    fresh = FreshFacts(100)
    fresh.add(stored(10, "py-1"))
    assert known(fresh, 9) is None


def test_whoever_else_writes_ends_the_stretch() -> None:
    fresh = FreshFacts(100)
    fresh.add(stored(10, "py-1"))
    fresh.add(stored(13, "py-2"))
    assert known(fresh, 10) is None
    assert known(fresh, 13) == ([15], 15)


def test_what_holds_no_facts_is_a_part_of_it() -> None:
    fresh = FreshFacts(100)
    fresh.add(stored(10, "py-1"))
    fresh.add(said(12))
    fresh.add(stored(13, "py-2"))
    assert known(fresh, 10) == ([12, 15], 15)


def test_what_is_told_late_is_no_gap_that_is_overlooked() -> None:
    """Two transactions whose ends are told in the wrong order: either stretch is true by itself."""
    fresh = FreshFacts(100)
    fresh.add(stored(12, "py-2"))
    fresh.add(stored(10, "py-1"))
    assert known(fresh, 10) == ([12], 12)
    assert known(fresh, 12) is None


def test_more_than_may_be_held_is_left_to_the_log() -> None:
    fresh = FreshFacts(2)
    fresh.add(stored(10, "py-1", "py-2"))
    fresh.add(stored(14, "py-3"))
    assert known(fresh, 10) is None
    fresh.add(stored(16, "py-4"))
    assert known(fresh, 16) == ([18], 18)


def test_what_was_decided_on_at_once_is_behind_it() -> None:
    fresh = FreshFacts(100)
    fresh.add(stored(10, "py-1"))
    fresh.begin(20)
    assert known(fresh, 10) is None
    fresh.add(stored(20, "py-2"))
    assert known(fresh, 20) == ([22], 22)
