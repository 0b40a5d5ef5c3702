"""Whether and where traces are told: the variables of OpenTelemetry, under their own names."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

Sampler = Literal[
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
]


class TracingSettings(BaseModel):
    """Traces are off until an endpoint is set. Other variables of the OpenTelemetry SDK for Python work too, from the environment."""

    otel_exporter_otlp_endpoint: str | None = Field(
        None,
        description="Where a collector takes OTLP over HTTP, `http://collector:4318`; `/v1/traces` is added. Setting it turns traces on "
        "([page](tracing.md)); unset, nothing of OpenTelemetry is even loaded.",
    )
    otel_exporter_otlp_traces_endpoint: str | None = Field(
        None, description="The same for traces alone, with its whole path; it wins."
    )
    otel_exporter_otlp_headers: SecretStr | None = Field(
        None,
        description="Headers of every request to the collector, `name=value,name=value`: often its key.",
    )
    otel_exporter_otlp_traces_headers: SecretStr | None = Field(
        None, description="The same for traces alone."
    )
    otel_exporter_otlp_protocol: Literal["http/protobuf"] = Field(
        "http/protobuf",
        description="How spans are sent. The one that collectors take on port 4318; gRPC would need another library.",
    )
    otel_exporter_otlp_traces_protocol: Literal["http/protobuf"] = Field(
        "http/protobuf", description="The same for traces alone."
    )
    otel_exporter_otlp_certificate: str | None = Field(
        None,
        description="File with the certificates by which the collector is known, where the system's do not know it.",
    )
    otel_exporter_otlp_compression: Literal["none", "gzip", "deflate"] = Field(
        "none", description="Of what is sent. Between machines that pay for traffic, `gzip`."
    )
    otel_exporter_otlp_timeout: float = Field(
        10.0,
        gt=0,
        description="Seconds for one request to the collector, with its repetitions. Nobody waits for it.",
    )
    otel_traces_exporter: Literal["otlp", "none"] | None = Field(
        None,
        description="`none`: traces are off whatever else is set; `otlp`: they are on, to `http://localhost:4318` where no endpoint is set.",
    )
    otel_sdk_disabled: bool = Field(False, description="`true`: traces are off whatever else is set.")
    otel_traces_sampler: Sampler = Field(
        "parentbased_always_on",
        description="Which traces are recorded; decided where one begins, and the same for all of it. With many webhooks, "
        "`parentbased_traceidratio`.",
    )
    otel_traces_sampler_arg: float | None = Field(
        None, ge=0, le=1, description="For `traceidratio`: the share that is recorded, `0.05` of all."
    )
    otel_service_name: str | None = Field(
        None,
        description="Name of the service in the collector. Unset, each process has its own: `lunas-ingress`, `lunas-processor`, …",
    )
    otel_resource_attributes: str | None = Field(
        None,
        description="What else all spans say, `key=value,key=value`: the place, the cluster. It wins over what we say.",
    )
    otel_bsp_max_queue_size: int = Field(
        2048,
        ge=1,
        description="Spans held for the collector at once; what comes on top is lost. About 1 kB each.",
    )
    otel_bsp_max_export_batch_size: int = Field(
        512, ge=1, description="Spans in one request; at most as many as are held."
    )
    otel_bsp_schedule_delay: int = Field(
        5000, ge=1, description="Milliseconds between two requests while fewer spans than that are there."
    )
    trace_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s{}]+(\{trace_id\}[^\s{}]*)$",
        description="Where a person sees a trace, with `{trace_id}` in its place: `https://jaeger.example/trace/{trace_id}`. The web console "
        "links a payment's steps there.",
    )
