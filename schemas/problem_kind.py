"""One kind of problem as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem. The texts may name parameters in braces; those among `members` are fields of the answer too.

    `field`: what of a call it is about, where whoever raises it says nothing else: a field, a parameter or a header.
    """

    code: str
    status: int
    title: str
    en: str
    id: str
    members: tuple[str, ...] = ()
    field: str | None = None
