"""One request of somebody who is signed in, and what a page answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from console.exits import WrongUse
from console.messages import text
from console.web.operators import Role, at_least

if TYPE_CHECKING:
    from multidict import MultiDictProxy

    from console.web.connections import Connections
    from console.web.live import Lookout
    from console.web.sessions import SignedIn
    from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Visit:
    """`form` is what was sent with a POST; its token was checked before."""

    request: web.Request
    settings: Settings
    signed: SignedIn
    connections: Connections
    lookout: Lookout
    form: MultiDictProxy[Any] | None = None

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query

    def asked(self, name: str) -> str | None:
        """A filter of the address, None when it is empty."""
        return self.query.get(name, "").strip() or None

    def named(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    def may(self, role: Role) -> bool:
        return at_least(self.signed.role, role)

    def given(self, name: str) -> str | None:
        """A field of the form, None when it is empty."""
        sent = self.form.get(name) if self.form is not None else None
        return (sent.strip() or None) if isinstance(sent, str) else None

    def reason(self) -> str:
        """Why, in the operator's words. Raises WrongUse when they gave none."""
        said = self.given("reason")
        if said is None:
            raise WrongUse(text("web.no_reason"))
        return said


@dataclass(frozen=True, slots=True)
class Screen:
    """`command`: what shows the same in a terminal."""

    template: str
    title: str
    command: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


Answer = Screen | web.StreamResponse
Handler = Callable[[Visit], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Way:
    """One address of the console, and the least that somebody must be to come in. `program`: what is wrong is answered as a document, and the key in
    a header may send something: no page of another site can make a browser send that."""

    method: str
    path: str
    handler: Handler
    role: Role = "viewer"
    program: bool = False


def shown(path: str, handler: Handler, role: Role = "viewer") -> Way:
    return Way("GET", path, handler, role)


def done(path: str, handler: Handler, role: Role = "operator") -> Way:
    """An act."""
    return Way("POST", path, handler, role)


def asked_by_program(method: str, path: str, handler: Handler, role: Role = "viewer") -> Way:
    """A document for a program."""
    return Way(method, path, handler, role, program=True)


def moved(place: str) -> web.Response:
    """303: after an act its page is shown, so that loading it again does nothing again."""
    return web.Response(status=303, headers={"Location": place})
