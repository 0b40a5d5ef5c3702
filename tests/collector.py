"""A small collector of traces: takes OTLP over HTTP as any other does, and keeps what it was told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.ports import held_ports


@dataclass(frozen=True)
class ToldSpan:
    """A span as it arrived. `parent` is empty for the first of a trace; `links`: pairs of a trace and a span."""

    service: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent: str
    began: int
    ended: int
    attributes: dict[str, Any]
    links: list[tuple[str, str]]
    error: bool


@dataclass
class Collector:
    """`status`: what it answers; `bytes_told`: everything that came, as it came, unpacked."""

    url: str = ""
    status: int = 200
    spans: list[ToldSpan] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    bytes_told: bytes = b""

    async def take(self, request: web.Request) -> web.Response:
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if self.status != 200:
            return web.Response(status=self.status)
        assert request.content_type == "application/x-protobuf"
        # aiohttp has unpacked it already.
        raw = await request.read()
        message = ExportTraceServiceRequest()
        message.ParseFromString(raw)
        self.bytes_told += raw
        for resource in message.resource_spans:
            said = _attributes(resource.resource.attributes)
            self.resources.append(said)
            for scope in resource.scope_spans:
                told = [_span(str(said["service.name"]), span) for span in scope.spans]
                # An exporter that had no answer in time says it again.
                self.spans += [
                    span for span in told if span.span_id not in {each.span_id for each in self.spans}
                ]
        return web.Response(
            body=ExportTraceServiceResponse().SerializeToString(), content_type="application/x-protobuf"
        )

    def named(self, name: str) -> list[ToldSpan]:
        return [span for span in self.spans if span.name == name]

    def of_trace(self, trace_id: str) -> list[ToldSpan]:
        """In the order in which they began."""
        return sorted((span for span in self.spans if span.trace_id == trace_id), key=lambda span: span.began)


def _span(service: str, span: Any) -> ToldSpan:
    return ToldSpan(
        service,
        span.name,
        span.kind,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        _attributes(span.attributes),
        [(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
        span.status.code == 2,
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in pairs}


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """A collector at an address of its own."""
    collector = Collector()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.add_routes([web.post("/v1/traces", collector.take)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        with held_ports(1) as (port,):
            await web.TCPSite(runner, "127.0.0.1", port).start()
            collector.url = f"http://127.0.0.1:{port}"
            yield collector
    finally:
        await runner.cleanup()
