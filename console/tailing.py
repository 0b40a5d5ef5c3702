"""The live end of the log, as `lunas listen` shows it: which events are wanted, and what a line says of one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from console.exits import WrongUse
from console.messages import text
from eventstore.read import StoredEvent
from notify.kinds import KINDS, Notice
from notify.kinds import TYPES as TELLING
from schemas.events import EVENT_TYPES

NAMES = (*EVENT_TYPES, *(kind for kind in KINDS if kind not in EVENT_TYPES))
"""Types of the log, and kinds of notifications."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One event of the log, and what applications are told because of it."""

    event: StoredEvent
    data: dict[str, Any]
    notice: Notice | None

    @property
    def provider(self) -> str | None:
        found = self.data.get("provider")
        return found if isinstance(found, str) else None

    def row(self) -> dict[str, Any]:
        """The fields of a line, which have the same names in JSON."""
        return {
            "position": self.event.position,
            "at": self.event.recorded_at,
            "type": self.event.type,
            "provider": self.provider,
            "customer_id": self.data.get("customer_id"),
            "amount": self.data.get("amount"),
            "stream": self.event.stream,
            "told": self.notice.kind if self.notice else None,
        }


@dataclass(frozen=True, slots=True)
class Hearing:
    """What is listened for; empty `types` and no provider mean everything."""

    types: frozenset[str]
    provider: str | None

    @property
    def read(self) -> list[str] | None:
        """The types to read of the log; None for every one. What applications are told has its reason in some of them."""
        if not self.types:
            return None
        own = self.types & EVENT_TYPES.keys()
        return sorted(own | set(TELLING) if self.types - own else own)

    def takes(self, one: Heard) -> bool:
        if self.provider is not None and one.provider != self.provider:
            return False
        told = one.notice.kind if one.notice else ""
        return not self.types or one.event.type in self.types or told in self.types


def wanted(types: Iterable[str], provider: str | None) -> Hearing:
    """`payment.assessed`, or `payment.*` for a family. Raises WrongUse, with the near name, for what is none."""
    chosen: set[str] = set()
    for given in types:
        family = given.removesuffix("*")
        fitting = {name for name in NAMES if name == given or (family != given and name.startswith(family))}
        if not fitting:
            near = get_close_matches(given, NAMES, n=1, cutoff=0.5)
            key = "listen.no_type_near" if near else "listen.no_type"
            raise WrongUse(text(key, given=given, near=" ".join(near), known=", ".join(sorted(NAMES))))
        chosen |= fitting
    return Hearing(frozenset(chosen), provider)


def heard(events: Sequence[StoredEvent], notices: Sequence[tuple[StoredEvent, Notice]]) -> list[Heard]:
    """Events in order, each with its notice."""
    told = {event.position: notice for event, notice in notices}
    return [Heard(event, json.loads(event.data), told.get(event.position)) for event in events]
