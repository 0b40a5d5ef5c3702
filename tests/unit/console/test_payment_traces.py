"""The page of a payment leads to the traces in which its steps were recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from console.timeline import Entry, trace_address
from console.web.payment import lines
from runtime.settings import load_settings

TRACE = "1" * 32
ENTRY = Entry(datetime(2026, 1, 1, tzinfo=UTC), "fact", "payment.succeeded", "s", 1, {}, TRACE)


def test_a_step_leads_to_its_trace_where_somebody_said_where_traces_are_seen() -> None:
    said = load_settings({"LUNAS_TRACE_URL": "https://jaeger.example/trace/{trace_id}"})
    (line,) = lines(ENTRY, partial(trace_address, said))
    assert (line.trace_id, line.trace) == (TRACE, f"https://jaeger.example/trace/{TRACE}")


def test_elsewhere_it_names_it() -> None:
    (line,) = lines(ENTRY, partial(trace_address, load_settings({})))
    assert (line.trace_id, line.trace) == (TRACE, None)
