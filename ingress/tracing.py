"""Tells the way of a webhook through ingress: put around what it goes through, where traces are on, and nowhere else.

A trace begins here. What a provider may send as its own trace context is not carried on: it is a stranger's word, and would let strangers
decide what is recorded. Requests that are refused begin none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingress.journal.journal import Journal, NotWritten, Written
from ingress.lane import Settle, Unpublished
from runtime.tracing import Span, Tracer, tracer
from schemas.envelope import Envelope, context_in

if TYPE_CHECKING:
    from ingress.door import Durable

ANSWERED, NOT_NOW = 200, 503


class TracedDurable:
    """Takes the place of what makes deliveries durable: a span from the whole request to its answer."""

    def __init__(self, inner: Durable, told_to: Tracer) -> None:
        self._inner = inner
        self._tracer = told_to

    def submit(self, envelope: Envelope, partition: int, settle: Settle) -> object:
        """As `Durable.submit`."""
        span = self._tracer.begin(
            f"POST {envelope.path}",
            "server",
            attributes={
                "http.request.method": "POST",
                "http.route": envelope.path,
                "lunas.provider": envelope.provider,
                "lunas.delivery_id": envelope.delivery_id,
            },
            began=envelope.received_at * 1000,
        )

        def settled(failure: Unpublished | None) -> None:
            _answered(span, failure)
            settle(failure)

        try:
            return self._inner.submit(replace(envelope, traceparent=span.context), partition, settled)
        except BaseException as error:
            _answered(span, error)
            raise


def _answered(span: Span, failure: BaseException | None) -> None:
    span.tell({"http.response.status_code": ANSWERED if failure is None else NOT_NOW})
    span.end(error=None if failure is None else type(failure).__name__)


class TracedJournal(Journal):
    """A journal that tells how long each record takes to be on the disk."""

    def append(self, frame: bytes, written: Written) -> None:
        """As `Journal.append`."""
        told_to, context = tracer(), context_in(frame)
        if told_to is None or context is None:
            super().append(frame, written)
            return
        span = told_to.begin("journal", parent=context)

        def landed(number: int, failure: NotWritten | None) -> None:
            span.end(error=None if failure is None else type(failure).__name__)
            written(number, failure)

        super().append(frame, landed)
