"""An OpenID Connect provider: where to send somebody, and whether what it says of them when they come back is true.

Authorization code with PKCE; of its tokens the signature, issuer, audience, expiry and nonce are checked by authlib and joserfc.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from schemas.errors import Permanent, Transient

if TYPE_CHECKING:
    from runtime.settings import Settings

ALGORITHMS = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
]
"""Signatures with a key pair only: with `none` or a shared key, anybody or we ourselves could have made them."""
KEY_TYPES = ("RSA", "EC", "OKP")
ANSWER_BYTES_MAX = 1_000_000
"""Of a document, a set of keys or a token; real ones have some kilobytes."""
FRESH_SECONDS = 3600.0
"""How long its addresses and keys are taken to be the same."""
AGAIN_SECONDS = 60.0
"""Keys are asked for again this soon for a token signed with one that we do not know: it may have changed them."""

BASIC = "client_secret_basic"
"""How we show the provider our secret, unless it says that it takes it in the body alone."""

Claims = Mapping[str, Any]


class IdentityRefused(Permanent):
    """What came back is not what it must be; the message says what for the log, and nothing of it is secret."""


class IdentityAway(Transient):
    """The identity provider does not answer, or not as one."""


class IdentityProvider:
    """One issuer, as the settings name it."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        secret = settings.console_oidc_client_secret
        self._issuer = settings.console_oidc_issuer or ""
        self._client_id = settings.console_oidc_client_id or ""
        self._secret = secret.get_secret_value() if secret else ""
        self._scopes, self._skew = settings.console_oidc_scopes, settings.console_oidc_skew_seconds
        self._timeout = aiohttp.ClientTimeout(total=settings.console_oidc_seconds)
        self._clock = clock
        self._document: tuple[float, Claims] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def address(self, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where somebody signs in; they come back to `back` with a code and `state`. Raises IdentityAway."""
        document = await self._discovered()
        uri: str = prepare_grant_uri(
            document["authorization_endpoint"],
            client_id=self._client_id,
            response_type="code",
            redirect_uri=back,
            scope=self._scopes,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),  # type: ignore[no-untyped-call]
            code_challenge_method="S256",
        )
        return uri

    async def claims(self, code: str, back: str, nonce: str, verifier: str) -> Claims:
        """What it says of whoever brought `code`. Raises IdentityRefused, IdentityAway."""
        document = await self._discovered()
        told = await self._exchanged(document, code, back, verifier)
        token = told.get("id_token")
        if not isinstance(token, str):
            raise IdentityRefused("it answered without an id_token")
        try:
            signed = await self._decoded(document, token)
            said = CodeIDToken(
                dict(signed.claims),
                signed.header,
                {
                    "iss": {"essential": True, "value": self._issuer},
                    "aud": {"essential": True, "value": self._client_id},
                },
                {"nonce": nonce, "client_id": self._client_id, "access_token": told.get("access_token")},
            )
            said.validate(now=int(self._clock()), leeway=self._skew)
        except (JoseError, ValueError, TypeError) as error:
            raise IdentityRefused(f"its token is not valid: {error}") from error
        return said

    def spoke(self, issuer: str | None) -> bool:
        """Whether an answer that names its issuer (RFC 9207) is from this one; many name none."""
        return issuer is None or issuer == self._issuer

    async def _exchanged(self, document: Claims, code: str, back: str, verifier: str) -> Claims:
        body = prepare_token_request(
            "authorization_code", code=code, redirect_uri=back, code_verifier=verifier
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        ways = document.get("token_endpoint_auth_methods_supported") or [BASIC]
        client = ClientAuth(self._client_id, self._secret, BASIC if BASIC in ways else "client_secret_post")
        uri, headers, body = client.prepare("POST", document["token_endpoint"], headers, body)  # type: ignore[no-untyped-call]
        status, told = await self._asked("POST", uri, headers=headers, data=body)
        if status != 200:
            # Its word for it (`invalid_grant`, `invalid_client`), never the code or our secret.
            raise IdentityRefused(f"it did not take the code: {status} {str(told.get('error'))[:40]}")
        return told

    async def _decoded(self, document: Claims, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, await self._key_set(document, FRESH_SECONDS), algorithms=ALGORITHMS)
        except InvalidKeyIdError:
            return jwt.decode(token, await self._key_set(document, AGAIN_SECONDS), algorithms=ALGORITHMS)

    async def _key_set(self, document: Claims, fresh: float) -> KeySet:
        if self._keys is None or self._clock() - self._keys[0] > fresh:
            status, told = await self._asked("GET", document["jwks_uri"])
            listed = told.get("keys")
            known = [
                key
                for key in (listed if isinstance(listed, list) else [])
                if isinstance(key, dict) and key.get("kty") in KEY_TYPES and key.get("use", "sig") == "sig"
            ]
            if status != 200 or not known:
                raise IdentityAway("its keys cannot be read")
            self._keys = self._clock(), KeySet.import_key_set({"keys": known})
        return self._keys[1]

    async def _discovered(self) -> Claims:
        if self._document is None or self._clock() - self._document[0] > FRESH_SECONDS:
            address = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            status, told = await self._asked("GET", address)
            if status != 200 or told.get("issuer") != self._issuer:
                raise IdentityAway("nobody by that name answers under the issuer's address")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                # As well protected as the issuer itself: it may only be plain HTTP where that is.
                if urlsplit(str(told.get(name))).scheme not in {"https", urlsplit(self._issuer).scheme}:
                    raise IdentityAway(f"its {name} is no address to trust")
            self._document = self._clock(), told
        return self._document[1]

    async def _asked(self, method: str, address: str, **more: Any) -> tuple[int, Claims]:
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.request(method, address, allow_redirects=False, **more) as answer,
            ):
                body = await answer.content.read(ANSWER_BYTES_MAX)
                told = json.loads(body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise IdentityAway(type(error).__name__) from error
        except (ValueError, RecursionError) as error:
            raise IdentityAway("it answered no JSON") from error
        if not isinstance(told, dict):
            raise IdentityAway("it answered no JSON object")
        return answer.status, told
