"""Sessions of the web console: kept in PostgreSQL, named by a signed cookie, over after a shift or a while of silence.

The cookie holds a random token and our signature on it, so that a made-up one costs no look into the database; the database holds the token's
hash, so that who reads it cannot sign in. While the database is away, whoever was seen signed in lately may still look at what is wrong.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.web.operators import Role
from eventstore.queries import load
from runtime.allowances import remember

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

SQL = load("operators.sql", "console")
REMEMBERED = 1000
"""Sessions that are known while the database is away."""
REMEMBERED_SECONDS = 3600.0
MAC_CHARACTERS = 43
"""Of a SHA-256 in base64url without padding, as the token has."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is here. `operator` None: signed in with the shared key. `csrf`: what a form of theirs must bring along."""

    actor: str
    role: Role
    operator: str | None
    csrf: str
    stale: bool = False


class Sessions:
    """`key`: the operator key; cookies are signed with what is derived from it, so that a new key ends every session."""

    def __init__(self, settings: Settings, key: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._minutes = int(settings.console_session_hours * 60)
        self._idle = settings.console_idle_minutes
        self._signing = hmac.digest(key.encode(), b"lunas console cookies", "sha256")
        self._clock = clock
        self._seen: OrderedDict[str, tuple[float, SignedIn]] = OrderedDict()

    async def begin(self, connection: Connection, actor: str, role: Role, operator: str | None) -> str:
        """The cookie of a new session."""
        token = secrets.token_urlsafe(32)
        await connection.execute(SQL["forget_sessions"])
        await connection.execute(SQL["begin_session"], _digest(token), operator, actor, role, self._minutes)
        return f"{token}{self._mac(token)}"

    async def find(self, connection: Connection, cookie: str) -> SignedIn | None:
        """Whose cookie this is, if it is anybody's."""
        token = self._token(cookie)
        if token is None:
            return None
        row = await connection.fetchrow(SQL["session"], _digest(token), self._idle)
        if row is None:
            self._seen.pop(token, None)
            return None
        if row["touch"]:
            await connection.execute(SQL["touch"], _digest(token))
        found = SignedIn(row["actor"], row["role"], row["operator"], self.csrf(token))
        remember(self._seen, token, (self._clock(), found), REMEMBERED)
        return found

    def lately(self, cookie: str) -> SignedIn | None:
        """Who was seen with this cookie within the hour: for looking only, while nobody can be asked."""
        token = self._token(cookie)
        at, found = self._seen.get(token or "", (float("-inf"), None))
        if found is None or self._clock() - at > REMEMBERED_SECONDS:
            return None
        return SignedIn(found.actor, "viewer", found.operator, found.csrf, stale=True)

    async def end(self, connection: Connection, cookie: str) -> None:
        """They signed out; the cookie opens nothing any more."""
        token = self._token(cookie)
        if token is not None:
            self._seen.pop(token, None)
            await connection.execute(SQL["end_session"], _digest(token))

    def csrf(self, token: str) -> str:
        """What forms of this session bring along; no other page can know it."""
        return hmac.new(self._signing, f"form {token}".encode(), "sha256").hexdigest()

    def _token(self, cookie: str) -> str | None:
        token, mac = cookie[:MAC_CHARACTERS], cookie[MAC_CHARACTERS:]
        if not cookie.isascii() or not hmac.compare_digest(mac, self._mac(token)):
            return None
        return token

    def _mac(self, token: str) -> str:
        return hmac.new(self._signing, f"cookie {token}".encode(), "sha256").hexdigest()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
