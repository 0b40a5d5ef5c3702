"""Workers that are known to be wrong: the simulation must find each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ingress.journal.course import Course
from ingress.journal.keeper import Kept
from ingress.journal.progress import Progress
from processor.intake.batcher import Arrival
from processor.intake.pipeline import Pipeline
from tests.simulation.store import SimLog


@contextmanager
def _acknowledged_first() -> Iterator[None]:
    """A message is acknowledged before what it holds is committed."""
    sound = Pipeline._settle

    async def settle(self: Pipeline, batch: Sequence[Arrival]) -> None:
        await self._consumer.ack_through(batch[-1].delivery.tag)
        await sound(self, batch)

    Pipeline._settle = settle  # type: ignore[method-assign]
    try:
        yield
    finally:
        Pipeline._settle = sound  # type: ignore[method-assign]


@contextmanager
def _answered_first() -> Iterator[None]:
    """200 before the delivery is in the journal."""
    sound = Kept.resolve

    def resolve(self: Kept) -> None:
        if not self.answered:
            self.answered = True
            self.answer(None)
        sound(self)

    Kept.resolve = resolve  # type: ignore[method-assign]
    try:
        yield
    finally:
        Kept.resolve = sound  # type: ignore[method-assign]


@contextmanager
def _nothing_remembered() -> Iterator[None]:
    """Facts are committed, what was seen is not."""
    sound = SimLog.commit

    def commit(self: SimLog, batch: Sequence[object]) -> object:
        self.inbox.clear()
        return sound(self, batch)  # type: ignore[arg-type]

    SimLog.commit = commit  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        SimLog.commit = sound  # type: ignore[method-assign]


@contextmanager
def _broker_believed() -> Iterator[None]:
    """What the broker confirmed is never sent again, whatever became of the broker."""
    sure, doubt = Progress.sure, Progress.doubt
    Progress.sure = property(lambda self: self.through)  # type: ignore[method-assign, assignment]
    Progress.doubt = lambda self: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        Progress.sure, Progress.doubt = sure, doubt  # type: ignore[method-assign]


@contextmanager
def _one_queue_for_all() -> Iterator[None]:
    """What is for a queue that refuses holds up what is for the others."""
    sound = Course._go_on_without
    Course._go_on_without = lambda self, failures: False  # type: ignore[method-assign]
    try:
        yield
    finally:
        Course._go_on_without = sound  # type: ignore[method-assign]


CONTROLS: dict[str, Callable[[], object]] = {
    "ack-before-commit": _acknowledged_first,
    "answer-before-journal": _answered_first,
    "broker-believed": _broker_believed,
    "dedupe-off": _nothing_remembered,
    "queue-waited-for": _one_queue_for_all,
}
"""Name → a block in which the worker is wrong."""
