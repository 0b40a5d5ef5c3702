"""Traces cost nothing while they are off; on, they are told to a collector, and say nothing of anybody."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console.processes import DEVELOPMENT, ROOTS
from runtime.logs import configure_logging, get_logger
from runtime.settings import ConfigurationError, Settings, load_settings
from runtime.tracing import (
    LINKS_MAX,
    VALUE_MAX,
    Tracer,
    apart,
    inside,
    name_trace,
    tell_batch,
    told_of,
    traced_by,
    tracer,
    traces_on,
    tracing,
)
from schemas.trace_context import is_sampled, trace_id, well_formed
from tests.collector import Collector, collecting

ROOT = Path(__file__).parents[3]
ABROAD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def settings(**variables: str) -> Settings:
    return load_settings({"LUNAS_ENV": "development", **variables})


@pytest.mark.parametrize(
    ("variables", "on"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, False),
    ],
)
def test_the_standard_variables_say_whether_traces_are_told(variables: dict[str, str], on: bool) -> None:
    assert traces_on(settings(**variables)) is on


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_TRACES_SAMPLER": "sometimes"}, "OTEL_TRACES_SAMPLER"),
        ({"OTEL_TRACES_SAMPLER_ARG": "5"}, "OTEL_TRACES_SAMPLER_ARG"),
        ({"LUNAS_TRACE_URL": "https://jaeger.example/trace/"}, "LUNAS_TRACE_URL"),
    ],
)
def test_a_wrong_variable_is_one_sentence(variables: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        settings(**variables)


def test_while_they_are_off_no_process_loads_anything_of_opentelemetry() -> None:
    """Every composition root, with everything it imports, started as `lunas run` starts it, up to its own code."""
    script = f"""
import sys
from console.processes import load_root
from runtime.settings import load_settings
from runtime.tracing import tracer, tracing
for name in {[*ROOTS, *DEVELOPMENT]!r}:
    load_root(name)
    with tracing(name, load_settings({{"LUNAS_ENV": "development"}})):
        assert tracer() is None
print([name for name in sys.modules if name.partition(".")[0] in ("opentelemetry", "google", "requests")])
"""
    shown = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as taking:
        yield taking


@pytest.fixture(autouse=True)
def variables_of_the_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What it reads is put where it looks for it; after the test it is gone."""
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]


async def told(collector: Collector, work: Callable[[Tracer], Any], **variables: str) -> Any:
    """In a thread: what is left is sent when it ends, and the collector answers meanwhile."""
    given = settings(**{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **variables})

    def inside_of_it() -> Any:
        with tracing("ingress", given):
            by = tracer()
            assert by is not None
            return work(by)

    done = await asyncio.to_thread(inside_of_it)
    assert tracer() is None
    return done


async def test_a_span_reaches_the_collector_as_it_was(collector: Collector) -> None:
    def work(by: Tracer) -> str:
        span = by.begin("POST /webhooks/xendit", "server", attributes={"lunas.provider": "xendit"}, began=1)
        with inside(span):
            by.begin("journal").end()
            by.begin("call", "client").end(error="provider_silent")
        span.tell({"http.response.status_code": 200})
        span.end(ended=1_000_001)
        assert span.context is not None
        return span.context

    context = await told(
        collector,
        work,
        OTEL_EXPORTER_OTLP_HEADERS="x-key=hush",
        OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
        OTEL_RESOURCE_ATTRIBUTES="cloud.region=jakarta",
    )
    first, journal, call = collector.of_trace(trace_id(context))
    assert (first.name, first.kind, first.parent, first.began, first.ended) == (
        "POST /webhooks/xendit", 2, "", 1, 1_000_001,
    )  # fmt: skip
    assert first.attributes == {"lunas.provider": "xendit", "http.response.status_code": 200}
    assert {journal.parent, call.parent} == {first.span_id}
    assert (call.error, call.attributes) == (True, {"error.type": "provider_silent"})
    assert not first.error
    assert collector.headers[0]["x-key"] == "hush"
    assert collector.headers[0]["content-encoding"] == "gzip"
    said = collector.resources[0]
    assert (said["service.name"], said["service.namespace"], said["cloud.region"]) == (
        "lunas-ingress", "lunas", "jakarta",
    )  # fmt: skip


async def test_a_given_name_is_the_services(collector: Collector) -> None:
    await told(collector, lambda by: by.begin("x").end(), OTEL_SERVICE_NAME="money")
    assert collector.resources[0]["service.name"] == "money"


