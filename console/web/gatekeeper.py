"""Who comes in, with what, and what they are told: sign-in, sessions, tokens of forms, roles, errors as pages."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg
from aiohttp import web

from console.exits import Away, CommandError, NotFound, Refused, WrongUse
from console.failures import explain, is_no_text
from console.language import LANGUAGES, current, speaking
from console.messages import text
from console.options import acting_as
from console.web.operators import at_least
from console.web.rendering import HEADERS, answered, html
from console.web.sessions import SignedIn
from console.web.visit import Answer, Screen, Visit, Way
from runtime.failed_keys import Keyhole, TooManyKeys
from runtime.logs import get_logger
from schemas.errors import LunasError
from schemas.languages import Language, preferred

if TYPE_CHECKING:
    from console.web.connections import Connections
    from console.web.live import Lookout
    from console.web.sessions import Sessions
    from runtime.settings import Settings

LANGUAGE_COOKIE = "lunas_language"
YEAR_SECONDS = 31_536_000

Answerer = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]

log = get_logger(__name__)


class Gatekeeper:
    """Turns the console's ways into handlers of aiohttp."""

    def __init__(
        self,
        settings: Settings,
        keyhole: Keyhole,
        sessions: Sessions,
        connections: Connections,
        lookout: Lookout,
    ) -> None:
        self._settings, self._keyhole, self._sessions = settings, keyhole, sessions
        self._connections, self._lookout = connections, lookout
        self.secure = (settings.console_public_url or "").startswith("https:")
        self.cookie = "__Host-lunas_console" if self.secure else "lunas_console"
        """A browser takes a name with this beginning over TLS only, from this host alone."""

    def guarded(self, way: Way) -> Answerer:
        async def answer(request: web.Request) -> web.StreamResponse:
            language = language_of(request)
            with speaking(language):
                response = await self._answer(request, way)
            if not response.prepared:
                remember_language(request, response)
            return response

        return answer

    async def _answer(self, request: web.Request, way: Way) -> web.StreamResponse:
        try:
            signed = await self._who(request)
        except TooManyKeys as error:
            later = {"Retry-After": error.retry_after}
            return web.Response(status=429, text=text("page.too_many_keys") + "\n", headers=HEADERS | later)
        except CommandError as error:
            return _outside(request, error)
        if signed is None:
            return _unknown(request)
        visit = Visit(request, self._settings, signed, self._connections, self._lookout)
        if not at_least(signed.role, way.role):
            return _shown(way, visit, _stopped("web.not_allowed", 403, text(f"web.role.{signed.role}")))
        if way.program and way.method == "POST":
            if signed.csrf or signed.stale:
                return _shown(way, visit, _stopped("web.key_only", 403))
        elif way.method == "POST":
            form = await request.post()
            if not _is_ours(request, form.get("csrf"), signed):
                return answered(visit, _stopped("web.not_our_form", 403))
            visit = Visit(request, self._settings, signed, self._connections, self._lookout, form)
        with acting_as(signed.actor):
            found = await _looked(way, visit)
        return _shown(way, visit, found) if isinstance(found, Screen) else found

    async def _who(self, request: web.Request) -> SignedIn | None:
        """Raises TooManyKeys; CommandError when nobody can be asked."""
        offered = offered_key(request.headers.get("Authorization", ""))
        if offered:
            # The key itself, from a script: it looks. Acts need a session, whose forms no other page can make.
            opened = self._keyhole.opens(request.remote, offered)
            return SignedIn("operator (key)", "operator", None, "") if opened else None
        cookie = request.cookies.get(self.cookie, "")
        if not cookie:
            return None
        try:
            async with self._connections.one() as connection:
                return await self._sessions.find(connection, cookie)
        except CommandError:
            lately = self._sessions.lately(cookie)
            if lately is None:
                raise
            return lately


def _shown(way: Way, visit: Visit, page: Screen) -> web.Response:
    """A page; to a program, what is wrong as RFC 9457 has it."""
    if not way.program:
        return answered(visit, page)
    problem = {"title": page.title, "status": page.status, "detail": page.values.get("note", "")}
    body = json.dumps(problem, ensure_ascii=False)
    headers = HEADERS | {"Content-Language": current()}
    return web.Response(
        status=page.status, text=body, content_type="application/problem+json", headers=headers
    )


async def _looked(way: Way, visit: Visit) -> Answer:
    try:
        return await way.handler(visit)
    except NotFound as error:
        return _refusal(error, 404)
    except WrongUse as error:
        return _refusal(error, 400)
    except Refused as error:
        return _refusal(error, 409)
    except Away as error:
        return _refusal(error, 503)
    except (LunasError, asyncpg.PostgresError) as error:
        return _refusal(CommandError(explain(error)[1]), 400 if is_no_text(error) else 502)
    except CommandError as error:
        return _refusal(error, 502)


def _refusal(error: CommandError, status: int) -> Screen:
    kind = {400: "wrong", 404: "unknown", 409: "refused", 503: "away"}.get(status, "failed")
    return Screen("notice.html", text(f"web.notice.{kind}"), values={"note": error.message}, status=status)


def _stopped(key: str, status: int, note: str = "") -> Screen:
    return Screen("notice.html", text(key), values={"note": note or text(f"{key}_note")}, status=status)


def _unknown(request: web.Request) -> web.StreamResponse:
    """A browser is led to the sign-in; a script is told what to send."""
    if "text/html" in request.headers.get("Accept", "") and "Authorization" not in request.headers:
        to = request.path_qs if request.method == "GET" else "/"
        place = request.rel_url.with_path("/sign-in").with_query({} if to == "/" else {"to": to})
        return web.Response(status=303, headers=HEADERS | {"Location": str(place)})
    challenge = {"WWW-Authenticate": 'Bearer realm="lunas operators"'}
    return web.Response(status=401, text=text("page.sign_in") + "\n", headers=HEADERS | challenge)


def _outside(request: web.Request, error: CommandError) -> web.Response:
    """Whether they are signed in cannot be asked now."""
    log.warning("nobody can be signed in now", action="console.sessions_away", error=type(error).__name__)
    values = {"note": error.message}
    return html(request, "outside.html", text("web.notice.away"), values, 503)


def _is_ours(request: web.Request, token: object, signed: SignedIn) -> bool:
    """Whether the form is of a page of this session. The shared key and who cannot be asked about have none."""
    if not signed.csrf or signed.stale or not isinstance(token, str) or not same_origin(request):
        return False
    return hmac.compare_digest(token.encode("utf-8", "surrogatepass"), signed.csrf.encode())


def same_origin(request: web.Request) -> bool:
    """Whether the browser says that the request comes from a page of ours; browsers that say nothing are let through to the token."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def language_of(request: web.Request) -> Language | None:
    """`?lang=` wins over what was chosen before, and that over what the browser prefers; None leaves it to the process."""
    for wish in (request.query.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wish in LANGUAGES:
            return next(one for one in LANGUAGES if one == wish)
    return preferred(request.headers.get("Accept-Language", ""))


def remember_language(request: web.Request, response: web.StreamResponse) -> None:
    wish = request.query.get("lang")
    if wish in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, str(wish), max_age=YEAR_SECONDS, httponly=True, samesite="Lax")


def offered_key(header: str) -> str:
    """The key in it: HTTP Basic with any name and the key as password, or a bearer token; empty when there is none."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
        except ValueError:  # no base64, no ASCII, no UTF-8
            return f"\0{value}"  # a wrong key, which counts as one
    return ""
