"""Prints a Grafana dashboard: `python -m deploy.grafana.make_dashboards machines|money|providers > deploy/grafana/<name>.json`.

The JSON is committed, because Grafana reads files and people import them by hand; what it shows is written here, once, as a list.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

WIDTH, HEIGHT = 12, 8  # of 24 columns; Grafana's own grid

Unit = Literal["short", "s", "reqps", "ops", "bytes", "rupiah"]
Kind = Literal["timeseries", "stat"]


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture. `queries`: PromQL → legend, with labels in double braces."""

    title: str
    meaning: str
    queries: Mapping[str, str]
    unit: Unit = "short"
    kind: Kind = "timeseries"


MACHINES: Sequence[Panel] = (
    Panel("Answers of ingress", "Webhooks answered, by status. Anything but 200 is refused or not durable.",
          {"sum by (status) (rate(lunas_ingress_requests_total[5m]))": "{{status}}"}, "reqps"),
    Panel("HTTP to commit", "From the webhook's arrival to its commit; half and 99 of a hundred.", {
        "histogram_quantile(0.5, sum by (le) (rate(lunas_intake_processing_seconds_bucket[5m])))": "p50",
        "histogram_quantile(0.99, sum by (le) (rate(lunas_intake_processing_seconds_bucket[5m])))": "p99",
    }, "s"),
    Panel("Waiting", "Accepted deliveries that the broker does not have yet: in memory and in the journal.", {
        "sum(lunas_ingress_waiting)": "in memory", "sum(lunas_ingress_journal_waiting)": "in the journal",
    }),
    Panel("Not durable", "Answered 503, by reason. Providers send again.",
          {"sum by (reason) (rate(lunas_ingress_unconfirmed_total[5m]))": "{{reason}}"}, "reqps"),
    Panel("Facts and decisions", "What fulfilment works off.", {
        "sum(rate(lunas_fulfilment_facts_total[5m]))": "facts", "sum(rate(lunas_fulfilment_decisions_total[5m]))": "decisions",
    }, "ops"),
    Panel("Lag of read models", "Age of the oldest event a read model has not looked at.",
          {"max by (projection) (lunas_projection_lag_seconds)": "{{projection}}"}, "s"),
    Panel("Memory", "Resident, by process.", {"process_resident_memory_bytes{job=\"lunas\"}": "{{process}}"}, "bytes"),
    Panel("Processor time", "Cores in use, by process.", {"rate(process_cpu_seconds_total{job=\"lunas\"}[5m])": "{{process}}"}),
    Panel("Unverified bytes and open connections", "What strangers can make us hold.", {
        "sum(lunas_ingress_unverified_bytes)": "bytes", "sum(lunas_ingress_connections)": "connections",
    }),
    Panel("Archive of the database", "Age of the newest whole copy, and how long finished files of the log have waited for the archive.", {
        "max(lunas_backup_base_age_seconds)": "whole copy", "max(lunas_archive_behind_seconds)": "log",
    }, "s"),
    Panel("Stands still", "1: a person should look. Fulfilment that keeps failing, a read model that must not go on.", {
        "max(lunas_fulfilment_stuck)": "fulfilment", "max by (projection) (lunas_projection_halted)": "{{projection}}",
    }),
)  # fmt: skip

