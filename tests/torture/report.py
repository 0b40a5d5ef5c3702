"""What a run says of itself: what was injected and what it caused, how fast everything was well again, and the verdict."""

from __future__ import annotations

import json
import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.witness.verdict import Verdict


@dataclass
class Injected:
    """One fault: how long it lasted, and after how many seconds everything was as before; None where that was not measured."""

    kind: str
    lasted: float
    recovered: float | None = None
    failed: str = ""
    fault: bool = True
    refused: int | None = None
    """Requests that were told to come again, or heard nothing, until everything was as before."""


@dataclass
class Report:
    """One run. `lines` says it to people, `write` to programs."""

    seed: int
    webhooks: int
    minutes: float
    injected: list[Injected] = field(default_factory=list)
    kills: int = 0
    restarts: int = 0
    seconds: float = 0.0
    settled: float = 0.0
    sent: int = 0
    asked_kills: int = 0
    asked_kinds: int = 0
    asked_faults: int = 0
    slow: bool = False
    """What was not reached is the machine's, and told only."""
    again: str = ""
    """The words that repeat it."""
    well_again: float | None = None
    told: list[str] = field(default_factory=list)
    """What the keeper did beside starting what was dead."""
    boots: dict[str, list[float]] = field(default_factory=dict)
    """By service, seconds until it answered after each start."""
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def ok(self) -> bool:
        """A run in which nothing went wrong proves nothing, and one that was cut short not what was asked of it."""
        return not self.verdict.broken and self.kinds > 0 and (self.slow or not self._short())

    @property
    def kinds(self) -> int:
        """Of faults that were really injected."""
        return len({each.kind for each in self._real()})

    def lines(self) -> list[str]:
        """The report."""
        by_kind: dict[str, list[Injected]] = defaultdict(list)
        for each in self.injected:
            by_kind[each.kind].append(each)
        found = [f"{'fault':<42} {'times':>5}  {'well again after, s':>20}  {'not 200':>7}", ""]
        found += [_line(kind, faults) for kind, faults in sorted(by_kind.items())]
        found += [
            "",
            f"{len(self._real())} faults of {self.kinds} kinds, {self.kills} kills, {self.restarts} starts by the keeper, "
            f"{self.seconds:.0f} s; everything had come to its end {self.settled:.1f} s after the last webhook",
            *(
                []
                if self.well_again is None
                else [f"well again {self.well_again:.1f} s after the last fault"]
            ),
            *(f"{times} times by the keeper: {said}" for said, times in Counter(self.told).items()),
            *(
                f"starts of {name}: {len(took)}, it answered after {statistics.median(took):.1f} s (at most {max(took):.1f})"
                for name, took in self.boots.items()
            ),
            *self._short(),
            *(f"{name}: {number:,}" for name, number in self.verdict.figures.items()),
            "",
        ]
        found += [f"BROKEN {name}: {each}" for name, all_of in self.verdict.broken.items() for each in all_of]
        found.append(f"VERDICT: {self._verdict()}")
        found.append(f"again: python -m tests.torture --seed {self.seed} {self.again}".rstrip())
        return found

    def _real(self) -> list[Injected]:
        return [each for each in self.injected if each.fault and not each.failed]

    def _verdict(self) -> str:
        if self.verdict.broken:
            return "broken"
        if not self.kinds:
            return "void, nothing was injected"
        fine = "0 lost, 0 doubled, 0 invented, every rupiah accounted for"
        return (
            f"not all that was asked for was reached; of what was reached {fine}" if self._short() else fine
        )

    def _short(self) -> list[str]:
        """What was asked for and not reached."""
        found = []
        if self.sent < self.webhooks:
            found.append(
                f"NOT REACHED: {self.sent:,} of {self.webhooks:,} webhooks were sent before the time was over"
            )
        if self.kills < self.asked_kills:
            found.append(f"NOT REACHED: {self.kills} of {self.asked_kills} kills before the time was over")
        if self.kinds < self.asked_kinds:
            found.append(f"NOT REACHED: {self.kinds} of {self.asked_kinds} kinds of faults")
        if len(self._real()) < self.asked_faults:
            found.append(f"NOT REACHED: {len(self._real())} of {self.asked_faults} faults")
        return found

    def write(self, path: Path) -> None:
        """As one JSON document."""
        document = {
            "seed": self.seed,
            "webhooks": self.webhooks,
            "minutes": self.minutes,
            "sent": self.sent,
            "kills": self.kills,
            "not_reached": self._short(),
            "faults": [vars(each) for each in self.injected],
            "figures": self.verdict.figures,
            "boots": self.boots,
            "broken": self.verdict.broken,
        }
        path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def _line(kind: str, faults: list[Injected]) -> str:
    failed = [each.failed for each in faults if each.failed]
    measured = [each.recovered for each in faults if each.recovered is not None]
    took = f"{statistics.median(measured):.1f} (at most {max(measured):.1f})" if measured else "-"
    refused = [each.refused for each in faults if each.refused is not None]
    caused = str(sum(refused)) if refused else "-"
    said = f"  not injected {len(failed)}: {failed[0]}" if failed else ""
    return f"{kind:<42} {len(faults) - len(failed):>5}  {took:>20}  {caused:>7}{said}"
