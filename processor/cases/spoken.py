"""What people said of held money: kept by the id of what is held, until it is taken back."""

from __future__ import annotations

from processor.cases.state import State


class Claim(State):
    """An operator's word on held money."""

    customer_id: str
    product: str | None
    actor: str
    position: int


class WriteOff(State):
    """An operator's word that held money is to be kept without granting anything."""

    actor: str
    position: int = 0


def take_back(
    words: dict[str, Claim] | dict[str, WriteOff], taken: dict[str, int], name: str, position: int
) -> None:
    """A word that stood before this position stands no more; `taken` keeps that, so that it does not come back."""
    taken[name] = max(position, taken.get(name, 0))
    if name in words and words[name].position < position:
        del words[name]
