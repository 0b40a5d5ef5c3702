"""What a run says of itself: what was injected and what it caused, how fast everything was well again, and the verdict."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
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
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def ok(self) -> bool:
        return not self.verdict.broken

    def lines(self) -> list[str]:
        """The report."""
        by_kind: dict[str, list[Injected]] = defaultdict(list)
        for each in self.injected:
            by_kind[each.kind].append(each)
        found = [f"{'fault':<42} {'times':>5}  {'well again after, s':>20}", ""]
        found += [_line(kind, faults) for kind, faults in sorted(by_kind.items())]
        counted = [each for each in self.injected if not each.failed]
        found += [
            "",
            f"{len(counted)} faults of {len({each.kind for each in counted})} kinds, {self.kills} kills, {self.restarts} starts by the keeper, "
            f"{self.seconds:.0f} s; everything had come to its end {self.settled:.1f} s after the last webhook",
            *(f"{name}: {number:,}" for name, number in self.verdict.figures.items()),
            "",
        ]
        found += [f"BROKEN {name}: {each}" for name, all_of in self.verdict.broken.items() for each in all_of]
        found.append(
            "VERDICT: 0 lost, 0 doubled, 0 invented, every rupiah accounted for"
            if self.ok
            else "VERDICT: broken"
        )
        found.append(
            f"again: make torture SEED={self.seed} MINUTES={self.minutes:g} WEBHOOKS={self.webhooks}"
        )
        return found

    def write(self, path: Path) -> None:
        """As one JSON document."""
        document = {
            "seed": self.seed,
            "webhooks": self.webhooks,
            "minutes": self.minutes,
            "kills": self.kills,
            "faults": [vars(each) for each in self.injected],
            "figures": self.verdict.figures,
            "broken": self.verdict.broken,
        }
        path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def _line(kind: str, faults: list[Injected]) -> str:
    failed = [each.failed for each in faults if each.failed]
    measured = [each.recovered for each in faults if each.recovered is not None]
    took = f"{statistics.median(measured):.1f} (at most {max(measured):.1f})" if measured else "-"
    said = f"  not injected {len(failed)}: {failed[0]}" if failed else ""
    return f"{kind:<42} {len(faults) - len(failed):>5}  {took:>20}{said}"
