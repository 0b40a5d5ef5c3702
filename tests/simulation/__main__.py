"""`python -m tests.simulation --minutes 2`: as many schedules as there is time for, each with the next seed.

Exit code 0 when all invariants held in all of them, 1 when not: the seed of each that failed is printed, and plays it again. `--control NAME` makes
the worker wrong on purpose: 0 when that was found. `--record` adds a run that passed to docs/odometer.json and the README.
"""

from __future__ import annotations

import argparse
import logging
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import structlog

from tests.simulation import odometer
from tests.simulation.controls import CONTROLS
from tests.simulation.faults import KINDS, QUEUE_REFUSES
from tests.simulation.world import Outcome, World

MEMORY = Path("/dev/shm")
ENOUGH_TO_SEE_ALL = 300
"""Schedules in which every kind of fault must have happened, or the run proves nothing."""


def play(seed: int) -> Outcome:
    """One schedule."""
    with tempfile.TemporaryDirectory(prefix="lunas-sim-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        return World(seed, Path(folder) / "world").run()


def played(first: int, schedules: int, seconds: float) -> Iterator[Outcome]:
    """One after another, while there is time."""
    until = time.monotonic() + seconds
    for seed in range(first, first + schedules):
        if time.monotonic() > until:
            return
        yield play(seed)


def main(words: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**40), help="of the first schedule")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--schedules", type=int, default=10**9)
    parser.add_argument("--control", choices=sorted(CONTROLS))
    parser.add_argument("--record", action="store_true")
    given = parser.parse_args(words)
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    seen: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    traces: set[str] = set()
    broken: list[Outcome] = []
    began = time.monotonic()
    with ExitStack() as stack:
        if given.control:
            stack.enter_context(CONTROLS[given.control]())  # type: ignore[arg-type]
        for outcome in played(given.seed, given.schedules, given.minutes * 60):
            seen.update(outcome.seen)
            traces.add(outcome.trace)
            counted.update(
                schedules=1, webhooks=outcome.webhooks, crashes=outcome.crashes, steps=outcome.steps
            )
            if outcome.broken:
                broken.append(outcome)
                print(f"seed {outcome.seed}: {'; '.join(outcome.broken[:3])}", flush=True)
                print(f"again: python -m tests.simulation --seed {outcome.seed} --schedules 1", flush=True)
                if given.control:
                    break
    seconds = time.monotonic() - began
    print(
        f"{counted['schedules']:,} schedules ({len(traces):,} different), {counted['webhooks']:,} webhooks, {counted['crashes']:,} crashes and outages, "
        f"{counted['steps']:,} steps in {seconds:.0f} s; {len(broken)} broken; seeds from {given.seed} on"
    )
    print(", ".join(f"{name} {number:,}" for name, number in sorted(seen.items())))
    if given.control:
        print(f"control {given.control}: {'found, as it must be' if broken else 'NOT FOUND'}")
        return 0 if broken else 1
    never = [kind for kind in (*KINDS, QUEUE_REFUSES) if not seen[kind]]
    if never and counted["schedules"] >= ENOUGH_TO_SEE_ALL:
        print(f"VOID: never happened: {', '.join(never)}")
        return 1
    if given.record and not broken and counted["schedules"]:
        odometer.add(
            given.seed,
            {
                "webhooks": counted["webhooks"],
                "crashes": counted["crashes"],
                "schedules": len(traces),
            },
        )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
