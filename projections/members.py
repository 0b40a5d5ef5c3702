"""Generations that are fed: which there are, how far each has come, and which of their streams are parked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from projections.projection import Projection
from projections.registry import BY_NAME
from projections.statements import runner_sql
from runtime.database import Connection


@dataclass(slots=True)
class Member:
    """One generation of one projection. `waiting` holds the streams of which an event could not be folded."""

    projection: Projection
    version: int
    status: str
    position: int
    waiting: set[str] = field(default_factory=set)

    @property
    def label(self) -> str:
        return f"{self.projection.name}_v{self.version}"


async def members(connection: Connection, projections: Mapping[str, Projection] = BY_NAME) -> list[Member]:
    """Every generation with a checkpoint whose projection this program knows."""
    found = {
        (row["name"], row["version"]): Member(
            projections[row["name"]], row["version"], row["status"], row["position"]
        )
        for row in await connection.fetch(runner_sql()["members"])
        if row["name"] in projections
    }
    for row in await connection.fetch(runner_sql()["parked_streams"]):
        member = found.get((row["name"], row["version"]))
        if member is not None:
            member.waiting.add(row["stream"])
    return list(found.values())


def by_position(given: Iterable[Member]) -> list[list[Member]]:
    """Members that stand at the same position together, the most advanced first."""
    groups: dict[int, list[Member]] = {}
    for member in given:
        groups.setdefault(member.position, []).append(member)
    return [groups[position] for position in sorted(groups, reverse=True)]
