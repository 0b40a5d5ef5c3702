"""What may go wrong in one schedule, and how often: each seed switches some kinds off, so that deep states are reached too."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

KINDS = {
    "publish_lost": 0.05,
    "confirm_lost": 0.06,
    "publish_late": 0.05,
    "unroutable": 0.02,
    "ack_lost": 0.05,
    "store_refuses": 0.08,
    "store_busy": 0.06,
    "commit_unknown": 0.08,
    "answer_lost": 0.06,
    "disk_full": 0.03,
}
"""Kind → chance each time it could happen."""
CRASHES = ("ingress", "processor")
CRASH_CHANCE = 0.0025
OUTAGE_CHANCE = 0.0008
MOST_CRASHES = 6
"""A delivery that eight workers died of is parked unread, and rightly so: fewer is what nothing may be parked for."""


@dataclass
class Faults:
    """Dealt by a seed. `seen` counts what really happened."""

    dice: random.Random
    on: frozenset[str] = frozenset()
    crashing: tuple[str, ...] = ()
    active: bool = True
    seen: dict[str, int] = field(default_factory=dict)

    @classmethod
    def dealt(cls, dice: random.Random) -> Faults:
        on = frozenset(kind for kind in KINDS if dice.random() < 0.6)
        crashing = tuple(name for name in CRASHES if dice.random() < 0.8)
        return cls(dice, on, crashing)

    def strikes(self, kind: str) -> bool:
        """Whether it happens now."""
        if not self.active or kind not in self.on or self.dice.random() >= KINDS[kind]:
            return False
        self.note(kind)
        return True

    def note(self, kind: str) -> None:
        self.seen[kind] = self.seen.get(kind, 0) + 1
