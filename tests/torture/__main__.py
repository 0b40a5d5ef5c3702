"""`python -m tests.torture --seed 7 --minutes 8 --webhooks 20000`: runs everything, breaks everything, and judges.

Exit code 0 when every invariant held and all that was asked for was reached (with `--slow`: something was), 1 when not, 2 for wrong use. `--control NAME` tortures what is known
to be wrong (see controls.py): 0 when that was seen.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.system.forks import ForkedPipeline
from tests.system.pipeline import PROCESSES, Pipeline
from tests.torture.comparing import SHOWN, compared
from tests.torture.controls import run_control
from tests.torture.kind import TROUBLES, Kind
from tests.torture.kinds import kill, kinds
from tests.torture.recovery import LONGEST_SECONDS, PROBED, SLOW_SECONDS, NeverAgain, Probe
from tests.torture.report import Injected, Report
from tests.torture.settling import moved, settled
from tests.torture.stage import Stage, staged
from tests.witness.chain import compared_again, pieces, watched
from tests.witness.load import Load
from tests.witness.missing import not_stored
from tests.witness.record import Record
from tests.witness.verdict import judge
from tests.witness.webhooks import CUSTOMERS, plan

SHARE_OF_STORM = 0.25
"""So much of the time, at its end, kills come one upon another; before, each fault comes alone and its recovery is measured."""
STORM_PAUSE_SECONDS = (0.05, 0.8)
PROGRESS_SECONDS = 60.0


@dataclass(frozen=True)
class Wish:
    """What is asked for. After `minutes` a run goes on until all webhooks are sent and `kills` and `least_kinds` are reached, but not beyond
    `most` minutes."""

    seed: int
    minutes: float
    webhooks: int
    chosen: Sequence[Kind]
    kills: int = 0
    most: float = float("inf")
    storm: float = SHARE_OF_STORM
    journal: bool = True
    answering: bool = False
    """With a journal the door answers 200 while the broker is ill: then a 503 is against it."""
    pace: float = 0.0
    """Seconds between faults that do not wait for each other; 0 for one after the other."""
    least_kinds: int = 0
    slow: bool = False
    """The machine may have little time for us: nothing coming through is said of it only after much longer."""
    forked: bool = False
    """Processes are forked from one that has everything imported: two hundred deaths are then not two hundred starts of Python."""


async def torture(wish: Wish, home: Path) -> Report:
    """One run in `home`. Raises NeverAgain when something does not recover by itself."""
    dice = random.Random(wish.seed)
    report = Report(wish.seed, wish.webhooks, wish.minutes)
    sent = plan(wish.seed, wish.webhooks)
    seconds, most = wish.minutes * 60, max(wish.most, wish.minutes) * 60
    more = {} if wish.journal else {"LUNAS_INGRESS_DURABILITY": "broker"}
    async with (
        staged(home, wish.webhooks, more, ForkedPipeline if wish.forked else Pipeline) as stage,
        Record(home / "record.jsonl") as record,
        watched(home / "log.jsonl", stage.database_url),
        aiohttp.ClientSession() as session,
    ):
        await stage.pipeline.register([*CUSTOMERS, PROBED])
        load = Load(
            sent, record, stage.pipeline.ingress, stage.pipeline.api, wish.webhooks / seconds, wish.seed
        )
        behind_others = (
            wish.slow or wish.pace
        )  # who is asked about waits behind what faults one upon another left
        longest = SLOW_SECONDS if behind_others else LONGEST_SECONDS
        probe = Probe(
            stage.pipeline.ingress,
            stage.pipeline.api,
            longest=longest,
            moved=lambda: moved(stage.database_url),
        )
        running = asyncio.create_task(load.run())
        await probe.learn(session)
        begin = (
            time.monotonic()
        )  # a slow machine learns slowly what is usual, and is tortured as long as any other
        rig = Rig(stage, load, probe, session, dice, report)
        storm = begin + seconds * (1 - wish.storm)
        never = ""
        if wish.pace:
            await rig.one_upon_another(wish.chosen, wish.pace, storm)
        else:
            try:
                await rig.one_by_one(wish.chosen, storm)
            except NeverAgain as error:
                never = str(error)  # the verdict says what of it was lost
        storming = asyncio.create_task(rig.storm(begin + seconds, begin + most, wish.kills))
        await rig.what_is_left(wish.chosen, wish.least_kinds, begin + most)
        await storming
        stage.heal()
        try:
            report.well_again = await probe.recovered(session)
        except NeverAgain as error:
            never = str(error)
        await asyncio.wait({running}, timeout=max(1.0, begin + most - time.monotonic()))
        load.give_up()
        await running
        report.sent = load.sent
        ended = time.monotonic()
        given_up = await settled(
            stage.database_url,
            stage.control_broker,
            missing=lambda: not_stored(record.path, stage.database_url),
        )
        report.settled = time.monotonic() - ended
        report.seconds = time.monotonic() - begin
        report.kills, report.restarts, report.told = stage.kills, stage.restarts, stage.diary.told
        report.boots = stage.boots
        report.verdict = await judge(record.path, sent, stage.database_url, also=probe.accepted)
        refused = report.verdict.figures.get("answered 503", 0) if wish.answering else 0
        report.verdict.against("I11 come back later, for the broker's sake", [refused] if refused else [])
        unanswered = [f"the API never answered {reference}" for reference in load.unanswered]
        report.verdict.against("never again", [*([never] if never else []), *unanswered])
        report.verdict.against("I9 did not settle", [given_up] if given_up else [])
        for invariant, said in (await compared_again(home / "log.jsonl", stage.database_url)).items():
            report.verdict.against(invariant, said)
        report.verdict.figures["pieces of the log that were looked at again"] = pieces(home / "log.jsonl")
        report.verdict.against(SHOWN, stage.differing)
        await compared(stage, report.verdict)
    return report


@dataclass
class Rig:
    """Injects, and writes down what came of it."""

    stage: Stage
    load: Load
    probe: Probe
    session: aiohttp.ClientSession
    dice: random.Random
    report: Report

    async def one_by_one(self, chosen: Sequence[Kind], until: float) -> None:
        """Every kind in turn, shuffled, again and again until the time is over."""
        waiting: list[Kind] = []
        while time.monotonic() < until:
            waiting = waiting or self.dice.sample(chosen, len(chosen))
            kind = waiting.pop()
            print(f"{kind.name} …", file=sys.stderr, flush=True)
            before = self._trouble()
            fault = await self._inject(kind)
            self.report.injected.append(fault)
            if not fault.failed:
                fault.recovered = await self.probe.recovered(self.session)
            fault.refused = self._trouble() - before

    async def one_upon_another(self, chosen: Sequence[Kind], pace: float, until: float) -> None:
        """Faults of different kinds begin at a pace, whether the ones before have ended or not; no kind meets itself."""
        running: dict[str, asyncio.Task[Injected]] = {}
        waiting: list[Kind] = []
        shown = time.monotonic()
        while time.monotonic() < until:
            for name in [name for name, task in running.items() if task.done()]:
                self.report.injected.append(running.pop(name).result())
            waiting = waiting or self.dice.sample(chosen, len(chosen))
            kind = waiting.pop()
            if kind.name not in running:
                running[kind.name] = asyncio.create_task(self._inject(kind))
            if time.monotonic() - shown > PROGRESS_SECONDS:
                shown = time.monotonic()
                print(
                    f"{len(self.report.injected)} faults, {self.load.sent} sent", file=sys.stderr, flush=True
                )
            await asyncio.sleep(self.dice.uniform(0.5, 1.5) * pace)
        self.report.injected += await asyncio.gather(*running.values())

    async def storm(self, until: float, latest: float, kills: int) -> None:
        """Processes die one upon another, also while they start. One that a fault keeps for itself is left to that fault."""
        while (now := time.monotonic()) < until or (self.stage.kills < kills and now < latest):
            name = self.dice.choice(PROCESSES)
            if name not in self.stage.resting:
                self.report.injected.append(await self._inject(kill(name)))
            await asyncio.sleep(self.dice.uniform(*STORM_PAUSE_SECONDS))

    async def what_is_left(self, chosen: Sequence[Kind], least: int, latest: float) -> None:
        """Kinds that had no turn alone have it in the storm, until there were so many kinds: how long a recovery takes is then not told, what is lost
        is. A busy machine recovers slowly, and would else see few kinds."""
        done = {each.kind for each in self.report.injected if not each.failed}
        for kind in self.dice.sample(chosen, len(chosen)):
            if self.report.kinds >= least or time.monotonic() > latest:
                return
            if kind.name not in done:
                print(f"{kind.name} in the storm …", file=sys.stderr, flush=True)
                self.report.injected.append(await self._inject(kind))

    async def _inject(self, kind: Kind) -> Injected:
        started = time.monotonic()
        try:
            await kind.inject(self.stage, self.dice)
        except TROUBLES as error:
            said = f"{type(error).__name__}: {error}"[:200]
            return Injected(kind.name, 0.0, failed=said, fault=kind.fault)
        return Injected(kind.name, time.monotonic() - started, fault=kind.fault)

    def _trouble(self) -> int:
        """Requests that were told to come again, or heard nothing."""
        return sum(number for answer, number in self.load.answers.items() if answer not in ("200", "401"))


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
    parser.add_argument("--kills", type=int, default=0, help="so many at least, while there is time")
    parser.add_argument("--least-kinds", type=int, default=0, help="said, when fewer kinds were injected")
    parser.add_argument("--least-faults", type=int, default=0, help="said, when fewer faults were injected")
    parser.add_argument(
        "--most", type=float, default=float("inf"), help="minutes, after which nothing is sent or injected"
    )
    parser.add_argument(
        "--storm",
        type=float,
        default=SHARE_OF_STORM,
        help="share of the time in which kills come one upon another",
    )
    parser.add_argument(
        "--pace", type=float, default=0.0, help="seconds between faults that do not wait for each other"
    )
    parser.add_argument(
        "--forked", action="store_true", help="processes start without importing everything anew"
    )
    parser.add_argument(
        "--slow", action="store_true", help="what a slow machine did not reach is told, and is no failure"
    )
    parser.add_argument("--without-journal", action="store_true", help="LUNAS_INGRESS_DURABILITY=broker")
    parser.add_argument(
        "--answering", action="store_true", help="a 503 is against it: for faults of the broker"
    )
    parser.add_argument("--control", help="something that is known to be wrong and must end red")
    parser.add_argument("--report", type=Path, help="a file for the report as JSON")
    parser.add_argument("--home", type=Path, help="an empty folder that is kept: logs, record, journal")
    given = parser.parse_args(words)
    if given.control:
        return run_control(given.control, given.seed)
    wish = Wish(
        given.seed,
        given.minutes,
        given.webhooks,
        chosen_kinds(given.kinds),
        given.kills,
        given.most,
        given.storm,
        not given.without_journal,
        given.answering,
        given.pace,
        given.least_kinds,
        given.slow,
        given.forked,
    )
    with tempfile.TemporaryDirectory(prefix="lunas-torture-") as folder:
        home = given.home or Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        try:
            report = asyncio.run(torture(wish, home))
        except NeverAgain as error:
            print(f"BROKEN never again: {error}")
            print(f"VERDICT: broken; seed {given.seed}")
            return 1
    report.again = shlex.join(_without_seed(words))
    report.asked_kills, report.asked_kinds, report.slow = given.kills, given.least_kinds, given.slow
    report.asked_faults = given.least_faults
    print("\n".join(report.lines()))
    if given.report:
        report.write(given.report)
    return 0 if report.ok else 1


def _without_seed(words: Sequence[str]) -> list[str]:
    """The seed is said by itself, also where it was drawn."""
    if "--seed" not in words:
        return list(words)
    place = words.index("--seed")
    return [*words[:place], *words[place + 2 :]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
