"""`python -m tests.crashpoints --kills 20`: SIGKILL at every named step of every process and of operators' commands, so many times each.

The witness sends and judges as in the torture. Exit code 0 when every invariant held and each step was died at, as often as asked where time allowed;
1 when not: what was found is told, and logs and records are kept.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from itertools import count
from pathlib import Path

import aiohttp

from providers.fakes.app import Wishes, accounts_of, serving
from providers.fakes.world import FakeWorld
from runtime.logs import configure_logging
from runtime.settings import load_settings
from tests.crashpoints.dying import DEATH_SECONDS, IN_THE_WAY, Chosen, Dying, dealt, shares, told
from tests.crashpoints.listeners import PRIVATE, Ear, introduced, listening, telling_steps
from tests.crashpoints.office import Office, Order, orders
from tests.crashpoints.purchases import Buying, of_fakes, purchase_steps
from tests.crashpoints.rounds import Leading, Step, lines_kept, of_processes, steps
from tests.ports import held_ports
from tests.system.forks import ForkedPipeline
from tests.torture.comparing import compared
from tests.torture.settling import settled
from tests.torture.stage import Stage, staged
from tests.waiting import until
from tests.witness.load import Load
from tests.witness.missing import not_stored
from tests.witness.record import Record
from tests.witness.verdict import Verdict, judge
from tests.witness.webhooks import CUSTOMERS, Webhook, plan

KEY, NOWHERE = "xnd_test", "http://127.0.0.1:9"
PASSED = ("ingress", "processor", "projections")
"""Processes that every webhook passes."""
RATE = 10.0
"""Webhooks a second. Processes that die again and again fall behind many, and then wait for each other longer than they die."""
MOST_WEBHOOKS = 40_000
LONGEST_MINUTES = 60.0
"""The webhooks last longer at that rate."""
RESPITE = 4
"""Deaths of the processor in a row: fewer than make it suspect what it had in its hands (`processor.intake.suspects`)."""
LED_AGAIN_SECONDS = 5.0
"""What led nowhere is led again after so long, while its death is waited for."""
QUICKLY = {"LUNAS_LEADERSHIP_RETRY_SECONDS": "0.2", "LUNAS_RECONCILE_ASKS_MAX": "5"}
"""Whoever waits for a dead one's lock looks often. The witness's payments are at no provider, and one run would ask about each of them."""


async def crash_everywhere(seed: int, dying: Dying, points: str, home: Path, rate: float = RATE) -> Verdict:
    """What the witness says once each step whose name holds one of the words was died at as often as `dying` says."""
    sent = plan(seed, MOST_WEBHOOKS)
    settings = load_settings({"LUNAS_ENV": "development", "LUNAS_DOTENV": "none"})
    accounts = accounts_of(settings, Wishes(("xendit",), 0, webhooks=NOWHERE, key=KEY))
    async with (
        serving(accounts, FakeWorld(rate_limits=False)) as fakes,
        listening() as ear,
        staged(home, MOST_WEBHOOKS, of_fakes(fakes, KEY) | PRIVATE | QUICKLY, ForkedPipeline) as stage,
        Record(home / "record.jsonl") as record,
        aiohttp.ClientSession() as session,
    ):
        await stage.pipeline.register(CUSTOMERS)
        load = Load(sent, record, stage.pipeline.ingress, stage.pipeline.api, rate, seed)
        running = asyncio.create_task(load.run())
        leading = Leading(stage, session, record)
        buying = Buying(leading, fakes)
        office = Office(leading, fakes, KEY)
        await introduced(leading, ear)
        chosen = chosen_steps([*steps(), *telling_steps(), *purchase_steps(buying)], points)
        ordered = chosen_steps(orders(), points)
        dying.died.update(dict.fromkeys((step.title for step in [*chosen, *ordered]), 0))
        for most in shares(dying.kills):
            await _share(leading, office, chosen, ordered, dying, most)
        load.give_up()
        await running
        verdict = dying.judged()
        await _ended(verdict, buying, office, ear, sent, bool(ordered))
    return verdict


async def _ended(
    verdict: Verdict, buying: Buying, office: Office, ear: Ear, sent: Sequence[Webhook], commanded: bool
) -> None:
    """Everything comes to its end, however long that takes, and is looked at."""
    leading = buying.leading
    stage, record = leading.stage, leading.record
    verdict.against("C what came last is not taken in", await leading.left_over())
    wrong = await buying.all_answered() + (await office.settled() if commanded else [])
    await settled(
        stage.database_url,
        stage.control_broker,
        missing=lambda: not_stored(record.path, stage.database_url),
    )
    wrong += await office.told()
    verdict.against("C streams that waited", await lines_kept(leading))
    verdict.against("C calls that were cut off", wrong)
    verdict.against("C messages that never came", await ear.told_of_everything(leading))
    judged = await judge(record.path, sent, stage.database_url, perhaps=office.vouched)
    verdict.figures["told by reconciliation"] = len(office.vouched)
    verdict.figures["of them when everything else was asked for"] = len(office.vouched) - office.told_before
    verdict.broken |= judged.broken
    verdict.figures |= judged.figures
    await compared(stage, verdict)


async def _share(
    leading: Leading,
    office: Office,
    chosen: Sequence[Step],
    ordered: Sequence[Order],
    dying: Dying,
    most: int,
) -> None:
    """All die side by side. Commands that need processes which keep up come once those that webhooks pass have died their deaths of this share;
    what the API is led to last needs these too."""
    async with asyncio.TaskGroup() as everybody:
        lanes = {
            name: everybody.create_task(_die_in_turn(leading, name, own, dying, most))
            for name, own in of_processes(chosen).items()
        }
        commands = [one for one in ordered if not one.in_peace]
        everybody.create_task(_give_orders(office, commands, dying, most))
        await asyncio.gather(*(task for name, task in lanes.items() if name in PASSED))
        await _give_orders(office, [one for one in ordered if one.in_peace], dying, most)


def chosen_steps(all_of: Sequence[Chosen], points: str) -> list[Chosen]:
    """Those whose name holds one of the words; all of them without words."""
    words = [word for word in points.split(",") if word]
    return [step for step in all_of if not words or any(word in step.point for word in words)]


async def _die_in_turn(leading: Leading, name: str, own: Sequence[Step], dying: Dying, most: int) -> None:
    """One process dies at each of its steps, and is started again, armed for the next."""
    stage = leading.stage
    stage.resting.add(name)
    tries = count()

    async def die(step: Step) -> bool:
        await _at_rest(stage, name)
        if name == "processor" and next(tries) % RESPITE == 0:
            await _breathe(stage, leading, name)
        async with _standing_still(stage, name) if step.rival else nullcontext():
            return await _die_at(stage, leading, step, dying.dice, dying.patience(step.title))

    await dying.in_turn(name, own, most, die)
    stage.resting.discard(name)


async def _at_rest(stage: Stage, name: str) -> None:
    """It does not run: not even one that an earlier try left."""
    if name in stage.pipeline.running:
        stage.kill(name)
        await asyncio.to_thread(stage.pipeline.running[name].wait)


async def _give_orders(office: Office, ordered: Sequence[Order], dying: Dying, most: int) -> None:
    """Commands die side by side where none is in another one's way."""

    async def die(order: Order) -> bool:
        return await order.act(office, f"{order.point}:{dying.dice.randint(1, order.passes)}")

    lanes: dict[str, list[Order]] = {}
    for order in ordered:
        lanes.setdefault(order.lane, []).append(order)
    await asyncio.gather(*(dying.in_turn(name, own, most, die) for name, own in lanes.items()))


