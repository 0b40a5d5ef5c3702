"""A small OpenID Connect provider on a port of its own: discovery, keys, a page that says yes at once, and signed tokens. It can be told to lie."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web
from aiohttp.test_utils import TestServer
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, CLIENT_SECRET = "lunas-console", "a secret of the test's own client"


@dataclass
class IdentityServer:
    """`person`: what it says of whoever comes. `lies`: claims that are put over the true ones, None takes one away."""

    person: dict[str, Any]
    issuer: str = ""
    key: RSAKey | ECKey = field(default_factory=lambda: _key())
    lies: dict[str, Any] = field(default_factory=dict)
    names_issuer: str | None = None
    says_no: str | None = None
    signs_with: Any = None
    algorithm: str = "RS256"
    broken: bool = False
    asked: list[Mapping[str, str]] = field(default_factory=list)
    codes: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/.well-known/openid-configuration", self.document),
                web.get("/keys", self.keys),
                web.get("/authorize", self.authorize),
                web.post("/token", self.token),
            ]
        )
        return app

    async def document(self, _request: web.Request) -> web.Response:
        if self.broken:
            return web.Response(status=503, text="down for maintenance")
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        )

    async def keys(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        self.asked.append(asked)
        code = f"code-{len(self.asked)}"
        self.codes[code] = asked
        back = {"state": asked["state"], "code": code}
        if self.says_no is not None:
            back = {"state": asked["state"], "error": self.says_no}
        if self.names_issuer is not None:
            back["iss"] = self.names_issuer
        return web.Response(status=302, headers={"Location": f"{asked['redirect_uri']}?{urlencode(back)}"})

    async def token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        login = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        asked = self.codes.pop(form.get("code", ""), None)
        if request.headers.get("Authorization") != f"Basic {login}":
            return web.json_response({"error": "invalid_client"}, status=401)
        if (
            asked is None
            or create_s256_code_challenge(form["code_verifier"]) != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response(
            {"access_token": "opaque", "token_type": "Bearer", "id_token": self.signed(asked["nonce"])}
        )

    def signed(self, nonce: str) -> str:
        now = int(time.time())
        true = {"iss": self.issuer, "aud": CLIENT, "sub": "1", "iat": now, "exp": now + 300, "nonce": nonce}
        said = {name: each for name, each in (true | self.person | self.lies).items() if each is not None}
        key = self.signs_with or self.key
        return jwt.encode({"alg": self.algorithm, "kid": key.kid or self.key.kid}, said, key)


def _key() -> RSAKey:
    key = RSAKey.generate_key(2048, {"use": "sig"})
    key.ensure_kid()
    return key


def asked_of(location: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@asynccontextmanager
async def identity_server(**person: Any) -> AsyncIterator[IdentityServer]:
    server = IdentityServer(person)
    async with TestServer(server.application()) as listening:
        server.issuer = str(listening.make_url("")).rstrip("/")
        yield server
