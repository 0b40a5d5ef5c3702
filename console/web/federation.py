"""Signing in through an identity provider: there and back with a cookie that only we can have made, and what somebody may do when they come."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from console.exits import CommandError
from console.language import speaking
from console.messages import text
from console.web.gatekeeper import language_of
from console.web.identity_provider import Claims, IdentityAway, IdentityProvider, IdentityRefused
from console.web.operators import ROLES, Role
from console.web.rendering import HEADERS, html
from console.web.signing_in import SessionOpener, inside
from eventstore.queries import load
from runtime.logs import get_logger
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.settings import Settings

SQL = load("operators.sql", "console")
BACK = "/sign-in/oidc/back"
LONGEST_ADDRESS = 254
"""Of an e-mail address, by RFC 5321."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Journey:
    """What somebody took along to the identity provider. `to`: where they wanted to go; `until`: epoch seconds."""

    state: str
    nonce: str
    verifier: str
    to: str
    until: int


class Journeys:
    """Keeps what somebody took along in a cookie that only we can have made. `minutes`: how long they may take."""

    def __init__(self, key: str, minutes: int, clock: Callable[[], float] = time.time) -> None:
        self.seconds = minutes * 60
        self._signing = hmac.digest(key.encode(), b"lunas console journeys", "sha256")
        self._clock = clock

    def begun(self, to: str) -> Journey:
        return Journey(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            to=inside(to),
            until=int(self._clock()) + self.seconds,
        )

    def packed(self, journey: Journey) -> str:
        body = base64.urlsafe_b64encode(json.dumps(asdict(journey)).encode()).decode()
        return f"{body}.{self._mac(body)}"

    def unpacked(self, cookie: str) -> Journey:
        """Raises IdentityRefused for one that we did not make, or that is over."""
        body, _, mac = cookie.partition(".")
        if not cookie.isascii() or not hmac.compare_digest(mac, self._mac(body)):
            raise IdentityRefused("somebody came back who never left")
        journey = Journey(**json.loads(base64.urlsafe_b64decode(body)))
        if journey.until < self._clock():
            raise IdentityRefused("they took too long")
        return journey

    def _mac(self, body: str) -> str:
        return hmac.new(self._signing, body.encode(), hashlib.sha256).hexdigest()


