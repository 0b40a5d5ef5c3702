"""The tables of fulfilment in memory: they answer its queries, and take what a round writes. What goes in and out is the JSON of production."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from processor.fulfilment.desk import LOOK, SQL, pieces_of
from processor.fulfilment.work import Work

T = TypeVar("T")
Row = dict[str, Any]


class StoredCase(NamedTuple):
    """A row of `fulfilment_cases`."""

    kind: str
    owner: str | None
    state: str
    due_at: datetime | None


@dataclass
class Tables:
    """Stands for a connection."""

    cases: dict[str, StoredCase] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    waits: set[tuple[str, str]] = field(default_factory=set)
    customers: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    async def fetch(self, query: str, *arguments: Any) -> list[Row]:
        answers: dict[str, Callable[..., list[Row]]] = {
            LOOK: self._look,
            SQL["cases"]: self._cases,
            SQL["owners"]: self._owners,
            SQL["waiting"]: self._waiting,
            SQL["due"]: self._due,
            SQL["customers"]: self._customers,
            SQL["stream_versions"]: self._versions,
        }
        return answers[query](*arguments)

    def save(self, work: Work) -> None:
        """What a round commits."""
        expected = work.expected()
        assert all(self.versions.get(stream, 0) == version for stream, version in expected.items())
        for event in work.new:
            self.versions[event.stream] = self.versions.get(event.stream, 0) + 1
        for query, columns in pieces_of(work.desk, work.decided, work.due):
            self._write(query, columns)

    def change_case(self, key: str, **fields: object) -> None:
        """As if another program had written it."""
        case = self.cases[key]
        self.cases[key] = case._replace(state=json.dumps(json.loads(case.state) | fields))

    def _write(self, query: str, columns: Sequence[Any]) -> None:
        if query == SQL["save_cases"]:
            for key, kind, owner, state, due_at, _ in zip(*columns, strict=True):
                self.cases[key] = StoredCase(kind, owner, state, due_at)
        elif query == SQL["delete_cases"]:
            for key in columns[0]:
                self.cases.pop(key, None)
        elif query == SQL["point_aliases"]:
            self.aliases |= {name: key for name, key in zip(*columns, strict=True) if name in self.aliases}
        elif query == SQL["add_aliases"]:
            self.aliases = dict(zip(*columns, strict=True)) | self.aliases
        elif query == SQL["clear_waits"]:
            kept = set(zip(columns[1], columns[2], strict=True))
            self.waits = {wait for wait in self.waits if wait[1] not in columns[0] or wait in kept}
        elif query == SQL["save_waits"]:
            self.waits |= set(zip(*columns, strict=True))
        elif query == SQL["save_customers"]:
            for customer_id, email, state in zip(*columns, strict=True):
                self.customers[customer_id] = (email, state)
        else:
            raise LookupError(query)

    def _look(self, names: list[str], ids: list[str], emails: list[str]) -> list[Row]:
        cases = [(name, key) for name in names if (key := self.aliases.get(name)) in self.cases]
        rows = [
            {
                "what": "case",
                "name": name,
                "key": key,
                "kind": self.cases[key].kind,
                "state": self.cases[key].state,
            }
            for name, key in cases
            if key is not None
        ]
        rows += [
            {"what": "customer", "state": row["state"], "number": row["version"]}
            for row in self._customers(ids, emails)
        ]
        return [*rows, {"what": "head", "number": 0}, {"what": "next", "number": 1}]

    def _cases(self, keys: list[str]) -> list[Row]:
        found = [(key, self.cases[key]) for key in keys if key in self.cases]
        return [{"case_key": key, "kind": case.kind, "state": case.state} for key, case in found]

    def _owners(self, keys: list[str]) -> list[Row]:
        found = [(key, self.cases[key]) for key in keys if key in self.cases]
        return [{"case_key": key, "customer_id": case.owner} for key, case in found]

    def _waiting(self, waits: list[str]) -> list[Row]:
        return [{"case_key": key} for key in sorted({key for wait, key in self.waits if wait in waits})]

    def _due(self, now: datetime, limit: int) -> list[Row]:
        due = [(case.due_at, key) for key, case in self.cases.items() if case.due_at and case.due_at <= now]
        return [{"case_key": key} for _, key in sorted(due)[:limit]]

    def _customers(self, ids: list[str], emails: list[str]) -> list[Row]:
        return [
            {"customer_id": key, "state": state, "version": self.versions.get(f"customer-{key}")}
            for key, (email, state) in self.customers.items()
            if key in ids or email in emails
        ]

    def _versions(self, streams: list[str]) -> list[Row]:
        return [{"stream": one, "version": self.versions[one]} for one in streams if one in self.versions]


def run(work: Coroutine[Any, Any, T]) -> T:
    """What only yields to others, and waits for nothing."""
    try:
        while True:
            work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
