"""`make bench`: every benchmark beside its baseline, on private services, as one Markdown table.

`python -m tests.benchmarks [NAME ...]` runs some of them: ingress, publish, append, intake, balances, visible, stages, bytes, flood, spends, changes, topups,
reads, reconcile, console, notifications, told, journal, parked, seals.
"""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from pathlib import Path

from deploy.local.services.private import ServiceUrls, private_services
from tests.benchmarks.figures import HEADER, Figure, line

BENCHMARKS = {
    "ingress": "tests.benchmarks.ingress_requests",
    "publish": "tests.benchmarks.ingress_publish",
    "append": "tests.benchmarks.append_log",
    "intake": "tests.benchmarks.queue_to_log",
    "balances": "tests.benchmarks.log_to_balances",
    "visible": "tests.benchmarks.visible_balance",
    "stages": "tests.benchmarks.stages",
    "bytes": "tests.benchmarks.bytes_kept",
    "flood": "tests.benchmarks.flood",
    "journal": "tests.benchmarks.journal_cost",
    "parked": "tests.benchmarks.parked",
    "spends": "tests.benchmarks.spends",
    "changes": "tests.benchmarks.changes",
    "topups": "tests.benchmarks.topups",
    "seals": "tests.benchmarks.sealing",
    "reads": "tests.benchmarks.reads",
    "reconcile": "tests.benchmarks.reconciling",
    "console": "tests.benchmarks.console_pages",
    "notifications": "tests.benchmarks.notifying",
    "told": "tests.benchmarks.telling",
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"unknown benchmark {unknown[0]}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    if shutil.which("wrk") is None:
        print("benchmarks need the load generator wrk: apt-get install wrk", file=sys.stderr)
        return 2
    results: list[Figure] = []
    for name in names or list(BENCHMARKS):
        results += _run(name)
    print("\n" + HEADER)
    for figure in results:
        print(line(figure))
    return 0


def _run(name: str) -> list[Figure]:
    print(f"{name} …", file=sys.stderr, flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="lunas-bench-") as folder,
        private_services(Path(folder) / "home", erase=True) as urls,
    ):
        return measure(name, urls)


def measure(name: str, urls: ServiceUrls) -> list[Figure]:
    """The figures of one benchmark."""
    figures: list[Figure] = importlib.import_module(BENCHMARKS[name]).figures(urls)
    for figure in figures:
        print(line(figure), file=sys.stderr, flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
