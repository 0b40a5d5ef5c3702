"""What is kept of a credential that was refused, so that the same request can be verified again once a wrong secret is corrected.

Never the credential: a digest of it under a key that was drawn for this one request. Whoever reads the table cannot compare two requests with each
other, nor with a list made before; whoever has the right secret can ask of each request whether it carried it.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping, Sequence

from multidict import CIMultiDict, MultiMapping

from providers.provider import Provider
from providers.verification import STATIC_TOKEN, Rejected, Verified, credential, secret_id

KEY_BYTES = 16
PRODUCTION_BYTES = 16
"""Production accepts no shorter secret, so a shorter token was never genuine, and could be guessed from its digest."""


def keep(headers: MultiMapping[str], header: str | None, *, production: bool) -> str:
    """`key:digest` of the one token in a header, in hex; empty when there is none, or when its provider signs and needs nothing kept."""
    if header is None:
        return ""
    token = credential(headers, header)
    if isinstance(token, Rejected) or (production and len(token) < PRODUCTION_BYTES):
        return ""
    key = os.urandom(KEY_BYTES)
    return f"{key.hex()}:{_digest(key, token).hex()}"


def verified_again(
    provider: Provider, headers: Mapping[str, str], body: bytes, kept: str, secrets: Sequence[str]
) -> Verified | None:
    """What ingress would have said of a kept request, had it known these secrets; None when it would have refused it too."""
    if provider.token_header is None:
        verdict = provider.verify(CIMultiDict(headers), body, secrets)
        return verdict if isinstance(verdict, Verified) else None
    matched = [secret for secret in secrets if secret and carried(kept, secret)]
    return Verified(STATIC_TOKEN, secret_id(matched[0])) if matched else None


def carried(kept: str, secret: str) -> bool:
    """Whether the credential that was refused is this secret."""
    key, _, digest = kept.partition(":")
    try:
        given = bytes.fromhex(digest)
        expected = _digest(bytes.fromhex(key), secret.encode("utf-8", "surrogateescape"))
    except ValueError:
        return False
    return hmac.compare_digest(given, expected)


def _digest(key: bytes, token: bytes) -> bytes:
    return hmac.digest(key, token, "sha256")