class FederatedSignIn:
    """Two addresses: one that leads to the identity provider, one to come back to."""

    def __init__(self, settings: Settings, opener: SessionOpener, key: str) -> None:
        self._settings, self._opener = settings, opener
        self._provider = IdentityProvider(settings)
        self._journeys = Journeys(key, settings.console_oidc_minutes)
        self._roles = roles_of(settings.console_oidc_roles)
        self._back = f"{(settings.console_public_url or '').rstrip('/')}{BACK}"
        self._cookie = "__Secure-lunas_journey" if opener.secure else "lunas_journey"

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/sign-in/oidc", self.leave), web.get(BACK, self.arrive)]

    async def leave(self, request: web.Request) -> web.Response:
        with speaking(language_of(request)):
            journey = self._journeys.begun(request.query.get("to", "/"))
            try:
                address = await self._provider.address(
                    self._back, journey.state, journey.nonce, journey.verifier
                )
            except IdentityAway as error:
                return self._away(request, error)
        response = web.Response(status=303, headers=HEADERS | {"Location": address})
        response.set_cookie(
            self._cookie,
            self._journeys.packed(journey),
            max_age=self._journeys.seconds,
            path=BACK,
            httponly=True,
            samesite="Lax",  # They come back from another site.
            secure=self._opener.secure,
        )
        return response

    async def arrive(self, request: web.Request) -> web.Response:
        with speaking(language_of(request)):
            try:
                journey = self._journeys.unpacked(request.cookies.get(self._cookie, ""))
                said = await self._said(request, journey)
                response = await self._admitted(request, said, journey.to)
            except IdentityRefused as error:
                log.warning("a sign-in was refused", action="console.sign_in_refused", detail=str(error))
                response = self._refused(request, "web.oidc_refused", 401)
            except IdentityAway as error:
                response = self._away(request, error)
            except CommandError as error:
                response = html(
                    request, "outside.html", text("web.notice.away"), {"note": error.message}, 503
                )
        # Once only, whatever came of it.
        response.del_cookie(
            self._cookie, path=BACK, secure=self._opener.secure, httponly=True, samesite="Lax"
        )
        return response

    async def _said(self, request: web.Request, journey: Journey) -> Claims:
        query = request.query
        if not hmac.compare_digest(
            query.get("state", "").encode("utf-8", "surrogatepass"), journey.state.encode()
        ):
            raise IdentityRefused("another state came back than went")
        if not self._provider.spoke(query.get("iss")):
            raise IdentityRefused("another issuer answered")
        if "error" in query or not query.get("code"):
            raise IdentityRefused(f"the identity provider said no: {query.get('error', '')[:40]!r}")
        return await self._provider.claims(query["code"], self._back, journey.nonce, journey.verifier)

    async def _admitted(self, request: web.Request, said: Claims, to: str) -> web.Response:
        address = self._address(said)
        async with self._opener.connections.one() as connection:
            person = await connection.fetchrow(SQL["by_email"], address)
            if person is not None and person["disabled_at"] is not None:
                raise IdentityRefused("somebody who is disabled came")
            role = person["role"] if person is not None else self._role(said)
            if role is None:
                log.warning("a sign-in was refused", action="console.sign_in_refused", detail="no role")
                return self._refused(request, "web.oidc_no_role", 403)
            actor = person["name"] if person is not None else address
            operator = person["name"] if person is not None else None
            return await self._opener.let_in(connection, actor, role, operator, to)

    def _address(self, said: Claims) -> str:
        """The e-mail address that it vouches for: audit records name it, so nobody may choose it themselves."""
        address = said.get("email")
        if not isinstance(address, str) or not _is_address(address):
            raise IdentityRefused("it tells no e-mail address")
        if self._settings.console_oidc_email_verified and said.get("email_verified") is not True:
            raise IdentityRefused("it does not vouch for the e-mail address")
        return address.lower()

    def _role(self, said: Claims) -> Role | None:
        """The most that any word of the claim allows."""
        told = said.get(self._settings.console_oidc_role_claim)
        words = [told] if isinstance(told, str) else told if isinstance(told, list) else []
        allowed = {self._roles[word] for word in words if isinstance(word, str) and word in self._roles}
        return max(allowed, key=ROLES.index) if allowed else None

    def _refused(self, request: web.Request, key: str, status: int) -> web.Response:
        return html(request, "outside.html", text(key), {"note": text(f"{key}_note")}, status)

    def _away(self, request: web.Request, error: IdentityAway) -> web.Response:
        log.warning("the identity provider is away", action="console.oidc_away", detail=str(error))
        name = self._settings.console_oidc_name
        return html(
            request, "outside.html", text("web.notice.away"), {"note": text("web.oidc_away", name=name)}, 503
        )


def roles_of(given: str | None) -> Mapping[str, Role]:
    """`word=role,word=role` as the setting has it. Raises ConfigurationError."""
    found: dict[str, Role] = {}
    for part in filter(None, (one.strip() for one in (given or "").split(","))):
        word, _, name = part.rpartition("=")
        role = next((one for one in ROLES if one == name.strip()), None)
        if role is None or not word.strip():
            raise ConfigurationError(
                f"LUNAS_CONSOLE_OIDC_ROLES: `{part}` must be a word of the claim, `=` and one of {', '.join(ROLES)}"
            )
        found[word.strip()] = role
    return found


def _is_address(given: str) -> bool:
    name, at, host = given.rpartition("@")
    return (
        bool(name and at and host)
        and given.isprintable()
        and " " not in given
        and len(given) <= LONGEST_ADDRESS
    )


def configured(settings: Settings) -> bool:
    """Whether there is an identity provider. Raises ConfigurationError when only a part of it is set."""
    if settings.console_oidc_issuer is None:
        return False
    needed: dict[str, Any] = {
        "LUNAS_CONSOLE_OIDC_CLIENT_ID": settings.console_oidc_client_id,
        "LUNAS_CONSOLE_OIDC_CLIENT_SECRET": settings.console_oidc_client_secret,
        "LUNAS_CONSOLE_PUBLIC_URL": settings.console_public_url,
    }
    missing = [name for name, given in needed.items() if not given]
    if missing:
        raise ConfigurationError(f"{' and '.join(missing)} must be set because LUNAS_CONSOLE_OIDC_ISSUER is")
    if settings.env == "production" and not settings.console_oidc_issuer.startswith("https:"):
        raise ConfigurationError("LUNAS_CONSOLE_OIDC_ISSUER must begin with https: in production")
    return True
