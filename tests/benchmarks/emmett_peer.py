"""The event store `emmett` (Node.js, `emmett-postgresql`) doing the same work on the same server, as its documentation shows it.

Its programs are in `emmett/`, its packages are pinned there and installed into a folder that git ignores. Node.js comes with what
`make bench` installs; where it or the packages are missing, the rows are left out with a sentence that says how to get them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from schemas.decisions import CreditGranted
from schemas.events import EventModel, encode
from tests.benchmarks.figures import median

FOLDER = Path(__file__).parent / "emmett"
NODE, NPM = (Path(sys.executable).with_name(name) for name in ("node", "npm"))
"""Those of the virtual environment: what a distribution ships is often older than emmett asks for."""
ROUNDS = 3  # it is slow: more would take minutes
APPENDS = 2_000
BATCH = 500  # events of one append, where it appends several
# Projected of a log as long as ours: its log has no index by position, so the length counts.
GRANTS = 12_000
CUSTOMERS = 4_000  # three grants each, as on our side
INSTALL_SECONDS = 180
RUN_SECONDS = 300

Best = tuple[str, float]
"""The fastest way and its events per second, the median of its rounds."""


def append_rate(dsn: str, sample: EventModel) -> Best | None:
    """Appending events like `sample`, which has `{key}` where their ids go; None where it cannot run."""
    found = _run("append.mjs", dsn, sample, events=APPENDS)
    return found and _best(found)


def balances_rate(dsn: str, sample: CreditGranted, log: int) -> Best | None:
    """From a log of grants like `sample`, `log` of them, to a table of balances; None where it cannot run.

    `sample` has `{customer}` where its customer goes.
    """
    found = _run("balances.mjs", dsn, sample, log=log, events=GRANTS, customers=CUSTOMERS)
    if found is None:
        return None
    sums = set(found.pop("tokens"))
    if sums != {GRANTS * sample.tokens}:
        raise RuntimeError(f"emmett's balances hold {sorted(sums)} tokens, not {GRANTS * sample.tokens}")
    return _best(found)


def _best(rates: dict[str, list[float]]) -> Best:
    for way, values in rates.items():
        shown = ", ".join(f"{value:,.0f}" for value in values)
        print(f"  emmett, {way}: {shown} events/s", file=sys.stderr, flush=True)
    return max(((way, median(values)) for way, values in rates.items()), key=lambda best: best[1])


def _run(program: str, dsn: str, sample: EventModel, **more: int) -> dict[str, Any] | None:
    """What a program prints, run on an empty database of its own."""
    absent = _missing()
    if absent is not None:
        print(f"the rows against emmett are left out: {absent}", file=sys.stderr, flush=True)
        return None
    given = {"type": sample.TYPE, "template": encode(sample), "metadata": _METADATA, "rounds": ROUNDS, **more}
    with _database(dsn) as url:
        done = subprocess.run(
            [str(NODE), program],
            cwd=FOLDER,
            env=os.environ | {"DATABASE_URL": url, "INPUT": json.dumps(given)},
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
        )
    if done.returncode != 0:
        raise RuntimeError(f"{program} failed: {done.stderr.strip()[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


_METADATA = {
    "correlation_id": "0193d1a5-0000-7000-8000-000000000000",
    "causation_id": "0193d1a5-0000-7000-8000-000000000000",
}


@contextmanager
def _database(dsn: str) -> Iterator[str]:
    import psycopg  # comes with the peers

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bench_emmett")
        try:
            yield urlsplit(dsn)._replace(path="/bench_emmett").geturl()
        finally:
            connection.execute("DROP DATABASE bench_emmett WITH (FORCE)")


def _missing() -> str | None:
    """Why it cannot run here, with the command that helps; installs its packages when only they are missing."""
    if not (NODE.exists() and NPM.exists()):
        return "they need Node.js, which `make bench` installs"
    lock, installed = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return None
    command = [str(NPM), "ci", "--silent"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    if done.returncode == 0:
        return None
    return "its packages could not be installed: cd tests/benchmarks/emmett && npm ci"
