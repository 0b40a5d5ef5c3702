"""What events say of where they come from: nothing twice."""

from __future__ import annotations

import pytest

from eventstore.append import NewEvent
from processor.fulfilment.desk import Cause
from processor.fulfilment.work import about_to_come, metadata_of
from processor.intake.store import events_of
from processor.intake.verdicts import judge
from runtime.ids import uuid7
from schemas import streams
from schemas.facts import CustomerRegistered
from tests.unit.processor.intake.envelopes import envelope, interpreter


@pytest.mark.parametrize(
    ("correlation", "said"),
    [
        ("d-1", {"causation_id": "e-1", "delivery_id": "d-1", "catalog_version": "v"}),  # as an earlier release wrote it
        (None, {"causation_id": "e-1", "delivery_id": "d-1", "catalog_version": "v"}),
        ("d-0", {"correlation_id": "d-0", "causation_id": "e-1", "delivery_id": "d-1", "catalog_version": "v"}),  # a replay
    ],
)  # fmt: skip
def test_a_decision_names_what_it_belongs_to_where_its_delivery_does_not_say_it(
    correlation: str | None, said: dict[str, str]
) -> None:
    assert metadata_of(Cause(7, "e-1", correlation, "d-1"), "v") == said


def test_a_decision_that_the_clock_caused_says_under_which_catalogue() -> None:
    assert metadata_of(Cause(), "v") == {"catalog_version": "v"}


def test_a_customer_that_the_clock_had_us_make_belongs_to_no_delivery() -> None:
    """It is a fact of our own, which the next round decides on."""
    made = NewEvent(
        streams.customer("c1"),
        CustomerRegistered(customer_id="c1", email="a@contoh.id"),
        metadata_of(Cause(), "v"),
        uuid7(),
    )
    (fact,) = about_to_come([made], 7)
    assert (fact.cause.correlation_id, fact.cause.delivery_id) == (None, None)


def test_what_comes_for_the_first_time_belongs_to_its_delivery_and_a_replay_to_the_first_one() -> None:
    first, again = envelope(), envelope(replay_of="0199c0de-0000-7000-8000-000000000001")
    for sent in (first, again):
        (verdict,) = judge([interpreter().prepare(sent)], {})
        events = events_of(verdict)
        assert [event.metadata.get("correlation_id") for event in events] == [sent.replay_of] * len(events)
        assert {event.metadata["delivery_id"] for event in events} == {sent.delivery_id}
        (fact,) = about_to_come(events, 1)
        assert (fact.cause.correlation_id, fact.cause.delivery_id) == (sent.replay_of, sent.delivery_id)