MONEY: Sequence[Panel] = (
    Panel("Held money", "Rupiah that wait for a reason, by provider.", {"sum by (provider) (lunas_suspense_rupiah)": "{{provider}}"}, "rupiah"),
    Panel("Oldest held money", "Its age.", {"max by (provider) (lunas_suspense_oldest_seconds)": "{{provider}}"}, "s", "stat"),
    Panel("Received less refunded and fees, a day", "Movement of each provider's clearing account within 24 hours.",
          {"max by (account) (delta(lunas_ledger_rupiah{account=~\"clearing:.*\"}[1d]))": "{{account}}"}, "rupiah"),
    Panel("What became of money, a day", "Rupiah that decisions moved within 24 hours: credited, sold, refunded, held, released, written off.",
          {"sum by (provider, movement) (increase(lunas_money_rupiah_total[1d]))": "{{provider}} {{movement}}"}, "rupiah"),
    Panel("Parked", "Rupiah of which deliveries speak that wait behind a failed one, by provider.",
          {"max by (provider) (lunas_parked_streams_rupiah)": "{{provider}}"}, "rupiah"),
    Panel("Oldest parked", "Its age.", {"max by (provider) (lunas_parked_streams_oldest_seconds)": "{{provider}}"}, "s", "stat"),
    Panel("Our loss by refunds", "Rupiah that went back after they were spent, by provider.",
          {"max by (account) (lunas_ledger_rupiah{account=~\"refunds:.*\"})": "{{account}}"}, "rupiah"),
    Panel("Credit used up, a day", "Rupiah of credit that became sales within 24 hours.",
          {"-max(delta(lunas_ledger_rupiah{account=\"sales:credit\"}[1d]))": "spent"}, "rupiah"),
    Panel("The books", "Debits and credits together, by unit: 0, or the books are wrong.",
          {"sum by (unit) (max by (unit, side) (lunas_ledger_sides))": "{{unit}}"}, "short", "stat"),
    Panel("What happened on accounts", "Spends, reservations, low balances, by type.",
          {"sum by (type) (rate(lunas_credit_events_total[5m]))": "{{type}}"}, "ops"),
    Panel("What a person must see", "Letters of fulfilment and of intake, by reason.", {
        "sum by (reason) (increase(lunas_fulfilment_letters_total[1h]))": "{{reason}}",
        "sum by (reason) (increase(lunas_intake_parked_total[1h]))": "{{reason}} (intake)",
    }),
    Panel("Refunds asked for", "Turns at providers, by what came of them.",
          {"sum by (provider, outcome) (increase(lunas_refunds_asked_total[1h]))": "{{provider}} {{outcome}}"}),
    Panel("Notifications", "Attempts to tell somebody, by what came of them.",
          {"sum by (way, outcome) (rate(lunas_notify_attempts_total[5m]))": "{{way}} {{outcome}}"}, "ops"),
)  # fmt: skip

PROVIDERS: Sequence[Panel] = (
    Panel("Webhooks", "Stored, by provider and what became of them.",
          {"sum by (provider, status) (rate(lunas_intake_deliveries_total[5m]))": "{{provider}} {{status}}"}, "ops"),
    Panel("Refused", "Not let in, by cause: most often a wrong secret, sometimes a forger.",
          {"sum by (provider, cause) (rate(lunas_ingress_rejections_total[5m]))": "{{provider}} {{cause}}"}, "reqps"),
    Panel("Silent", "1 while nothing comes in hours in which something usually does.",
          {"max by (provider) (lunas_provider_silent)": "{{provider}}"}, "short", "stat"),
    Panel("Unknown in bodies", "Fields and events that nobody has acknowledged.",
          {"max by (provider) (lunas_unknown_in_bodies)": "{{provider}}"}, "short", "stat"),
    Panel("Our calls", "By outcome.", {"sum by (provider, outcome) (rate(lunas_provider_calls_total[5m]))": "{{provider}} {{outcome}}"}, "reqps"),
    Panel("Time of our calls", "99 of a hundred.",
          {"histogram_quantile(0.99, sum by (le, provider) (rate(lunas_provider_call_seconds_bucket[5m])))": "{{provider}}"}, "s"),
    Panel("Circuit breaker", "2: the provider is left alone.", {"max by (provider) (lunas_provider_breaker)": "{{provider}}"}, "short", "stat"),
    Panel("Differences with their lists", "Open, by kind.",
          {"max by (provider, kind) (lunas_reconcile_open_differences)": "{{provider}} {{kind}}"}),
)  # fmt: skip

DASHBOARDS: Mapping[str, tuple[str, Sequence[Panel]]] = {
    "machines": ("lunas: machines", MACHINES),
    "money": ("lunas: money", MONEY),
    "providers": ("lunas: providers", PROVIDERS),
}

_UNITS: Mapping[Unit, str] = {"rupiah": "currency:Rp"}


def dashboard(name: str) -> dict[str, Any]:
    """As Grafana imports it. Raises KeyError for a name that is none."""
    title, panels = DASHBOARDS[name]
    return {
        "uid": f"lunas-{name}",
        "title": title,
        "tags": ["lunas"],
        "timezone": "browser",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": [_panel(number, one) for number, one in enumerate(panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    return {
        "id": number + 1,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.meaning,
        "datasource": source,
        "gridPos": {"x": number % 2 * WIDTH, "y": number // 2 * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {
            "defaults": {
                "unit": _UNITS.get(panel.unit, panel.unit),
                "min": 0 if panel.unit != "rupiah" else None,
            },
            "overrides": [],
        },
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": source, "expr": query, "legendFormat": legend}
            for index, (query, legend) in enumerate(panel.queries.items())
        ],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(dashboard(sys.argv[1]), indent=1) + "\n")
