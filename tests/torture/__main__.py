"""`python -m tests.torture --seed 7 --minutes 8 --webhooks 20000`: runs everything, breaks everything, and judges.

Exit code 0 when every invariant held, 1 when one did not, 2 for wrong use.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import asyncpg

from tests.system.pipeline import PROCESSES
from tests.torture.kinds import Kind, NotInjected, kill, kinds
from tests.torture.recovery import PROBED, NeverAgain, Probe
from tests.torture.report import Injected, Report
from tests.torture.stage import Stage, staged
from tests.witness.load import Load
from tests.witness.record import Record
from tests.witness.verdict import fingerprint, judge
from tests.witness.webhooks import CUSTOMERS, plan

SETTLE_SECONDS = 120.0
SHARE_OF_MEASURED = 0.75
"""So much of the time each fault comes alone and its recovery is measured; then kills come one upon another."""
STORM_PAUSE_SECONDS = (0.05, 0.8)


async def torture(seed: int, minutes: float, webhooks: int, home: Path, chosen: Sequence[Kind]) -> Report:
    """One run in `home`. Raises NeverAgain when something does not recover by itself."""
    dice = random.Random(seed)
    report = Report(seed, webhooks, minutes)
    sent = plan(seed, webhooks)
    seconds = minutes * 60
    async with (
        staged(home, webhooks, {}) as stage,
        Record(home / "record.jsonl") as record,
        aiohttp.ClientSession() as session,
    ):
        await stage.pipeline.register([*CUSTOMERS, PROBED])
        load = Load(sent, record, stage.pipeline.ingress, stage.pipeline.api, webhooks / seconds, seed)
        probe = Probe(stage.pipeline.ingress, stage.pipeline.api)
        begin = time.monotonic()
        running = asyncio.create_task(load.run())
        await probe.learn(session)
        before = await fingerprint(stage.database_url)
        await _one_by_one(stage, chosen, dice, probe, session, report, begin + seconds * SHARE_OF_MEASURED)
        await _storm(stage, dice, report, begin + seconds)
        stage.heal()
        await running
        ended = time.monotonic()
        await _settled(stage)
        report.settled = time.monotonic() - ended
        report.seconds = time.monotonic() - begin
        report.kills, report.restarts = stage.kills, stage.restarts
        report.verdict = await judge(record.path, sent, stage.database_url, also=probe.accepted)
        if await fingerprint(stage.database_url, before[0]) != before:
            report.verdict.against("I5 the log changed", [f"up to position {before[0]}"])
        for words in (("projections", "verify"), ("fulfilment", "verify")):
            code, said = await stage.lunas(*words, "--json")
            if code != 0:
                report.verdict.against("I6 what is shown is not the fold of the log", [said[-500:]])
    return report


async def _one_by_one(
    stage: Stage,
    chosen: Sequence[Kind],
    dice: random.Random,
    probe: Probe,
    session: aiohttp.ClientSession,
    report: Report,
    until: float,
) -> None:
    """Every kind in turn, shuffled, again and again until the time is over."""
    waiting: list[Kind] = []
    while time.monotonic() < until:
        waiting = waiting or dice.sample(chosen, len(chosen))
        kind = waiting.pop()
        print(f"{kind.name} …", file=sys.stderr, flush=True)
        fault = await _inject(stage, kind, dice)
        report.injected.append(fault)
        if not fault.failed:
            fault.recovered = await probe.recovered(session)


async def _inject(stage: Stage, kind: Kind, dice: random.Random) -> Injected:
    started = time.monotonic()
    try:
        await kind.inject(stage, dice)
    except (NotInjected, OSError, TimeoutError, asyncpg.PostgresError) as error:
        return Injected(kind.name, 0.0, failed=f"{type(error).__name__}: {error}"[:200])
    return Injected(kind.name, time.monotonic() - started)


async def _storm(stage: Stage, dice: random.Random, report: Report, until: float) -> None:
    """Processes die one upon another, also while they start."""
    storm = [kill(name) for name in PROCESSES]
    while time.monotonic() < until:
        report.injected.append(await _inject(stage, dice.choice(storm), dice))
        await asyncio.sleep(dice.uniform(*STORM_PAUSE_SECONDS))


async def _settled(stage: Stage) -> None:
    """Until nothing waits anywhere, or for SETTLE_SECONDS: what is missing then is for the verdict to say."""
    deadline = time.monotonic() + SETTLE_SECONDS
    last: tuple[object, ...] = ()
    quiet = 0
    while time.monotonic() < deadline and quiet < 6:
        await asyncio.sleep(0.5)
        try:
            now = await _state(stage)
        except (OSError, asyncpg.PostgresError):
            continue
        quiet = quiet + 1 if now == last and now[0] == 0 else 0
        last = now


async def _state(stage: Stage) -> tuple[object, ...]:
    """Messages that wait in queues, and how far everybody is."""
    said = await stage.control_broker("list_queues", "--quiet", "--no-table-headers", "name", "messages")
    waiting = 0
    for line in said.splitlines():
        name, _, number = line.strip().rpartition("\t")
        if name and number.isdigit() and not name.endswith("rejected"):
            waiting += int(number)
    connection = await asyncpg.connect(stage.database_url, server_settings={"search_path": "lunas"})
    try:
        newest = await connection.fetchval("SELECT coalesce(max(position), 0) FROM events")
        places = await connection.fetch("SELECT * FROM checkpoints ORDER BY 1")
    finally:
        await connection.close()
    return waiting, newest, tuple(map(tuple, places))


def chosen_kinds(wanted: str) -> list[Kind]:
    """Kinds whose name holds one of the words, all without words. Raises SystemExit when there is none."""
    words = [word.strip() for word in wanted.split(",") if word.strip()]
    found = [kind for kind in kinds() if not words or any(word in kind.name for word in words)]
    if not found:
        names = "\n  ".join(kind.name for kind in kinds())
        raise SystemExit(f"No kind of fault is called {wanted!r}. There are:\n  {names}")
    return found


def main(words: Sequence[str]) -> int:
    """Runs once; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--webhooks", type=int, default=20_000)
    parser.add_argument("--kinds", default="", help="parts of names, separated by commas")
    parser.add_argument("--report", type=Path, help="a file for the report as JSON")
    parser.add_argument("--home", type=Path, help="an empty folder that is kept: logs, record, journal")
    given = parser.parse_args(words)
    chosen = chosen_kinds(given.kinds)
    with tempfile.TemporaryDirectory(prefix="lunas-torture-") as folder:
        home = given.home or Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        try:
            report = asyncio.run(torture(given.seed, given.minutes, given.webhooks, home, chosen))
        except NeverAgain as error:
            print(f"VERDICT: broken, {error}; seed {given.seed}")
            return 1
    print("\n".join(report.lines()))
    if given.report:
        report.write(given.report)
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
