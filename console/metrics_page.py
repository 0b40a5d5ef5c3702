"""Prints docs/metrics.md: every metric with its kind, labels and meaning, as the code defines them.

.venv/bin/python -m console.metrics_page > docs/metrics.md
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

ROOMS: Mapping[str, str] = {
    "ingress": "Ingress",
    "processor": "Processor",
    "projections": "Projections",
    "api": "API",
    "notify": "Notifier",
    "console": "Web console",
    "providers": "Calls to providers (API and processor)",
    "runtime": "Every door with keys",
}
"""Where metrics are defined, with the process that shows them."""

SERIES: Mapping[str, tuple[str, ...]] = {
    "Counter": ("_total",),
    "Gauge": ("",),
    "Histogram": ("_bucket", "_sum", "_count"),
}
"""Endings of the series that Prometheus reads, by kind."""

INTRODUCTION = """# Metrics

Every metric lunas shows, at `/metrics` of each process's internal port (`LUNAS_<PROCESS>_METRICS_PORT`), beside the usual ones of Python and the
process. This page is made from the code by `console/metrics_page.py`; do not edit it.

- A counter is read as `<name>_total` (once), a histogram as `<name>_bucket`, `<name>_sum` and `<name>_count`.
- Labels are closed sets of ours (providers, reasons, queues): nothing a stranger chooses, and nobody's name.
- Money is in whole rupiah. How much moved within a time is a difference: `delta(lunas_ledger_rupiah{account="clearing:xendit"}[1d])`.
- [Alerts](../deploy/prometheus/alerts.yaml) and [dashboards](../deploy/grafana/) speak of these metrics only.
"""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as it is defined. `labels` as Prometheus sees them."""

    room: str
    kind: str
    name: str
    meaning: str
    labels: tuple[str, ...]

    @property
    def series(self) -> tuple[str, ...]:
        """Names that a query may use."""
        return tuple(self.name.removesuffix("_total") + ending for ending in SERIES[self.kind])


def metrics() -> list[Metric]:
    """All of them, by room and name."""
    found = {
        one.name: one
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        for one in _defined(room, path)
    }
    return sorted(found.values(), key=lambda one: (list(ROOMS).index(one.room), one.name))


def _defined(room: str, path: Path) -> Iterator[Metric]:
    """Raises ValueError or TypeError for a metric whose meaning or labels are not written where it is defined."""
    text = path.read_text(encoding="utf-8")
    if "prometheus_client" not in text:
        return
    tree = ast.parse(text)
    known = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in SERIES
            and node.args
        ):
            name = _literal(node.args[0], known)
            if isinstance(name, str) and name.startswith("lunas_"):
                given = [_literal(one, known) for one in node.args[1:]]
                given += [_literal(word.value, known) for word in node.keywords if word.arg == "labelnames"]
                if not given or not isinstance(given[0], str):
                    raise ValueError(f"{path}: the meaning of {name} is no literal")
                labels = _labels(given[1]) if len(given) > 1 else ()
                yield Metric(room, node.func.id, name, given[0], labels)


def _literal(node: ast.expr, known: Mapping[str, ast.expr]) -> object:
    if isinstance(node, ast.Name) and node.id in known:
        node = known[node.id]
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _labels(given: object) -> tuple[str, ...]:
    if not isinstance(given, tuple | list):
        raise TypeError(f"labels are no literal: {given}")
    return tuple(str(one) for one in given)


def page() -> str:
    """The whole page."""
    found = metrics()
    parts = [
        _section(title, [one for one in found if one.room == room])
        for room, title in ROOMS.items()
        if any(one.room == room for one in found)
    ]
    return "\n".join([INTRODUCTION, *parts])


def _section(title: str, found: list[Metric]) -> str:
    rows = "\n".join(
        f"| `{one.name}` | {one.kind.lower()} | {', '.join(f'`{label}`' for label in one.labels)} | {one.meaning} |"
        for one in found
    )
    return f"## {title}\n\n| Metric | Kind | Labels | Meaning |\n|---|---|---|---|\n{rows}\n"


if __name__ == "__main__":
    sys.stdout.write(page())
