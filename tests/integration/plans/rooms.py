"""Every statement of every room, with the sessions it runs in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from eventstore.queries import load, parse
from projections.statements import table_sql
from runtime.database import BY_INDEX, PLAN_ONCE

ROOT = Path(__file__).parents[3]
LIVE = 1  # generation of the filled tables

_EXPLAINED = re.compile(r"(?:--[^\n]*\n|\s)*(SELECT|WITH|INSERT|UPDATE|DELETE|\(SELECT)\b")


@dataclass(frozen=True)
class Session:
    """How a process connects: its role, and how its statements are planned. `generic`: without a look at the arguments."""

    name: str
    role: str
    settings: Mapping[str, str]
    generic: bool


PROCESSOR = Session("processor", "lunas_processor", BY_INDEX | PLAN_ONCE, generic=True)
PROJECTIONS = Session("projections", "lunas_projector", BY_INDEX | PLAN_ONCE, generic=True)
API = Session("api", "lunas_api", BY_INDEX | PLAN_ONCE, generic=True)
NOTIFY = Session("notify", "lunas_notifier", BY_INDEX, generic=False)
CONSOLE = Session("console", "lunas_operator", BY_INDEX, generic=False)
REBUILD = Session("console, rebuilding", "lunas_projector", {}, generic=False)

ALL = (PROCESSOR, PROJECTIONS, API, NOTIFY, CONSOLE)

# Which sessions the statements of a file run in; a file that is not here is run by its own room alone.
SESSIONS: Mapping[str, tuple[Session, ...]] = {
    "eventstore/append.sql": (PROCESSOR, API, CONSOLE),
    "eventstore/read.sql": ALL,
    "eventstore/checkpoints.sql": (PROCESSOR, NOTIFY),
    "eventstore/leadership.sql": (PROCESSOR,),
    "eventstore/parts.sql": (PROCESSOR, CONSOLE),
    "eventstore/seals.sql": (PROCESSOR,),
    "eventstore/proofs.sql": (CONSOLE,),
    "eventstore/personal.sql": (PROCESSOR, API),
    "eventstore/person_keys.sql": (PROJECTIONS, API, NOTIFY, CONSOLE),
    "eventstore/persons.sql": (API, CONSOLE),
    "eventstore/key_exchange.sql": (CONSOLE,),
    "eventstore/person_log.sql": (CONSOLE,),
    "projections/versions.sql": (PROJECTIONS, REBUILD),
    "projections/verify.sql": (REBUILD,),
}
OF_ROOM: Mapping[str, tuple[Session, ...]] = {
    "processor": (PROCESSOR,),
    "projections": (PROJECTIONS,),
    "api": (API,),
    "notify": (NOTIFY,),
    "console": (CONSOLE,),
}


@dataclass(frozen=True)
class Statement:
    """One statement of a `.sql` file. `name` is file and heading."""

    name: str
    text: str
    session: Session

    @property
    def parameters(self) -> int:
        return max((int(number) for number in re.findall(r"\$(\d+)", self.text)), default=0)

    def __str__(self) -> str:
        return f"{self.name} ({self.session.name})"


def statements() -> Iterator[Statement]:
    """All that look something up or change rows; what makes tables, or only sets something, is left out."""
    for path in sorted(ROOT.glob("*/sql/*.sql")):
        room, file = path.parts[-3], path.name
        known = f"{room}/{file}"
        for session in SESSIONS.get(known) or OF_ROOM[room]:
            for heading, text in _texts(room, file).items():
                if _EXPLAINED.match(text):
                    yield Statement(f"{known}:{heading}", text, session)


def _texts(room: str, file: str) -> Mapping[str, str]:
    raw = parse((ROOT / room / "sql" / file).read_text(encoding="utf-8"))
    if "create" in raw and "_vN" in raw["create"]:
        return table_sql(file.removesuffix(".sql"), LIVE)
    return load(file, room)
