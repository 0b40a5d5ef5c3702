"""Signing in and out: a named operator with a password, or anybody with the shared key. Guessing is slowed by address and by name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from aiohttp import web

from console.exits import CommandError
from console.language import speaking
from console.messages import text
from console.web.gatekeeper import language_of, remember_language, same_origin
from console.web.operators import NAME, Passwords, Role
from console.web.rendering import HEADERS, html
from eventstore.queries import load
from runtime.allowances import Allowances, site_of
from runtime.failed_keys import Keyhole, TooManyKeys
from runtime.logs import get_logger

if TYPE_CHECKING:
    from console.web.connections import Connections
    from console.web.gatekeeper import Gatekeeper
    from console.web.sessions import Sessions
    from runtime.database import Connection
    from runtime.settings import Settings

SQL = load("operators.sql", "console")
KEY_ROLE: Role = "operator"
"""The shared key is no person, so it approves nothing that another person asked for."""
NAMES_TIMES = 3
"""So many wrong passwords for one name from everywhere together, for each that one address may offer."""

LONGEST_NAME = 40

log = get_logger(__name__)


class SessionOpener:
    """Lets somebody in who has shown who they are, whichever way: a session, its cookie, and on to where they wanted to go."""

    def __init__(
        self, settings: Settings, door: Gatekeeper, sessions: Sessions, connections: Connections
    ) -> None:
        self.connections, self.secure = connections, door.secure
        self._cookie, self._sessions = door.cookie, sessions
        self._max_age = int(settings.console_session_hours * 3600)

    async def let_in(
        self, connection: Connection, actor: str, role: Role, operator: str | None, to: str
    ) -> web.Response:
        cookie = await self._sessions.begin(connection, actor, role, operator)
        log.info("somebody signed in", action="console.sign_in", operator=operator, role=role)
        response = web.Response(status=303, headers=HEADERS | {"Location": inside(to)})
        response.set_cookie(
            self._cookie,
            cookie,
            max_age=self._max_age,
            httponly=True,
            # Not `Strict`: a link to a payment in a chat must open it for whoever is signed in.
            samesite="Lax",
            secure=self.secure,
            path="/",
        )
        return response


class SignIn:
    """The form, and what becomes of it. `elsewhere`: what the identity provider is called, None when there is none."""

    def __init__(
        self,
        settings: Settings,
        door: Gatekeeper,
        keyhole: Keyhole,
        sessions: Sessions,
        opener: SessionOpener,
        elsewhere: str | None = None,
    ) -> None:
        self._door, self._keyhole, self._sessions, self._opener = door, keyhole, sessions, opener
        self._connections, self._elsewhere = opener.connections, elsewhere
        self._passwords = Passwords()
        most, each = settings.failed_keys_max, settings.failed_key_seconds
        self._by_site = Allowances(most, each, settings.failed_key_addresses)
        self._by_name = Allowances(most * NAMES_TIMES, each, settings.failed_key_addresses)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sign-in", self.ask),
            web.post("/sign-in", self.sign_in),
            web.post("/sign-out", self.sign_out),
        ]

    async def ask(self, request: web.Request) -> web.Response:
        with speaking(language_of(request)):
            response = self._form(request)
        remember_language(request, response)
        return response

    async def sign_in(self, request: web.Request) -> web.Response:
        with speaking(language_of(request)):
            if not same_origin(request):
                return self._form(request, "web.not_our_form", 403)
            form = await request.post()
            name, secret = (str(form.get(field) or "") for field in ("name", "secret"))
            try:
                return await self._sign_in(request, name.strip().lower(), secret, str(form.get("to") or "/"))
            except TooManyKeys as error:
                return self._form(request, "page.too_many_keys", 429, {"Retry-After": error.retry_after})
            except CommandError as error:
                return html(request, "outside.html", text("web.notice.away"), {"note": error.message}, 503)

    async def _sign_in(self, request: web.Request, name: str, secret: str, to: str) -> web.Response:
        site = site_of(request.remote)
        if wait := max(self._by_site.waits(site), self._by_name.waits(name)):
            raise TooManyKeys(math.ceil(wait))
        async with self._connections.one() as connection:
            person = await connection.fetchrow(SQL["one"], name) if NAME.match(name) else None
            kept = person["password_hash"] if person and person["disabled_at"] is None else None
            fits = await self._passwords.fits(secret, kept)
            if person is not None and fits:
                actor, role, operator = name, person["role"], name
            elif person is None and self._keyhole.opens(request.remote, secret):
                # Whoever has the key says who they are; that it was the key stays beside the name.
                actor, role, operator = by_key(name), KEY_ROLE, None
            else:
                self._by_site.count(site)
                self._by_name.count(name)
                log.warning(
                    "a sign-in was refused", action="console.sign_in_refused", known=person is not None
                )
                return self._form(request, "web.wrong", 401, name=name, to=to)
            return await self._opener.let_in(connection, actor, role, operator, to)

    async def sign_out(self, request: web.Request) -> web.Response:
        """Needs no token: signed out by a stranger, one signs in again. Only a page of ours is believed all the same."""
        with speaking(language_of(request)):
            if not same_origin(request):
                return self._form(request, "web.not_our_form", 403)
            try:
                async with self._connections.one() as connection:
                    await self._sessions.end(connection, request.cookies.get(self._door.cookie, ""))
            except CommandError as error:
                return html(request, "outside.html", text("web.notice.away"), {"note": error.message}, 503)
        response = web.Response(status=303, headers=HEADERS | {"Location": "/sign-in"})
        response.del_cookie(
            self._door.cookie, path="/", secure=self._door.secure, httponly=True, samesite="Lax"
        )
        return response

    def _form(
        self,
        request: web.Request,
        trouble: str | None = None,
        status: int = 200,
        headers: dict[str, str] | None = None,
        *,
        name: str = "",
        to: str = "",
    ) -> web.Response:
        values = {
            "trouble": text(trouble) if trouble else "",
            "name": name,
            "to": inside(to or request.query.get("to", "/")),
            "elsewhere": self._elsewhere,
        }
        response = html(request, "sign_in.html", text("web.sign_in"), values, status)
        response.headers.update(headers or {})
        return response


def by_key(name: str) -> str:
    """Whom audit records name who signed in with the shared key; no named operator can be called so."""
    return f"{''.join(filter(str.isprintable, name))[:LONGEST_NAME] or 'operator'} (key)"


def inside(to: str) -> str:
    """Where to go afterwards: a path of ours, whatever a link made of it."""
    path = to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"
    return path if path.isprintable() and path.isascii() else "/"
