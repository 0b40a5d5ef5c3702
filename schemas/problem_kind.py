"""One kind of problem as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem. The texts may name parameters in braces; those among `members` are fields of the answer too."""

    code: str
    status: int
    title: str
    en: str
    id: str
    members: tuple[str, ...] = ()
