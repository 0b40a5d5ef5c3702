"""Traces: one webhook's way through every process, for whoever runs a collector (docs/tracing.md).

Off unless the standard `OTEL_*` variables name a collector. Then `tracer()` is None: nothing of OpenTelemetry is imported, and what would be
told costs one comparison. A context travels as its `traceparent`, and only where its trace is recorded.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any, Literal, Protocol

from schemas.trace_context import span_id, trace_id

if TYPE_CHECKING:
    from runtime.settings import Settings

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Value = str | int | bool

LINKS_MAX = 128
"""What a span of a batch is linked to, at most: the library keeps no more by default (`OTEL_SPAN_LINK_COUNT_LIMIT`)."""
VALUE_MAX = 200
"""Characters of a text in an attribute. Ours are codes, names of routes and ids; a longer one is an accident."""

ATTRIBUTES = frozenset(
    {
        "error.type", "http.request.method", "http.response.status_code", "http.route", "messaging.destination.name",
        "messaging.operation.type", "messaging.system", "lunas.attempt", "lunas.decisions", "lunas.deliveries", "lunas.delivery_id",
        "lunas.event_count", "lunas.kind", "lunas.operation", "lunas.outcome", "lunas.provider", "lunas.receiver", "lunas.replay", "lunas.status",
    }
)  # fmt: skip
"""All that a span may say: codes, counts, and ids that we made. Payments, customers, addresses and what anybody sent are none of it."""


class Span(Protocol):
    """Something that takes a while. `context`: its `traceparent`; None when it is not recorded."""

    @property
    def context(self) -> str | None: ...

    def tell(self, attributes: Mapping[str, Value]) -> None: ...

    def end(self, *, error: str | None = None, ended: int | None = None) -> None:
        """`error`: a stable code for what went wrong, never a text; `ended`: epoch nanoseconds, now when it is not given."""


class Tracer(Protocol):
    """Begins spans."""

    def begin(
        self,
        name: str,
        kind: Kind = "internal",
        *,
        parent: str | None = None,
        links: Collection[str] = (),
        attributes: Mapping[str, Value] | None = None,
        began: int | None = None,
    ) -> Span:
        """A span in the trace of `parent`, or of what is under way in this task; else the first of a trace of its own.

        `began`: epoch nanoseconds, now when it is not given.
        """


def traces_on(settings: Settings) -> bool:
    """Whether a process with these settings tells traces."""
    if settings.otel_sdk_disabled or settings.otel_traces_exporter == "none":
        return False
    named = settings.otel_exporter_otlp_endpoint or settings.otel_exporter_otlp_traces_endpoint
    return settings.otel_traces_exporter == "otlp" or named is not None


_tracer: Tracer | None = None
_under_way: ContextVar[Span | None] = ContextVar("span under way", default=None)


def tracer() -> Tracer | None:
    """Of this process; None while traces are off."""
    return _tracer


@contextmanager
def tracing(process: str, settings: Settings) -> Iterator[None]:
    """Inside, this process tells its traces to the collector that the settings name, if they name one."""
    if not traces_on(settings):
        yield
        return
    # Only now: it takes a quarter of a second and 250 modules.
    from runtime.telling_traces import telling

    with telling(process, settings) as told, traced_by(told):
        yield


@contextmanager
def traced_by(one: Tracer) -> Iterator[None]:
    """Inside, this is the tracer of the process."""
    global _tracer
    before, _tracer = _tracer, one
    try:
        yield
    finally:
        _tracer = before


@contextmanager
def inside(span: Span) -> Iterator[None]:
    """What this task does inside belongs to the span: log lines bear its ids, and spans without a parent of their own begin under it."""
    token = _under_way.set(span)
    try:
        yield
    finally:
        _under_way.reset(token)


def under_way() -> Span | None:
    """The span that this task works inside of."""
    return _under_way.get()


def apart() -> Context | None:
    """For a task that serves several who ask: it belongs to none of them, although the first one makes it."""
    if _tracer is None:
        return None
    context = copy_context()
    context.run(_under_way.set, None)
    return context


def told_of() -> dict[str, str]:
    """What the metadata of an event say of the trace in which this task appends it; nothing when none is recorded.

    Call it in the task of whoever asked: one that serves several together speaks for none of them.
    """
    span = _under_way.get() if _tracer is not None else None
    return {} if span is None or span.context is None else {"traceparent": span.context}


def name_trace(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A step of the logs: which trace a line belongs to."""
    span = _under_way.get()
    if span is not None and span.context is not None:
        event.setdefault("trace_id", trace_id(span.context))
        event.setdefault("span_id", span_id(span.context))
    return event


def tell_batch(
    by: Tracer,
    name: str,
    contexts: Sequence[str],
    began: int,
    attributes: Mapping[str, Value] | None = None,
) -> None:
    """Something that was done for several traces together, from `began` until now: a span in each of them.

    The one in the first stands for the batch and is linked to what it was done for; the others are linked to it. A span of a trace of its
    own could not do that: whether a trace is recorded is decided where it begins, and this one is when one of these is.
    """
    if not contexts:
        return
    ended = time.time_ns()
    batch = by.begin(
        name, parent=contexts[0], links=contexts[1:LINKS_MAX], attributes=attributes, began=began
    )
    links = [batch.context] if batch.context is not None else []
    for context in contexts[1:]:
        by.begin(name, parent=context, links=links, attributes=attributes, began=began).end(ended=ended)
    batch.end(ended=ended)
