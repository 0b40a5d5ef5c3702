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
QUEUE_REFUSES = "queue_refuses"
"""One work queue takes nothing, or says nothing, while the other is well; from some instant on to the end of what is sent. In every second schedule."""
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
    refusing: tuple[int, float, bool] | None = None
    """Which queue refuses, from when on, and whether it says nothing instead."""

    @classmethod
    def dealt(cls, dice: random.Random, queues: int = 0) -> Faults:
        on = frozenset(kind for kind in KINDS if dice.random() < 0.6)
        crashing = tuple(name for name in CRASHES if dice.random() < 0.8)
        # Of dice of its own: what a seed did before there was this fault it does still.
        own = random.Random(dice.getstate()[1][0])
        refusing = (
            (own.randrange(queues), own.random() * 5, own.random() < 0.5)
            if queues and own.random() < 0.5
            else None
        )
        return cls(dice, on, crashing, refusing=refusing)

    def strikes(self, kind: str) -> bool:
        """Whether it happens now."""
        if not self.active or kind not in self.on or self.dice.random() >= KINDS[kind]:
            return False
        self.note(kind)
        return True

    def note(self, kind: str) -> None:
        self.seen[kind] = self.seen.get(kind, 0) + 1
