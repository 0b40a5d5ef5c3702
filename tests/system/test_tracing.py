"""One trace from the webhook to the notification, through broker and log, told to a real collector; nobody's data in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from console import exits, main
from schemas.trace_context import is_sampled, trace_id
from tests.collector import Collector, ToldSpan, collecting
from tests.ports import held_ports
from tests.system.pipeline import WITH_FAKES, Pipeline
from tests.system.test_canaries import EVERYTHING, HEADERS, with_canaries
from tests.waiting import until

pytestmark = pytest.mark.heavy

API = {"Authorization": "Bearer dev-api-key"}
ABROAD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PATIENCE = 180.0


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as taking:
        yield taking


@pytest.fixture
async def heard() -> AsyncIterator[tuple[str, list[dict[str, str]]]]:
    """An application that takes our webhooks: its address, and the headers of what came."""
    got: list[dict[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        got.append({name.lower(): value for name, value in request.headers.items()})
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/hooks", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    with held_ports(1) as (port,):
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}/hooks", got
        await runner.cleanup()


@pytest.fixture
async def shop(
    database_url: str, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, collector: Collector
) -> AsyncIterator[Pipeline]:
    settings = {
        "LUNAS_DATABASE_URL": database_url,
        "LUNAS_BROKER_URL": broker_url,
        "LUNAS_HOME": str(tmp_path),
        "LUNAS_ENV": "development",
        "LUNAS_ENDPOINTS_PRIVATE": "allow",
        "LUNAS_LANG": "en",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert await asyncio.to_thread(main.run, ["migrate", "--json"]) == exits.FINE
    async with Pipeline(database_url, broker_url, tmp_path, (*WITH_FAKES, "notify"), settings) as started:
        for name, value in started.doors.items():
            monkeypatch.setenv(name, value)
        await started.register(["budi", "c1"])
        yield started


async def lunas(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    code = await asyncio.to_thread(main.run, list(arguments))
    told = capsys.readouterr()
    assert code == exits.FINE, told.err
    return told.out


def parents(spans: list[ToldSpan]) -> set[tuple[str, str, str]]:
    """(service, name, name of what it is under)."""
    by_id = {span.span_id: span for span in spans}
    return {
        (span.service, span.name, by_id[span.parent].name if span.parent in by_id else span.parent)
        for span in spans
    }


def _told_over_http(collector: Collector) -> list[ToldSpan]:
    """The mail to the customer is told too, sooner or later than the application."""
    told = collector.named("notify payment.received")
    return [span for span in told if span.attributes["lunas.receiver"] != "email"]


def _calls(collector: Collector) -> list[ToldSpan]:
    return [span for span in collector.of_trace(trace_id(ABROAD)) if span.name.startswith("xendit ")]


WHOLE = {
    ("lunas-ingress", "POST /webhooks/xendit", ""),
    ("lunas-ingress", "journal", "POST /webhooks/xendit"),
    ("lunas-ingress", "send lunas.webhooks", "POST /webhooks/xendit"),
    ("lunas-processor", "process a webhook", "send lunas.webhooks"),
    ("lunas-processor", "store a batch", "process a webhook"),
    ("lunas-projections", "project", "process a webhook"),
    ("lunas-notify", "notify payment.received", "process a webhook"),
}
"""Spans of one payment, and what each is under."""


async def test_a_payment_is_one_trace_from_its_webhook_to_who_is_told(
    shop: Pipeline,
    collector: Collector,
    heard: tuple[str, list[dict[str, str]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The top-up is asked of our API, in the application's trace, paid at the fake provider, told by its webhook, and told on by us."""
    address, got = heard
    await lunas(capsys, "endpoints", "create", address, "--events", "payment.received", "--json")
    async with aiohttp.ClientSession(headers=API) as session:
        wish = {"customer_id": "budi", "amount": 50_000, "payment_method": "qris"}
        async with session.post(f"{shop.api}/v1/topups", json=wish, headers={"traceparent": ABROAD}) as made:
            asked = await made.json()
        async with session.post(
            f"{shop.fakes}/fake/payments/xendit/{asked['payment_id']}/pay", json={}
        ) as paid:
            assert paid.status == 200
    await until(lambda: _told_over_http(collector), PATIENCE)
    (told,) = _told_over_http(collector)

    # Each process tells in its own time.
    await until(lambda: parents(collector.of_trace(told.trace_id)) >= WHOLE, PATIENCE)
    # The application's own trace goes on in our API, and to the call that asked the provider.
    asking = ("lunas-api", "POST /v1/topups", ABROAD[36:52])
    await until(lambda: asking in parents(collector.of_trace(trace_id(ABROAD))), PATIENCE)
    await until(lambda: _calls(collector), PATIENCE)
    assert {call.kind for call in _calls(collector)} == {3}
    # The receiver of the notification can carry it on, and operators find it from the payment.
    assert got[0]["traceparent"].startswith(f"00-{told.trace_id}-{told.span_id}-")
    assert is_sampled(got[0]["traceparent"])
    shown = json.loads(await lunas(capsys, "payments", "show", "xendit", asked["payment_id"], "--json"))
    traced = {entry["what"]: entry["trace_id"] for entry in shown["items"][0]["timeline"]}
    assert (
        traced["payment.succeeded"] == traced["payment.assessed"] == traced["credit.granted"] == told.trace_id
    )
    assert traced["checkout.requested"] == trace_id(ABROAD)
    written = await lunas(capsys, "payments", "show", "xendit", asked["payment_id"])
    assert f"Traces\n  {trace_id(ABROAD)}\n  {told.trace_id}" in written
    logged = [json.loads(line) for line in shop.log("api").splitlines()]
    assert trace_id(ABROAD) in {
        line.get("trace_id") for line in logged if line["action"] == "provider.called"
    }