@asynccontextmanager
async def _standing_still(stage: Stage, name: str) -> AsyncIterator[None]:
    """Another one of this process that leads, and is frozen for as long as the block runs."""
    with held_ports(1) as (port,):
        stage.pipeline.start(name, **{f"LUNAS_{name.upper()}_METRICS_PORT": str(port)})
        other = stage.pipeline.running.pop(name)
        log = stage.pipeline.home / f"{name}.log"
        begun = log.stat().st_size if log.exists() else 0

        def leads() -> bool:
            with log.open("rb") as said:
                said.seek(begun)
                return b"leadership.won" in said.read()

        try:
            await until(leads, DEATH_SECONDS)
            other.send_signal(signal.SIGSTOP)
            yield
        finally:
            other.kill()
            await asyncio.to_thread(other.wait)


async def _breathe(stage: Stage, leading: Leading, name: str) -> None:
    """It lives until it has done what waited."""
    stage.pipeline.start(name)
    await leading.caught_up()
    await _at_rest(stage, name)


async def _die_at(stage: Stage, leading: Leading, step: Step, dice: random.Random, patience: float) -> bool:
    """Whether it died there within so many seconds. What was in the way is told where it did not."""
    stage.pipeline.start(
        step.process, LUNAS_FAULTS=f"{step.point}:{dice.randint(1, step.passes)}", **step.more
    )
    process = stage.pipeline.running[step.process]
    in_the_way: list[str] = []
    led = asyncio.create_task(_led(leading, step, in_the_way))
    with suppress(TimeoutError):
        await until(lambda: process.poll() is not None, patience)
    # It may die of what an earlier death left to do, before it is led anywhere.
    led.cancel()
    await asyncio.gather(led, return_exceptions=True)
    alive = process.poll() is None
    process.kill()
    code = await asyncio.to_thread(process.wait)
    if dead := not alive and code == -signal.SIGKILL:
        return dead
    said = (
        "; ".join(in_the_way) or "it went on"
        if alive
        else f"it ended with {code}: {stage.pipeline.log(step.process)[-500:]}"
    )
    print(f"{step.title}: {said}", file=sys.stderr, flush=True)
    return dead


