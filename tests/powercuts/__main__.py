"""`python -m tests.powercuts --cuts 20`: cuts the power of a machine that runs all of lunas, and switches it on again with what its disk held.

PostgreSQL, RabbitMQ and the journal lie on one disk of their own (a file with a file system in it). At some instants everything stands still and
that file is copied: what was not synced is not in it. Each copy is then booted, without a person, and the witness says what is missing. First
starts are cut too, and a home goes on living from one of its cuts. `--lanes 3` has three such machines side by side, each in name spaces of its
own. In some lives the journal alone keeps what is accepted, in others the broker. Exit code 0 when nothing was lost and every start came by itself;
1 when not; 2 where files cannot be mounted. `--control NAME` cuts what is known to be wrong: 0 when accepted webhooks were lost, and by nothing less.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.powercuts.disk import Disk, NoDisk, can_mount
from tests.powercuts.lanes import Tally, side_by_side
from tests.powercuts.planted import BROKER, CONTROLS, JOURNAL, planted
from tests.powercuts.rig import Cut, Cutter, Fate, Life, Machine, judged, moments
from tests.system.forks import ForkedPipeline
from tests.witness.webhooks import plan

CUTS_OF_A_LIFE = 10
LIVES_OF_A_HOME = 3
RATE = 60.0
WEBHOOKS = 20_000
MEMORY = Path("/dev/shm")
ALONE_AFTER_SECONDS = 1.0


async def power_cuts(seed: int, cuts: int, until: float, folder: Path, control: str) -> list[Fate]:
    """Lives of homes, one after another, until there are so many cuts or the time is over."""
    dice = random.Random(seed)
    fates: list[Fate] = []
    life = 0
    home: _Home | None = None
    while len(fates) < cuts and time.monotonic() < until:
        if home is None or life % LIVES_OF_A_HOME == 0:
            home = _Home(folder / f"home-{life}", dice)
        life += 1
        number = min(CUTS_OF_A_LIFE, cuts - len(fates))
        for cut in await home.live(number, len(fates), control):
            fate = await home.judge(cut, control)
            fates.append(fate)
            print(_line(fate), flush=True)
            if time.monotonic() > until:
                break
        home.go_on()
    return fates


class _Home:
    """One home from its first start on."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._folder = folder
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        self._dice = dice
        self._seed = dice.randrange(2**31)
        self._plan = plan(self._seed, WEBHOOKS)
        self._disk = Disk(folder / "disk.img", folder / "disk")
        self._disk.make()
        self._lives = self._sent = 0
        self._record = folder / "record.jsonl"
        self._judged: list[Cut] = []

    def _machine(self, alone: str, made_by: type[ForkedPipeline] = ForkedPipeline) -> Machine:
        return Machine(
            self._disk.place / "home", self._folder, BROKER if alone == BROKER else JOURNAL, made_by
        )

    async def live(self, number: int, first: int, control: str) -> list[Cut]:
        first_life = self._lives == 0 and not control
        self._lives += 1
        self._judged = []
        self._disk.mount()
        alone = self._dice.choice(["", "", JOURNAL, BROKER])
        after = ALONE_AFTER_SECONDS
        if control:
            alone, after = next(one.alone for one in CONTROLS if one.name == control), 0.0
        instants = moments(self._dice, number, first=first_life)
        cutter = Cutter(self._disk, self._record, self._folder, instants, first, alone)
        try:
            with planted(control) as made_by:
                machine = self._machine(alone, made_by)
                life = Life(machine, self._plan, self._record, RATE, self._seed, self._sent, alone, after)
                self._sent = await life.live(cutter)
        finally:
            self._disk.unmount()
        return cutter.cuts

    async def judge(self, cut: Cut, control: str) -> Fate:
        disk = Disk(cut.image, self._disk.place)
        disk.mount()
        try:
            return await judged(
                self._machine(cut.alone), cut, self._plan, self._folder, control=bool(control)
            )
        finally:
            disk.unmount()
            if self._judged:  # only the last one lives on, and each is as large as a home
                self._judged[-1].image.unlink()
            self._judged.append(cut)

    def go_on(self) -> None:
        """The next life is that of the last cut, as it came out of its own start."""
        if not self._judged:
            return
        last = self._judged[-1]
        last.image.replace(self._disk.image)
        self._record.write_bytes(last.record)


def _line(fate: Fate) -> str:
    what = "; ".join(fate.broken) or "nothing lost"
    alone = f", kept by the {fate.cut.alone} alone" if fate.cut.alone else ""
    return (
        f"cut {fate.cut.number:>3}, {fate.cut.after:5.1f} s after it was switched on: {fate.accepted:>5} accepted{alone}, "
        f"up again after {fate.started:5.1f} s: {what}"
    )


def main(words: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.powercuts", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="no cut is begun after them")
    parser.add_argument("--lanes", type=int, default=1, help="machines side by side")
    parser.add_argument("--control", default="", choices=("", *(one.name for one in CONTROLS)))
    given = parser.parse_args(words)
    if not can_mount():
        print("Power cuts need a user who may mount files (root, loop devices, mkfs.ext4): not done.")
        return 2
    if given.lanes > 1:
        shares = [(given.cuts + lane) // given.lanes for lane in range(given.lanes)]
        tally = side_by_side(given.seed, shares, given.minutes, given.control)
    else:
        try:
            tally = alone(given.seed, given.cuts, given.minutes, given.control)
        except NoDisk as error:
            print(f"Power cuts need a user who may mount files: {error}")
            return 2
    print(tally.line(given.seed))
    if given.control:
        print(
            f"control {given.control}: {f'red, as it must be: webhooks lost after {tally.lost} cuts' if tally.lost else 'NOT RED: the witness misses nothing'}"
        )
        return 0 if tally.lost else 1
    return 1 if tally.broken or not tally.cuts else 0


def alone(seed: int, cuts: int, minutes: float, control: str) -> Tally:
    """One machine after another. Raises NoDisk."""
    root = MEMORY if MEMORY.is_dir() else None
    until = time.monotonic() + minutes * 60
    with tempfile.TemporaryDirectory(prefix="lunas-cuts-", dir=root) as folder:
        Path(folder).chmod(0o755)
        return Tally.of(asyncio.run(power_cuts(seed, cuts, until, Path(folder), control)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
