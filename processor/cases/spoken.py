"""What people said of held money: kept by the id of what is held, until it is taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import field

from processor.cases.attempts import Register
from processor.cases.attesting import is_vouched
from processor.cases.joining import put
from processor.cases.state import State
from schemas.facts import PaymentFact


class Claim(State):
    """An operator's word on held money."""

    customer_id: str
    product: str | None
    actor: str
    position: int


class Correction(State):
    """A person's patch of what a provider said, by its fields.

    `heard`: what was told since of the context, of a word that takes back what a person had said: what they said may be newer by the clock, and
    has overruled it in the facts.
    """

    position: int
    amount: int | None = None
    customer_id: str | None = None
    product: str | None = None
    unsaid_at: datetime | None = None
    heard: dict[str, Register] = field(default_factory=dict)

    def hear(self, fact: PaymentFact, names: Sequence[str], position: int) -> None:
        """What is told after a person took back what they had said: it counts, and may be older than what they said. The newest of each counts."""
        if self.unsaid_at is None or position < self.position or fact.occurred_at == self.unsaid_at:
            return
        told: dict[str, object] = {name: getattr(fact, name) for name in names}
        told["products"] = [hint.model_dump() for hint in fact.products] or None
        for name, value in told.items():
            if value is not None:
                put(self.heard, name, Register(fact.occurred_at, value, is_vouched(fact)), Register.newer)


def hear(words: Iterable[Correction], fact: PaymentFact, names: Sequence[str], position: int) -> None:
    """Each word that takes something back keeps what is told since."""
    for word in words:
        word.hear(fact, names, position)


class WriteOff(State):
    """An operator's word that held money is to be kept without granting anything."""

    actor: str
    position: int = 0


Word = TypeVar("Word", Claim, Correction, WriteOff)


def say(words: dict[str, Word], taken: dict[str, int], name: str, word: Word) -> bool:
    """Of two words about one thing the newer stands, unless it was taken back since. Returns whether this one stands now."""
    known = words.get(name)
    stands = word.position > max(known.position if known else 0, taken.get(name, 0))
    if stands:
        words[name] = word
    return stands


def take_back(words: dict[str, Word], taken: dict[str, int], name: str, position: int) -> bool:
    """A word that stood before this position stands no more; `taken` keeps that, so that it does not come back. Returns whether there was one."""
    taken[name] = max(position, taken.get(name, 0))
    stood = name in words and words[name].position < position
    if stood:
        del words[name]
    return stood
