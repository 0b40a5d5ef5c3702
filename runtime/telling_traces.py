"""Traces by OpenTelemetry, to a collector over OTLP/HTTP. Imported only where they are on (`runtime/tracing.py`).

The library reads its `OTEL_*` variables itself; those of them that are settings of ours may also come from `.env` or from a file.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags, set_span_in_context
from opentelemetry.trace import Span as LibrarySpan
from opentelemetry.trace import Tracer as LibraryTracer
from opentelemetry.trace.status import Status, StatusCode

from runtime.ids import uuid7
from runtime.logs import get_logger
from runtime.tracing import ATTRIBUTES, VALUE_MAX, Kind, Span, Value, under_way
from schemas.trace_context import span_id, trace_id

if TYPE_CHECKING:
    from runtime.settings import Settings

FLUSH_SECONDS = 3.0  # at the end of a process; a collector that does not answer may not keep it from ending

LIBRARYS = (
    "otel_bsp_max_export_batch_size", "otel_bsp_max_queue_size", "otel_bsp_schedule_delay", "otel_exporter_otlp_certificate",
    "otel_exporter_otlp_compression", "otel_exporter_otlp_endpoint", "otel_exporter_otlp_headers", "otel_exporter_otlp_protocol",
    "otel_exporter_otlp_timeout", "otel_exporter_otlp_traces_endpoint", "otel_exporter_otlp_traces_headers",
    "otel_exporter_otlp_traces_protocol", "otel_resource_attributes", "otel_service_name", "otel_traces_sampler", "otel_traces_sampler_arg",
)  # fmt: skip
"""Settings that the library reads."""

_KINDS: Mapping[Kind, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}

log = get_logger(__name__)


@contextmanager
def telling(process: str, settings: Settings) -> Iterator[OtelTracer]:
    """Inside, what is traced is told. What is left at the end is sent within FLUSH_SECONDS, or not at all."""
    os.environ.update(_variables(settings))
    # What it says quotes the collector; `Telling` says in a line of ours when spans are lost.
    logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)
    provider = TracerProvider(resource=_resource(process, settings), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(Telling(OTLPSpanExporter())))
    log.info("traces are told", action="tracing.started")
    try:
        yield OtelTracer(provider.get_tracer("lunas", version("lunas")))
    finally:
        ending = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
        ending.start()
        ending.join(FLUSH_SECONDS)


def _variables(settings: Settings) -> dict[str, str]:
    """Those of the library's that were given."""
    given = settings.as_environment()
    return {name.upper(): given[name.upper()] for name in LIBRARYS if name.upper() in given}


def _resource(process: str, settings: Settings) -> Resource:
    """What all spans of this process have in common. A name that is given is the service's; ours is the default."""
    said = {
        "service.namespace": "lunas",
        "service.version": version("lunas"),
        "service.instance.id": str(uuid7()),
        "deployment.environment.name": settings.env,
        "lunas.process": process,
    }
    # What is given in OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME wins.
    return Resource({**said, "service.name": f"lunas-{process}"}).merge(_given())


def _given() -> Resource:
    found = Resource.create()
    named = not str(found.attributes.get("service.name", "")).startswith("unknown_service")
    return Resource(
        {name: value for name, value in found.attributes.items() if named or name != "service.name"}
    )


class Telling(SpanExporter):
    """Sends spans, and says in one line when that stops working and when it works again: spans are lost meanwhile, and nothing else."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self._lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            result = self._inner.export(spans)
        except Exception as error:  # noqa: BLE001 - whatever the library trips over, it is only about traces
            return self._failed(spans, type(error).__name__)
        if result is not SpanExportResult.SUCCESS:
            return self._failed(spans, "refused")
        if self._lost:
            log.info("the collector takes traces again", action="tracing.back", lost_spans=self._lost)
            self._lost = 0
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)

    def _failed(self, spans: Sequence[ReadableSpan], error: str) -> SpanExportResult:
        if not self._lost:
            log.warning(
                "the collector does not take traces; they are lost meanwhile",
                action="tracing.lost",
                error=error,
            )
        self._lost += len(spans)
        return SpanExportResult.FAILURE


class OtelTracer:
    """A `Tracer`."""

    def __init__(self, inner: LibraryTracer) -> None:
        self._inner = inner

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
        span = self._inner.start_span(
            name,
            context=_context(parent),
            kind=_KINDS[kind],
            attributes=_said(attributes or {}),
            links=[Link(_span_context(one)) for one in links],
            start_time=began,
            record_exception=False,
            set_status_on_exception=False,
        )
        return OtelSpan(span)


class OtelSpan:
    """A `Span`."""

    __slots__ = ("_inner", "context")

    def __init__(self, inner: LibrarySpan) -> None:
        self._inner = inner
        own = inner.get_span_context()
        self.context = (
            f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}"
            if own.trace_flags.sampled
            else None
        )

    @property
    def library_context(self) -> Context:
        """Of spans that begin under it."""
        return set_span_in_context(self._inner, Context())

    def tell(self, attributes: Mapping[str, Value]) -> None:
        self._inner.set_attributes(_said(attributes))

    def end(self, *, error: str | None = None, ended: int | None = None) -> None:
        if error is not None:
            self._inner.set_attributes(_said({"error.type": error}))
            self._inner.set_status(Status(StatusCode.ERROR))
        self._inner.end(ended)


def _context(parent: str | None) -> Context:
    """Always one that says something: without, the library would look for what it thinks is under way."""
    if parent is not None:
        return set_span_in_context(NonRecordingSpan(_span_context(parent)), Context())
    span = under_way()
    return span.library_context if isinstance(span, OtelSpan) else Context()


def _span_context(traceparent: str) -> SpanContext:
    return SpanContext(
        int(trace_id(traceparent), 16),
        int(span_id(traceparent), 16),
        is_remote=True,
        trace_flags=TraceFlags(int(traceparent[53:55], 16)),
    )


def _said(attributes: Mapping[str, Value]) -> dict[str, Value]:
    """Only what a span may say (`ATTRIBUTES`), and no more of it than an id or a code has."""
    return {
        name: value[:VALUE_MAX] if isinstance(value, str) else value
        for name, value in attributes.items()
        if name in ATTRIBUTES
    }
