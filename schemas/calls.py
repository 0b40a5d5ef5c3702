"""One call of the API as data: what routes, documentation and contract tests are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `where` it stands in the request. A required one has an example, so that each call can be shown.

    Limits are those the code checks. `named` is the closed set of its values (`schemas.vocabulary`).
    """

    name: str
    where: Literal["path", "query", "header"]
    description: str
    kind: Literal["string", "integer"] = "string"
    required: bool = False
    minimum: int | None = None
    maximum: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    format: str = ""
    named: str = ""
    example: str = ""


Scope = Literal["read", "checkout", "spend", "refund", "suspense"]


@dataclass(frozen=True, slots=True)
class NextCall:
    """What can be asked next with what an answer holds: `parameters` of `operation` by expressions of OpenAPI over the answer."""

    name: str
    operation: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `path` has its parameters in braces; `answers` maps a status to its model; `problems` are codes it may end in.

    `scope`: what a key needs for it; what reads needs `read`, anything else `checkout` unless it says otherwise. `refusal`: what problems
    look like where they are no problem details; a wrong body is 400 there. `tag` groups calls in documentation and generated clients;
    `links` leave from every answer that succeeded; `media` is its type.
    """

    operation: str
    method: Literal["GET", "PUT", "POST", "DELETE"]
    path: str
    summary: str
    summary_id: str
    answers: dict[int, type[BaseModel]]
    parameters: tuple[Parameter, ...] = ()
    body: type[BaseModel] | None = None
    problems: tuple[str, ...] = ()
    description: str = ""
    refusal: type[BaseModel] | None = None
    tag: str = ""
    scope: Scope | None = None
    links: tuple[NextCall, ...] = ()
    media: str = "application/json"

    @property
    def needs(self) -> Scope:
        """Scope that a key must have."""
        return self.scope or ("read" if self.method == "GET" else "checkout")
