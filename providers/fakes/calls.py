"""A request to a fake provider and its answer, free of HTTP machinery: what a provider does with a call is a plain function."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from multidict import MultiMapping

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FakeCall:
    """One request. `quirks`: names of the switches that are on for it; `origin`: the server's address as the caller wrote it."""

    method: str
    path: str
    params: Mapping[str, str]
    query: MultiMapping[str]
    headers: MultiMapping[str]
    body: bytes
    quirks: frozenset[str] = frozenset()
    origin: str = ""

    def page(self, provider: str, key: str) -> str:
        """Where a person pays."""
        return f"{self.origin}/fake/pay/{provider}/{key}"

    def document(self) -> Json:
        """The body. Raises ApiRefusal when it is no JSON object; an empty body is an empty object."""
        if not self.body:
            return {}
        try:
            read = json.loads(self.body)
            # Half a character, or a number that is none, is JSON to Python alone.
            json.dumps(read, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError):
            raise ApiRefusal(400, "MALFORMED", "the body is no JSON") from None
        if not isinstance(read, dict):
            raise ApiRefusal(400, "MALFORMED", "the body is no JSON object")
        return read


@dataclass(frozen=True, slots=True)
class FakeReply:
    """An answer: a document, or a text as it is."""

    status: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None


class ApiRefusal(Exception):
    """The provider says no. `code` is its own where it has codes; each provider writes the body in its own way."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class FakeRoute:
    """`METHOD path` and what answers it. A path may hold `{names}`, which become the call's `params`."""

    method: str
    path: str
    answer: Callable[[FakeCall], FakeReply]
    open: bool = False
    """No key is asked for."""


def part(document: Json, name: str) -> Json:
    """An object inside; an absent one is empty. Raises ApiRefusal for anything else."""
    found = document.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ApiRefusal(400, "MALFORMED", f"{name} must be an object")
    return found
