"""A store that tells what it does: put in the place of `Store` where traces are on, and nowhere else."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from msgspec.structs import replace

from processor.intake.interpreter import Prepared
from processor.intake.store import Drained, Recorded, Store
from runtime.tracing import LINKS_MAX, Span, Tracer, inside, tracer

KNOWN = "known"
"""Of a delivery that was stored before: the broker delivered it again."""


class TracedStore(Store):
    """Each delivery whose trace is recorded gets a span, from here to the commit, and what is appended for it bears that span's context.

    The batch has a span of its own, in the trace of the first of them, linked to the others.
    """

    __slots__ = ()

    async def store(self, batch: Sequence[Prepared]) -> list[Recorded]:
        """As `Store.store`."""
        with _told(batch) as (traced, spans):
            stored = await super().store(traced)
            _tell(spans, stored)
        return stored

    async def drain(self, stream: str, batch: Sequence[Prepared], places: Sequence[int]) -> Drained:
        """As `Store.drain`."""
        with _told(batch) as (traced, spans):
            drained = await super().drain(stream, traced, places)
            _tell(spans, drained.recorded)
        return drained


Spans = Mapping[uuid.UUID, Span]


@contextmanager
def _told(batch: Sequence[Prepared]) -> Iterator[tuple[Sequence[Prepared], Spans]]:
    """The batch with its spans open, which end with it."""
    by = tracer()
    spans = {} if by is None else dict(_begun(by, batch))
    contexts = [span.context for span in spans.values() if span.context is not None]
    if by is None or not contexts:
        yield batch, spans
        return
    whole = by.begin(
        "store a batch",
        parent=contexts[0],
        links=contexts[1:LINKS_MAX],
        attributes={"lunas.deliveries": len(batch)},
    )
    traced = [_with(prepared, spans.get(prepared.delivery_id)) for prepared in batch]
    error: str | None = "Cancelled"
    try:
        with inside(whole):
            yield traced, spans
        error = None
    except Exception as failure:
        error = type(failure).__name__
        raise
    finally:
        for span in (whole, *spans.values()):
            span.end(error=error)


def _begun(by: Tracer, batch: Sequence[Prepared]) -> Iterator[tuple[uuid.UUID, Span]]:
    each = {
        prepared.delivery_id: prepared for prepared in batch
    }  # a publish that was repeated brings one twice
    for prepared in each.values():
        envelope = prepared.envelope
        # What came without a context is not recorded, or ingress tells no traces; a replay begins here.
        if envelope.traceparent is None and envelope.replay_of is None:
            continue
        span = by.begin(
            "process a webhook",
            "consumer",
            parent=envelope.traceparent,
            attributes={
                "messaging.system": "rabbitmq",
                "messaging.operation.type": "process",
                "lunas.provider": envelope.provider,
                "lunas.delivery_id": envelope.delivery_id,
                "lunas.replay": envelope.replay_of is not None,
            },
        )
        yield prepared.delivery_id, span


def _with(prepared: Prepared, span: Span | None) -> Prepared:
    if span is None or span.context is None:
        return prepared
    return replace(prepared, envelope=dataclasses.replace(prepared.envelope, traceparent=span.context))


def _tell(spans: Spans, stored: Sequence[Recorded]) -> None:
    status = {one.verdict.prepared.delivery_id: one.verdict.status for one in stored}
    for delivery_id, span in spans.items():
        span.tell({"lunas.status": status.get(delivery_id, KNOWN)})