async def test_traces_say_nothing_of_anybody(shop: Pipeline, collector: Collector) -> None:
    """Secrets and personal data are planted in everything that comes in: nothing of it reaches the collector, or the events' metadata."""
    async with aiohttp.ClientSession(headers=HEADERS | {"traceparent": ABROAD}) as session:
        for body in (with_canaries(1), with_canaries(2, "canary-siti-rahayu"), with_canaries(3)[:-40]):
            async with session.post(f"{shop.ingress}/webhooks/xendit?{EVERYTHING[2]}", data=body) as answer:
                assert answer.status == 200
        async with session.post(
            f"{shop.ingress}/webhooks/xendit", data=b"{}", headers={"x-callback-token": "near-miss-canary"}
        ) as refused:
            assert refused.status == 401
    who = "canary.siti@contoh.id"
    async with aiohttp.ClientSession(headers=API) as session:
        person = {"email": who, "name": EVERYTHING[1], "phone": "+6281234567890"}
        async with session.put(f"{shop.api}/v1/customers/canary-siti-rahayu", json=person) as answer:
            assert answer.status == 201
        async with session.get(f"{shop.api}/v1/customers", params={"email": who}) as answer:
            assert answer.status in (
                200,
                404,
            )  # shown already or not yet: the address was asked for either way
    await until(lambda: len(collector.named("process a webhook")) == 3, PATIENCE)
    await until(lambda: collector.named("PUT /v1/customers/{customer_id}"), PATIENCE)
    for name in ("ingress", "processor", "api"):
        await shop.terminate(name)
    said = collector.bytes_told.decode("utf-8", "replace").lower() + repr(collector.headers).lower()
    assert [word for word in EVERYTHING if word.lower() in said] == []
    # What a stranger sent as a trace is not carried on, and what was refused begins none.
    assert collector.of_trace(trace_id(ABROAD)) == []
    assert len(collector.named("POST /webhooks/xendit")) == 3
    metadata = await shop.rows("SELECT metadata::text AS said FROM events")
    assert [row for row in metadata if "traceparent" in row["said"]]
    assert [word for row in metadata for word in EVERYTHING if word.lower() in row["said"].lower()] == []
