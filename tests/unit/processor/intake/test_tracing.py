"""What a delivery says of its trace goes with it into the log; without one nothing is done, and nothing is called."""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from typing import Any, cast

import pytest

from processor.fulfilment.inline import Inline
from processor.fulfilment.work import about_to_come
from processor.intake.interpreter import Prepared
from processor.intake.store import Recorded, Store, events_of
from processor.intake.tracing import KNOWN, TracedStore
from processor.intake.verdicts import judge
from runtime.database import Pool
from runtime.tracing import traced_by, under_way
from schemas.envelope import Envelope, carried_on, context_in, contexts_in, pack, pack_one, unpack
from tests.unit.processor.intake.envelopes import capture, envelope, interpreter
from tests.unit.runtime.recording import Recording

ONE, TWO = (f"00-{number * 32}-{number * 16}-01" for number in "12")
SENT = f"00-{'1' * 32}-{'9' * 16}-01"


def test_a_delivery_keeps_its_context_on_every_way() -> None:
    traced, plain = envelope(traceparent=ONE), envelope()
    assert [one.traceparent for one in unpack(pack([traced, plain]))] == [ONE, None]
    assert list(contexts_in(pack([traced, plain, envelope(traceparent=TWO)]))) == [ONE, TWO]
    assert (context_in(pack_one(traced)), context_in(pack_one(plain))) == (ONE, None)
    assert b"traceparent" not in pack_one(plain)
    assert list(contexts_in(pack([traced])[:-1] + b"")) == [ONE]
    assert (list(contexts_in(b"no frame at all")), context_in(b"")) == ([], None)


def test_a_context_that_is_none_is_no_reason_to_set_a_delivery_aside() -> None:
    (read,) = unpack(pack([envelope(traceparent="nonsense")]))
    assert read.traceparent is None


@pytest.mark.parametrize("header", [SENT, SENT.encode()])
def test_what_came_in_a_message_goes_on_from_its_publish(header: object) -> None:
    first, second, third = carried_on(
        [envelope(traceparent=ONE), envelope(traceparent=TWO), envelope()], header
    )
    assert (first.traceparent, second.traceparent, third.traceparent) == (SENT, TWO, None)


@pytest.mark.parametrize("header", [None, 1, "x", b"\xff"])
def test_a_header_that_is_none_changes_nothing(header: object) -> None:
    (same,) = carried_on([envelope(traceparent=ONE)], header)
    assert same.traceparent == ONE


def test_events_and_what_is_decided_on_them_bear_the_context() -> None:
    (verdict,) = judge([interpreter().prepare(envelope(traceparent=ONE))], {})
    events = events_of(verdict)
    assert [event.metadata["traceparent"] for event in events] == [ONE, ONE]
    assert [one.cause.traceparent for one in about_to_come(events, 1)] == [ONE]


def test_without_a_context_nothing_is_written_and_nothing_is_called() -> None:
    """From the frame to the events of a delivery no function of tracing is passed through, and the events say nothing."""
    called: Counter[str] = Counter()

    def heard(frame: Any, event: str, _argument: object) -> None:
        if event == "call":
            called[frame.f_globals.get("__name__", "")] += 1

    frame, reader = pack([envelope()]), interpreter()
    sys.setprofile(heard)
    try:
        (received,) = unpack(frame)
        (verdict,) = judge([reader.prepare(received)], {})
        events = events_of(verdict)
        facts = about_to_come(events, 1)
        pack([received])
    finally:
        sys.setprofile(None)
    assert called["schemas.envelope"] > 0
    assert [name for name in called if "trac" in name] == []
    assert [event.metadata for event in events if "traceparent" in event.metadata] == []
    assert facts[0].cause.traceparent is None


class Failing(Exception):
    """What a database says."""


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[list[Prepared]]:
    """Batches that would have been written; one of a path `broken` fails, what is on a path `known` was stored before."""
    batches: list[list[Prepared]] = []

    async def write(_store: Store, batch: list[Prepared], _leader: object) -> tuple[list[Recorded], None]:
        batches.append(list(batch))
        assert under_way() is None or under_way() in list(RECORDING.spans)
        if any(one.envelope.path == "broken" for one in batch):
            raise Failing
        verdicts = judge([one for one in batch if one.envelope.path != "known"], {})
        return [Recorded(verdict, 1) for verdict in verdicts], None

    monkeypatch.setattr(Store, "_write", write)
    return batches


RECORDING = Recording()


@pytest.fixture
def recording() -> Recording:
    RECORDING.spans.clear()
    return RECORDING


def prepared(number: int, **fields: Any) -> Prepared:
    return interpreter().prepare(envelope(capture(f"py-{number}"), **fields))


def traced_store() -> TracedStore:
    return TracedStore(cast(Pool, None), interpreter(), 10, 1.0, Inline(0))


async def test_a_batch_is_a_span_of_its_own_linked_to_its_deliveries(
    recording: Recording, written: list[list[Prepared]]
) -> None:
    batch = [prepared(1, traceparent=ONE), prepared(2), prepared(3, traceparent=TWO, path="known")]
    with traced_by(recording):
        await traced_store().store(batch)
    first, second, whole = recording.spans
    assert [(span.name, span.parent) for span in (first, second)] == [
        ("process a webhook", ONE), ("process a webhook", TWO),
    ]  # fmt: skip
    assert (whole.name, whole.parent, whole.links) == ("store a batch", first.context, [second.context])
    assert (first.attributes["lunas.status"], second.attributes["lunas.status"]) == ("processed", KNOWN)
    assert all(span.ended == (None,) for span in recording.spans)
    # What is appended for each bears the span it was appended in; what came without a context, none.
    assert [one.envelope.traceparent for one in written[0]] == [first.context, None, second.context]


async def test_what_fails_says_so(recording: Recording, written: list[list[Prepared]]) -> None:
    with traced_by(recording), pytest.raises(Failing):
        await traced_store().store([prepared(1, traceparent=ONE, path="broken")])
    assert {span.ended for span in recording.spans} == {("Failing",)}


async def test_a_replay_begins_a_trace_and_what_nobody_recorded_does_not(
    recording: Recording, written: list[list[Prepared]]
) -> None:
    with traced_by(recording):
        await traced_store().store([prepared(1), prepared(2, replay_of="x")])
    assert [(span.name, span.parent, span.attributes.get("lunas.replay")) for span in recording.spans][
        :1
    ] == [("process a webhook", None, True)]


def test_every_field_of_an_envelope_is_packed() -> None:
    """A new one that is forgotten in `pack_one` is lost on the way."""
    full = envelope(replay_of="r", dead_letter_id="d", actor="a", traceparent=ONE)
    assert unpack(pack([full])) == [full]
    assert all(getattr(full, field.name) is not None for field in dataclasses.fields(Envelope))
