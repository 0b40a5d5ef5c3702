"""What deciding about one case leads to: decisions to append, whom they wake, and what the case waits for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from processor.cases.keys import WaitKey
from processor.cases.world import Decided, World
from schemas import streams
from schemas.event_model import EventModel
from schemas.streams import StreamName


@dataclass(slots=True)
class Step:
    """`changed` are customers whose record changed, `calls` cases that must look again whatever they wait for, `parked` what an operator must see, `due_at` when to look
    again without news.
    """

    world: World
    decisions: list[Decided] = field(default_factory=list)
    waits: set[WaitKey] = field(default_factory=set)
    wakes: set[WaitKey] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    parked: list[tuple[str, str]] = field(default_factory=list)
    due_at: datetime | None = None

    def say(self, stream: StreamName, event: EventModel) -> None:
        """Append a decision."""
        self.decisions.append(Decided(stream, event))

    def say_of(self, customer_id: str, event: EventModel) -> None:
        """Append a decision to a customer's stream."""
        self.changed.add(customer_id)
        self.decisions.append(Decided(streams.customer(customer_id), event))
