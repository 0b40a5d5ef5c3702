"""A webhook's trace begins at ingress: with its answer, its place in the journal, and its message, whose headers bear the context."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingress.journal.place import own_place
from ingress.lane import Settle, Unpublished
from ingress.tracing import TracedDurable, TracedJournal
from runtime.amqp.publisher import Message
from runtime.amqp.traced import TracedPublisher
from runtime.tracing import traced_by
from schemas.envelope import CONTENT_TYPE, Envelope, pack, pack_one
from schemas.errors import NotConfirmed
from tests.unit.ingress.journal.test_journal import BOUNDS, write
from tests.unit.processor.intake.envelopes import envelope
from tests.unit.runtime.recording import Recording

ONE, TWO = (f"00-{number * 32}-{number * 16}-01" for number in "12")


class Taking:
    """What makes deliveries durable, or does not; `full` takes none."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self.taken: list[tuple[Envelope, Settle]] = []

    def submit(self, envelope: Envelope, partition: int, settle: Settle) -> None:
        if self.full:
            raise NotConfirmed("too many wait")
        self.taken.append((envelope, settle))


def test_the_span_of_a_request_lasts_until_its_answer_and_its_context_goes_on() -> None:
    recording, taking = Recording(), Taking()
    heard: list[Unpublished | None] = []
    TracedDurable(taking, recording).submit(envelope(delivery_id="d1"), 0, heard.append)
    (span,) = recording.spans
    ((sent, settle),) = taking.taken
    assert (span.name, span.kind, span.parent) == ("POST /webhooks/xendit", "server", None)
    assert sent.traceparent == span.context
    assert span.ended is None
    settle(None)
    assert (heard, span.ended) == ([None], (None,))
    assert span.attributes["http.response.status_code"] == 200
    assert span.attributes["lunas.delivery_id"] == "d1"


@pytest.mark.parametrize("full", [False, True])
def test_a_request_that_cannot_be_made_durable_is_an_error(full: bool) -> None:
    recording, taking = Recording(), Taking(full=full)
    heard: list[Unpublished | None] = []
    traced = TracedDurable(taking, recording)
    if full:
        with pytest.raises(NotConfirmed):
            traced.submit(envelope(), 0, heard.append)
    else:
        traced.submit(envelope(), 0, heard.append)
        taking.taken[0][1](NotConfirmed("late"))
        assert len(heard) == 1
    (span,) = recording.spans
    assert (span.attributes["http.response.status_code"], span.ended) == (503, ("NotConfirmed",))


async def test_the_journal_tells_how_long_a_record_takes(tmp_path: Path) -> None:
    recording, place = Recording(), own_place(tmp_path)
    journal = TracedJournal(place, BOUNDS)
    try:
        with traced_by(recording):
            assert await write(journal, pack_one(envelope(traceparent=ONE)), pack_one(envelope())) == [1, 2]
    finally:
        await journal.close()
        place.release()
    assert [(span.name, span.parent, span.ended) for span in recording.spans] == [("journal", ONE, (None,))]


class Broker:
    """Confirms, or does not."""

    is_ready = True

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.messages: list[Message] = []

    async def wait_ready(self) -> None: ...

    async def publish(self, message: Message, *, deadline: float) -> None:
        self.messages.append(message)
        if self.error is not None:
            raise self.error


def message(*contexts: str | None) -> Message:
    body = pack([envelope(traceparent=context) for context in contexts])
    return Message("lunas.webhooks", "webhooks.p0", body, CONTENT_TYPE, {"lunas-attempt": 0})


async def test_a_message_bears_the_context_of_its_publish() -> None:
    recording, broker = Recording(), Broker()
    await TracedPublisher(broker, recording).publish(message(None, ONE, TWO), deadline=1.0)
    (span,) = recording.spans
    assert (span.name, span.kind, span.parent, span.links) == (
        "send lunas.webhooks", "producer", ONE, [TWO],
    )  # fmt: skip
    assert span.attributes["messaging.destination.name"] == "lunas.webhooks:webhooks.p0"
    assert broker.messages[0].headers == {"lunas-attempt": 0, "traceparent": span.context}
    assert span.ended == (None,)


async def test_a_message_of_nothing_that_is_recorded_is_left_as_it_is() -> None:
    recording, broker = Recording(), Broker()
    sent = [message(None), Message("lunas.rejected", "", b"LNQ1 what is refused")]
    for one in sent:
        await TracedPublisher(broker, recording).publish(one, deadline=1.0)
    assert (recording.spans, broker.messages) == ([], sent)


async def test_a_publish_without_a_confirm_is_an_error() -> None:
    recording = Recording()
    with pytest.raises(NotConfirmed):
        await TracedPublisher(Broker(NotConfirmed("late")), recording).publish(message(ONE), deadline=1.0)
    assert recording.spans[0].ended == ("NotConfirmed",)
