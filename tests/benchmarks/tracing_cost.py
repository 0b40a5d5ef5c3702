"""CPU that traces cost a webhook over all processes, with their encoding: `python -m tests.benchmarks.tracing_cost`.

The five spans that a webhook has from its request to the read models, by the share of traces that is recorded. The best of several runs: a busy
machine only adds.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from runtime.telling_traces import OtelTracer

WEBHOOKS = 3_000
RUNS = 3
SHARES = (1.0, 0.1, 0.0)


class Encoding(SpanExporter):
    """As the real one, without the network."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        encode_spans(spans).SerializePartialToString()
        return SpanExportResult.SUCCESS


def microseconds(share: float) -> float:
    """Per webhook, in one run."""
    provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(share)), shutdown_on_exit=False)
    provider.add_span_processor(
        BatchSpanProcessor(Encoding(), max_queue_size=10 * WEBHOOKS, schedule_delay_millis=200)
    )
    tracer = OtelTracer(provider.get_tracer("lunas", "1"))
    began = time.process_time()
    for _ in range(WEBHOOKS):
        _webhook(tracer)
    provider.shutdown()
    return (time.process_time() - began) / WEBHOOKS * 1e6


def _webhook(tracer: OtelTracer) -> None:
    request = tracer.begin(
        "POST /webhooks/xendit",
        "server",
        attributes={
            "http.request.method": "POST",
            "http.route": "/webhooks/xendit",
            "lunas.provider": "xendit",
            "lunas.delivery_id": "0198c0de-0000-7000-8000-000000000001",
        },
        began=time.time_ns(),
    )
    if request.context is not None:
        for name in ("journal", "send lunas.webhooks", "process a webhook", "project"):
            span = tracer.begin(name, parent=request.context, attributes={"messaging.system": "rabbitmq"})
            span.tell({"lunas.status": "processed"})
            span.end()
    request.tell({"http.response.status_code": 200})
    request.end()


if __name__ == "__main__":
    for share in SHARES:
        best = min(microseconds(share) for _ in range(RUNS))
        print(f"{share:.0%} recorded: {best:.1f} µs CPU per webhook")
