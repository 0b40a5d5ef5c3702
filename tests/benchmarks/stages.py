"""Where a webhook is between its request and its balance: the stages of sampled traces, and what each webhook costs in syncs, commits and CPU.

What is not inside a span is waiting. Counts and CPU seconds stay what they are on a busy machine; milliseconds do not. `BENCH_STAGES_RATE`: webhooks
per second; `BENCH_STAGES_PAUSE_MS`: `LUNAS_INGRESS_GROUP_PAUSE_MS`; `BENCH_STAGES_ROUNDS`: rounds of ten seconds.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import aiohttp
import asyncpg
import uvloop

from deploy.local.services.private import ServiceUrls
from tests.benchmarks.cpu import Accounts
from tests.benchmarks.figures import Figure
from tests.benchmarks.pipeline import Addresses, pipeline
from tests.benchmarks.visible_balance import Doors, drained, flood, paced, percentile, register
from tests.collector import Collector, ToldSpan, collecting
from tests.waiting import until

RATE = float(os.environ.get("BENCH_STAGES_RATE", "900"))
ROUNDS = int(os.environ.get("BENCH_STAGES_ROUNDS", "1"))
SAMPLED = "0.1"
PROCESSES = ("ingress", "processor", "projections", "api")
REQUEST, JOURNAL, SEND, PROCESS, BATCH, PROJECT = (
    "POST /webhooks/xendit", "journal", "send lunas.webhooks", "process a webhook", "store a batch", "project",
)  # fmt: skip
NANOSECONDS = 1e6  # in a millisecond

Trace = dict[str, ToldSpan]
STAGES: dict[str, Callable[[Trace], float]] = {
    "the request, to its answer": lambda t: t[REQUEST].ended - t[REQUEST].began,
    "of it: written to the journal": lambda t: t[JOURNAL].ended - t[JOURNAL].began,
    "of it: waiting to be sent": lambda t: t[SEND].began - t[REQUEST].began,
    "of it: sent, to the broker's confirm": lambda t: t[SEND].ended - t[SEND].began,
    "sent, to its batch at the processor": lambda t: t[PROCESS].began - t[SEND].began,
    "stored and decided": lambda t: t[PROCESS].ended - t[PROCESS].began,
    "committed, to its batch of projections": lambda t: t[PROJECT].began - t[PROCESS].ended,
    "projected": lambda t: t[PROJECT].ended - t[PROJECT].began,
    "from the answer to the read model": lambda t: t[PROJECT].ended - t[REQUEST].ended,
}


def figures(urls: ServiceUrls) -> list[Figure]:
    """Stages in ms, then what a webhook costs."""
    return uvloop.run(_figures(urls))


async def _figures(urls: ServiceUrls) -> list[Figure]:
    async with collecting() as collector:
        told = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": SAMPLED,
            "OTEL_BSP_SCHEDULE_DELAY": "500",
            "OTEL_BSP_MAX_QUEUE_SIZE": "20000",
        }
        pause = os.environ.get("BENCH_STAGES_PAUSE_MS")
        more = dict.fromkeys(
            PROCESSES, told | ({} if pause is None else {"LUNAS_INGRESS_GROUP_PAUSE_MS": pause})
        )
        with pipeline(urls, PROCESSES, more) as addresses:
            found: list[Figure] = []
            await register(urls.database_url)
            doors = Doors(addresses)
            await flood(doors, 200)
            await drained(urls.database_url)
            for _ in range(ROUNDS):
                found += await _round(urls, addresses, doors, collector)
    return found


async def _round(
    urls: ServiceUrls, addresses: Addresses, doors: Doors, collector: Collector
) -> Sequence[Figure]:
    accounts = await Accounts.of(urls.database_url, urls.broker_url)
    collector.spans.clear()
    before = await _counted(urls, addresses), accounts.read()
    waits = sorted(await paced(doors, RATE))
    await drained(urls.database_url)
    after = await _counted(urls, addresses), accounts.read()
    await until(lambda: len(list(_traces(collector))) > 0)
    webhooks = after[0]["webhooks"] - before[0]["webhooks"]
    return [
        *_stages(list(_traces(collector))),
        _figure(
            "seen by who asks: answer to balance, p50 (first look after 5 ms)", percentile(waits, 0.5) * 1000
        ),
        _figure("seen by who asks: answer to balance, p99", percentile(waits, 0.99) * 1000),
        *(
            _figure(f"{name} per 100 webhooks", (after[0][name] - before[0][name]) / webhooks * 100, "")
            for name in before[0]
            if name != "webhooks"
        ),
        *(
            _figure(f"CPU of {name} per webhook", (after[1][name] - before[1][name]) / webhooks * 1e6, "µs")
            for name in sorted(before[1])
            if not name.startswith("of it")
        ),
    ]


def _traces(collector: Collector) -> Iterator[Trace]:
    """Whole ones, of which every span is there."""
    found: dict[str, Trace] = defaultdict(dict)
    for span in collector.spans:
        found[span.trace_id].setdefault(span.name, span)
    # A message of several webhooks is told in the trace of the first.
    sends = {
        trace: other[SEND] for other in found.values() if SEND in other for trace, _ in other[SEND].links
    }
    for trace_id, trace in found.items():
        if SEND not in trace and trace_id in sends:
            trace[SEND] = sends[trace_id]
        if all(name in trace for name in (REQUEST, JOURNAL, SEND, PROCESS, PROJECT)):
            yield trace


def _stages(traces: Sequence[Trace]) -> Iterator[Figure]:
    yield _figure("traces looked at", len(traces), "")
    for name, took in STAGES.items():
        ordered = sorted(took(trace) / NANOSECONDS for trace in traces)
        yield _figure(f"{name}, p50", percentile(ordered, 0.5))
        yield _figure(f"{name}, p99", percentile(ordered, 0.99))


async def _counted(urls: ServiceUrls, addresses: Addresses) -> dict[str, float]:
    """What has been counted so far."""
    connection = await asyncpg.connect(urls.database_url, server_settings={"search_path": "lunas"})
    try:
        wal = await connection.fetchrow("SELECT wal_sync, wal_bytes, wal_fpi FROM pg_stat_wal")
        commits = await connection.fetchval(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        )
        webhooks = await connection.fetchval("SELECT count(*) FROM deliveries")
    finally:
        await connection.close()
    shown = await _shown(addresses)
    return {
        "webhooks": float(webhooks),
        "syncs of the journal": shown["lunas_ingress_journal_group_size_count"],
        "messages to the broker": shown["lunas_ingress_group_size_count"],
        "syncs of the database's log": float(wal["wal_sync"]),
        "commits in the database": float(commits),
        "kB of the database's log": float(wal["wal_bytes"]) / 1000,
        "whole pages in it": float(wal["wal_fpi"]),
    }


async def _shown(addresses: Addresses) -> dict[str, float]:
    async with aiohttp.ClientSession() as session, session.get(f"{addresses.internal}/metrics") as answer:
        text = await answer.text()
    return {name: float(value) for name, value in re.findall(r"^(\w+) ([\d.e+]+)$", text, re.MULTILINE)}


def _figure(name: str, value: float, unit: str = "ms") -> Figure:
    return Figure(name, value, None, unit, "–", "recorded", None)