async def _led(leading: Leading, step: Step, in_the_way: list[str]) -> None:
    """There, again and again: somebody else's death may be in the way."""
    while True:
        try:
            await step.lead(leading)
        except IN_THE_WAY as error:
            in_the_way.append(f"{type(error).__name__} {error}"[:300])
        await asyncio.sleep(LED_AGAIN_SECONDS)


@contextmanager
def _home(given: str | None) -> Iterator[Path]:
    """A folder that is removed after the block, or one that was asked for."""
    if given is not None:
        Path(given).mkdir(parents=True)
        yield Path(given)
    else:
        with tempfile.TemporaryDirectory(prefix="lunas-crashes-") as folder:
            yield Path(folder)


def kept(home: Path) -> Path:
    """What says how it came about, in a folder that stays: logs, and what the witness wrote down."""
    place = Path(tempfile.mkdtemp(prefix="lunas-crashes-red-"))
    for file in [*home.rglob("*.log"), *home.rglob("record.jsonl")]:
        name = place / file.relative_to(home)
        name.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, name)
    return place


async def side_by_side(
    seed: int, kills: int, until: float, points: str, home: Path, rate: float, lanes: int
) -> tuple[list[Dying], Verdict]:
    """The deaths dealt out to so many machines, each with a load, services and a judgement of its own; what they did, and their verdicts as one."""
    machines = [
        Dying(share, random.Random(seed + number), until) for number, share in enumerate(dealt(kills, lanes))
    ]
    folders = [home / f"machine-{number}" for number in range(len(machines))]
    for folder in folders:
        folder.mkdir(mode=0o755)
    home.chmod(0o755)  # the services' users must pass through
    verdicts = await asyncio.gather(
        *(
            crash_everywhere(seed + number, dying, points, folder, rate)
            for number, (dying, folder) in enumerate(zip(machines, folders, strict=True))
        )
    )
    return machines, together(verdicts)


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """What any of them found, and what all of them counted."""
    all_of = Verdict()
    figures: Counter[str] = Counter()
    for number, verdict in enumerate(verdicts):
        figures.update(verdict.figures)
        for name, found in verdict.broken.items():
            all_of.broken.setdefault(name, []).extend(f"machine {number}: {each}" for each in found)
    all_of.figures = dict(figures)
    return all_of


def main(words: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.crashpoints", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rate", type=float, default=RATE, help="webhooks a second")
    parser.add_argument(
        "--minutes", type=float, default=LONGEST_MINUTES, help="after which nothing more dies"
    )
    parser.add_argument("--points", default="", help="parts of names, separated by commas")
    parser.add_argument("--home", help="where it lives and what it leaves, the record first; kept")
    parser.add_argument(
        "--lanes", type=int, default=2, help="machines side by side, among which kills are dealt out"
    )
    given = parser.parse_args(words)
    configure_logging("crash-points", level="error", form="json")  # fakes tell of each webhook
    began = time.monotonic()
    until = began + given.minutes * 60
    with _home(given.home) as folder:
        machines, verdict = asyncio.run(
            side_by_side(
                given.seed, given.kills, until, given.points, folder, given.rate, max(1, given.lanes)
            )
        )
        left = kept(folder) if verdict.broken and given.home is None else None
    print("\n".join(told(machines, given.kills)))
    print("\n".join(f"{name}: {number:,}" for name, number in verdict.figures.items()))
    for name, found in verdict.broken.items():
        print("\n".join(f"BROKEN {name}: {each}" for each in found))
    if left is not None:
        print(f"Logs and records are in {left}.")
    kills = sum(dying.died.total() for dying in machines)
    print(
        f"VERDICT: {'broken' if verdict.broken else '0 lost, 0 doubled, 0 invented'}; {kills} kills in {time.monotonic() - began:.0f} s, "
        f"seed {given.seed}"
    )
    return 1 if verdict.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
