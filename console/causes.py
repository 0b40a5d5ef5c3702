"""What follows from what: of everything that is wrong, the causes come first and what they explain is shown under them.

A frozen database makes every process that needs it not ready, and their queues and read models stand still: that is one thing to mend,
not nine. Pure: it knows nothing of how the troubles were found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")

Kind = Literal["refused", "silent", "away", "not_ready", "other", "missing", "unread", "behind", "wrong"]
"""How something is in trouble. `silent`: it takes connections and says nothing; `unread`: nobody consumes; `wrong`: all the rest."""

DATABASE, SCHEMA, BROKER, QUEUES, CONSUMERS, READERS = (
    "database", "schema", "broker", "queues", "consumers", "readers",
)  # fmt: skip
PROCESSES = ("ingress", "processor", "projections", "api", "notify", "console")
ALL = "processes"
"""Every process at once: nothing runs."""

# What each process cannot be ready without, by the name of the readiness check that says so.
_NEEDS: dict[str, dict[str, tuple[str, ...]]] = {
    "ingress": {"broker": (BROKER, QUEUES)},
    "processor": {"database": (DATABASE, SCHEMA), "broker": (BROKER, QUEUES)},
    "projections": {"database": (DATABASE, SCHEMA)},
    "api": {"database": (DATABASE, SCHEMA)},
    "notify": {"database": (DATABASE, SCHEMA)},
    "console": {"database": (DATABASE, SCHEMA)},
}
_ORDER = (DATABASE, SCHEMA, BROKER, ALL, *PROCESSES, QUEUES, CONSUMERS, READERS)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is in trouble, and how. `of`: the process that feeds or reads it; `failed`: readiness checks a process says are failing."""

    name: str
    kind: Kind = "wrong"
    of: str = ""
    failed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RootCause(Generic[T]):
    """Something that is wrong, and what is only wrong because of it."""

    trouble: T
    consequences: tuple[RootCause[T], ...] = ()

    def all(self) -> Iterator[T]:
        """It and everything under it."""
        yield self.trouble
        for consequence in self.consequences:
            yield from consequence.all()


def explanations(subject: Subject) -> Iterator[tuple[str, frozenset[str]]]:
    """(name, kinds) of what would explain this trouble, nearest first. No kinds: any trouble of that name does.

    What runs and hangs is explained by nothing: readiness answers within its own limit, whatever a process needs.
    """
    any_kind: frozenset[str] = frozenset()
    if subject.name in _NEEDS and subject.kind in ("not_ready", "away"):
        for check, needs in _NEEDS[subject.name].items():
            if subject.kind == "away" or not subject.failed or check in subject.failed:
                # A process that starts makes its queues: missing ones explain one that runs and waits, not one that is away.
                yield from ((need, any_kind) for need in needs if need != QUEUES or subject.kind != "away")
    elif subject.name == ALL:
        yield from ((need, any_kind) for need in (DATABASE, SCHEMA, BROKER))
    elif subject.name == QUEUES and subject.kind == "missing":
        yield from ((name, frozenset({"away"})) for name in (ALL, "processor", "ingress"))
    elif subject.name in (CONSUMERS, READERS):
        # The exchange is told by the API, which is ready without a broker.
        also = (BROKER,) if subject.of == "api" else ()
        yield from ((name, any_kind) for name in (ALL, subject.of, *also))


def arrange(troubles: Sequence[T], subject_of: Callable[[T], Subject | None]) -> list[RootCause[T]]:
    """The causes, services before processes before the rest, each with its consequences. Nothing is lost, nothing told twice."""
    subjects = {index: subject for index, each in enumerate(troubles) if (subject := subject_of(each))}
    under: dict[int | None, list[int]] = {}
    for index in range(len(troubles)):
        under.setdefault(_cause_of(index, subjects), []).append(index)

    def built(index: int) -> RootCause[T]:
        return RootCause(troubles[index], tuple(built(each) for each in under.get(index, ())))

    roots = sorted(under.get(None, ()), key=lambda index: _rank(subjects.get(index)))
    return [built(index) for index in roots]


def _cause_of(index: int, subjects: dict[int, Subject]) -> int | None:
    if index not in subjects:
        return None
    for name, kinds in explanations(subjects[index]):
        for other, subject in subjects.items():
            if other != index and subject.name == name and (not kinds or subject.kind in kinds):
                return other
    return None


def _rank(subject: Subject | None) -> int:
    return _ORDER.index(subject.name) if subject and subject.name in _ORDER else len(_ORDER)
