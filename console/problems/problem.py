"""One problem: everything that is wrong for one cause. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

Kind = Literal["silence", "letters", "unconfirmed", "held"]
Status = Literal["open", "acknowledged", "fixed", "ignored"]
BEFORE_FACTS = ("decode", "translate", "append", "broker")
"""Stages at which what a provider said did not become a fact: whoever waits for that fact waits because of it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What people said of it. `again`: it was called fixed, and has come back since."""

    status: Status = "open"
    owner: str | None = None
    changed_by: str | None = None
    changed_at: datetime | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """`amount` in rupiah; of `unknown` of its `count` nobody can read any. `because`: the problem that explains this one."""

    kind: Kind
    stage: str
    error: str
    place: str
    provider: str
    event: str | None
    count: int
    amount: int
    unknown: int
    customers: int
    first_seen: datetime
    last_seen: datetime
    said: Said = field(default_factory=Said)
    because: str | None = None

    @property
    def fingerprint(self) -> str:
        """The same in every release: nothing in it moves when code does."""
        named = (self.kind, self.stage, self.error, self.place, self.provider, self.event or "")
        return hashlib.sha256("\n".join(named).encode("utf-8", "surrogatepass")).hexdigest()[:12]

    @property
    def where(self) -> str | None:
        """The filter that chooses its letters; None for what no replay is about."""
        if self.kind != "letters" or self.stage == "fulfil":
            return None
        clauses = [f"provider={self.provider}", f"error={quoted(self.error)}", f"stage={self.stage}"]
        clauses += [f"event={quoted(self.event)}"] if self.event else []
        clauses += [f"error~{quoted(self._in_detail)}"] if self.place else []
        return " and ".join(clauses) if self.provider != "unknown" else None

    @property
    def _in_detail(self) -> str:
        """What its letters tell and no other problem's: behind a function stands the line, and not the rest of a longer name."""
        return f"{self.place} line" if " in " in self.place else self.place


def quoted(value: str) -> str:
    """As a value of a filter."""
    return value if value.replace("_", "").replace(".", "").isalnum() else f'"{value}"'


def with_state(found: Found, status: Status, owner: str | None, by: str, at: datetime) -> Found:
    """What was called fixed and came back is open."""
    again = status == "fixed" and found.last_seen > at
    return replace(found, said=Said("open" if again else status, owner, by, at, again))


def arranged(problems: Sequence[Found]) -> list[Found]:
    """Causes first, the most money first; behind each what is only wrong because of it. Nothing is lost, nothing told twice."""
    explained = [replace(one, because=_cause(one, problems)) for one in problems]
    ordered = sorted(explained, key=lambda one: (-one.amount, -one.count, one.fingerprint))
    roots = [one for one in ordered if one.because is None]
    roots.sort(key=lambda one: one.kind != "silence")
    listed: list[Found] = []
    for root in roots:
        listed.append(root)
        listed += [one for one in ordered if one.because == root.fingerprint]
    return listed


def money_at_risk(problems: Iterable[Found]) -> int:
    """Rupiah that all of them are about. What is only wrong because of another one is about the same money: of a cause and what follows from it
    the larger sum counts."""
    own, following = Counter[str](), Counter[str]()
    for one in problems:
        if one.because is None:
            own[one.fingerprint] += one.amount
        else:
            following[one.because] += one.amount
    return sum(max(own[name], following[name]) for name in {*own, *following})


def _cause(problem: Found, problems: Sequence[Found]) -> str | None:
    """Money that was announced and never came: because its provider is silent, or because what it sent is parked."""
    if problem.kind != "unconfirmed":
        return None
    same = [one for one in problems if one.provider == problem.provider]
    silent = [one for one in same if one.kind == "silence"]
    parked = [one for one in same if one.kind == "letters" and one.stage in BEFORE_FACTS]
    explaining = silent or sorted(parked, key=lambda one: (-one.count, one.fingerprint))
    return explaining[0].fingerprint if explaining else None
