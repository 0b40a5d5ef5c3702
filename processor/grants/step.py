"""What deciding about one case leads to: decisions to append, whom they wake, and what the case waits for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from processor.cases.keys import WaitKey
from processor.cases.world import Decided, World


@dataclass(slots=True)
class Step:
    """`changed` are customers whose record changed, `tiers` those whose tier may be another one now, and why. `calls`: cases that must look again
    whatever they wait for; `parked`: what an operator must see; `due_at`: when to look again without news.
    """

    world: World
    decisions: list[Decided] = field(default_factory=list)
    waits: set[WaitKey] = field(default_factory=set)
    wakes: set[WaitKey] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    tiers: dict[str, str] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)
    parked: list[tuple[str, str]] = field(default_factory=list)
    due_at: datetime | None = None
