"""A database in memory, with the interface of processor.intake.store.Store: dedupe, deliveries, facts and letters, committed together.

Verdicts are made by the real code; what this does beside it is held to the real store by tests/integration/simulation.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import asyncpg

from processor.intake.interpreter import Interpreter, Prepared
from processor.intake.letters import Letter
from processor.intake.store import Recorded
from processor.intake.verdicts import Key, Known, Verdict, firsts, judge, key_of
from schemas.event_model import EventModel
from tests.simulation.faults import Faults
from tests.simulation.loop import SimLoop


@dataclass
class SimLog:
    """What is committed."""

    interpreter: Interpreter
    inbox: dict[Key, Known] = field(default_factory=dict)
    deliveries: dict[uuid.UUID, Verdict] = field(default_factory=dict)
    facts: list[EventModel] = field(default_factory=list)
    letters: list[tuple[str, str]] = field(default_factory=list)
    suspects: dict[bytes, tuple[int, uuid.UUID | None]] = field(default_factory=dict)

    def commit(self, batch: Sequence[Prepared]) -> list[Recorded]:
        """One transaction, at one instant."""
        fresh = list(
            {one.delivery_id: one for one in batch if one.delivery_id not in self.deliveries}.values()
        )
        wanted = firsts(fresh)
        held = {key: self._today(one, self.inbox[key]) for key, one in wanted.items() if key in self.inbox}
        verdicts = judge(fresh, held)
        for key, one in wanted.items():
            facts = len(one.translation.facts) if one.translation else 0
            self.inbox.setdefault(key, Known(one.delivery_id, one.content_digest, facts))
        for verdict in verdicts:
            self.deliveries[verdict.prepared.delivery_id] = verdict
            self.facts += [fact.event for fact in verdict.facts]
            if verdict.letter is not None:
                self.letters.append((verdict.letter.stage, verdict.letter.reason))
            key = key_of(verdict.prepared)
            if verdict.learned and key is not None:
                self.inbox[key] = replace(self.inbox[key], effects=len(verdict.facts))
        return [Recorded(verdict, 0) for verdict in verdicts]

    def _today(self, prepared: Prepared, before: Known) -> Known:
        """As Store does: only two deliveries read by the same translator can contradict each other."""
        first = self.deliveries.get(before.delivery_id)
        if before.content_digest == prepared.content_digest or first is None:
            return before
        again = self.interpreter.prepare(first.prepared.envelope)
        same = again.body_sha256 == prepared.body_sha256
        if same or key_of(again) == key_of(prepared):
            return replace(before, content_digest=prepared.content_digest if same else again.content_digest)
        return before


@dataclass
class SimStore:
    """A connection of one process to the log."""

    log: SimLog
    loop: SimLoop
    faults: Faults
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    me: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def interpreter(self) -> Interpreter:
        return self.log.interpreter

    async def store(self, batch: Sequence[Prepared]) -> list[Recorded]:
        async with self.turn:
            await asyncio.sleep(self.loop.latency())
            if self.faults.strikes("store_refuses"):
                raise ConnectionResetError("the connection is gone")
            if self.faults.strikes("store_busy"):
                raise asyncpg.LockNotAvailableError("busy")
            stored = self.log.commit(batch)
            await asyncio.sleep(self.loop.latency())
            if self.faults.strikes("commit_unknown"):
                raise ConnectionResetError("the connection is gone, and nobody knows what it did")
            return stored

    async def deaths(self, messages: Sequence[bytes]) -> list[int]:
        await asyncio.sleep(self.loop.latency())
        return [self._deaths(message) for message in messages]

    async def in_hand(self, messages: Sequence[bytes]) -> list[int]:
        await asyncio.sleep(self.loop.latency())
        if self.faults.strikes("store_refuses"):
            raise ConnectionResetError("the connection is gone")
        deaths = [self._deaths(message) for message in messages]
        self.log.suspects.update(
            {message: (died, self.me) for message, died in zip(messages, deaths, strict=True)}
        )
        await asyncio.sleep(self.loop.latency())
        return deaths

    async def put_down(self, messages: Sequence[bytes]) -> None:
        await asyncio.sleep(self.loop.latency())
        for message in messages:
            deaths, holder = self.log.suspects.get(message, (0, None))
            if holder == self.me:
                self.log.suspects[message] = deaths, None

    async def let_go(self, messages: Sequence[bytes]) -> None:
        await asyncio.sleep(self.loop.latency())
        for message in messages:
            self.log.suspects.pop(message, None)

    def _deaths(self, message: bytes) -> int:
        deaths, holder = self.log.suspects.get(message, (0, None))
        return deaths + (holder is not None and holder != self.me)

    async def park(self, letters: Sequence[Letter]) -> None:
        await asyncio.sleep(self.loop.latency())
        self.log.letters += [(letter.why.stage, letter.why.reason) for letter in letters]

    async def alive(self) -> bool:
        await asyncio.sleep(self.loop.latency())
        return not (self.faults.active and self.faults.dice.random() < 0.2)