async def test_a_trace_from_elsewhere_goes_on_and_one_that_nobody_records_does_not(
    collector: Collector,
) -> None:
    def work(by: Tracer) -> list[str | None]:
        spans = [by.begin("a", parent=ABROAD), by.begin("b", parent=ABROAD[:-2] + "00")]
        with inside(spans[1]):
            spans.append(by.begin("c"))
            assert told_of() == {}
        for span in spans:
            span.end()
        return [span.context for span in spans]

    contexts = await told(collector, work)
    assert contexts[0] is not None
    assert trace_id(contexts[0]) == trace_id(ABROAD)
    assert is_sampled(contexts[0])
    assert contexts[1:] == [None, None]
    assert [span.name for span in collector.spans] == ["a"]


async def test_the_sampler_decides_where_a_trace_begins(collector: Collector) -> None:
    def work(by: Tracer) -> str | None:
        span = by.begin("x")
        span.end()
        return span.context

    variables = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}
    assert await told(collector, work, **variables) is None
    assert collector.spans == []


async def test_a_span_says_only_what_a_span_may_say(collector: Collector) -> None:
    def work(by: Tracer) -> None:
        span = by.begin("x", attributes={"payer_email": "canary@contoh.id", "lunas.kind": "k" * 900})
        span.tell({"customer_id": "canary"})
        span.end(error="e" * 900)

    await told(collector, work)
    (span,) = collector.spans
    assert span.attributes == {"lunas.kind": "k" * VALUE_MAX, "error.type": "e" * VALUE_MAX}
    assert b"canary" not in collector.bytes_told


async def test_a_batch_is_told_in_every_trace_that_it_was_for(collector: Collector) -> None:
    contexts = [f"00-{number:032x}-{number:016x}-01" for number in range(1, 4)]
    await told(collector, lambda by: tell_batch(by, "project", contexts, 5, {"lunas.event_count": 3}))
    batch, *others = [collector.of_trace(trace_id(context))[0] for context in contexts]
    assert batch.links == [(trace_id(one), one[36:52]) for one in contexts[1:]]
    assert [other.links for other in others] == [[(batch.trace_id, batch.span_id)]] * 2
    assert {span.began for span in (batch, *others)} == {5}
    assert LINKS_MAX == 128


async def test_a_collector_that_is_away_is_one_line_and_holds_nobody_up(collector: Collector) -> None:
    collector.status = 400
    stream = io.StringIO()
    configure_logging("ingress", form="json", stream=stream)
    await told(
        collector,
        lambda by: [by.begin("x").end() for _ in range(3)],
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE="1",
        OTEL_EXPORTER_OTLP_HEADERS="x-key=hush",
    )
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["action"] for line in lines] == ["tracing.started", "tracing.lost"]
    assert "hush" not in stream.getvalue()
    assert len(collector.headers) == 3


async def test_log_lines_bear_the_ids_of_what_they_belong_to(collector: Collector) -> None:
    stream = io.StringIO()
    configure_logging("ingress", form="json", stream=stream, steps=(name_trace,))

    def work(by: Tracer) -> str | None:
        span = by.begin("x")
        with inside(span):
            get_logger("x").info("a line", action="x.inside")
        get_logger("x").info("a line", action="x.outside")
        span.end()
        return span.context

    context = await told(collector, work)
    lines = {line["action"]: line for line in map(json.loads, stream.getvalue().splitlines())}
    assert (lines["x.inside"]["trace_id"], lines["x.inside"]["span_id"]) == (context[3:35], context[36:52])
    assert "trace_id" not in lines["x.outside"]


class Recorded:
    """A span that is recorded."""

    context = ABROAD

    def tell(self, attributes: object) -> None: ...

    def end(self, *, error: str | None = None, ended: int | None = None) -> None: ...


class Recorder:
    """A tracer of such spans."""

    def begin(self, name: str, *_: object, **__: object) -> Recorded:
        return Recorded()


async def test_a_task_that_serves_several_belongs_to_none_of_them() -> None:
    async def said() -> dict[str, str]:
        return told_of()

    with traced_by(Recorder()), inside(Recorded()):
        assert told_of() == {"traceparent": ABROAD}
        assert await asyncio.create_task(said()) == {"traceparent": ABROAD}
        assert await asyncio.create_task(said(), context=apart()) == {}
    assert told_of() == {}
    assert apart() is None


@pytest.mark.parametrize(
    "value",
    [None, 7, "", "00-x", ABROAD.upper(), ABROAD + "-more", "ff" + ABROAD[2:], "00-" + "0" * 32 + ABROAD[35:], ABROAD[:36] + "0" * 16 + "-01"],
)  # fmt: skip
def test_what_is_no_context_says_nothing(value: object) -> None:
    assert well_formed(value) is None
    assert well_formed(ABROAD) == ABROAD
