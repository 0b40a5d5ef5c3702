"""Did the provider send this? Verdicts, and the two schemes the providers use.

Always over the bytes as received, before parsing. Every configured secret is tried without an early exit, and both sides are hashed to
equal length first, so that time tells nothing about a secret. No secret configured refuses everything.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from multidict import MultiMapping

STATIC_TOKEN = "static_token"  # noqa: S105 - the name of a scheme
HMAC_SHA256 = "hmac_sha256"


class RejectionCause(StrEnum):
    """Why a request was refused; a stable word for quarantine and metrics."""

    MISSING_CREDENTIAL = "missing_credential"
    EMPTY_CREDENTIAL = "empty_credential"
    WRONG_CREDENTIAL = "wrong_credential"
    DUPLICATE_CREDENTIAL = "duplicate_credential"
    MALFORMED_CREDENTIAL = "malformed_credential"
    NO_SECRET_CONFIGURED = "no_secret_configured"  # noqa: S105 - a cause


@dataclass(frozen=True, slots=True)
class Verified:
    """The request carries a valid credential. `secret_id` is the first 12 hex digits of the SHA-256 of the secret that matched."""

    scheme: str
    secret_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The request carries no valid credential."""

    cause: RejectionCause


def secret_id(secret: str) -> str:
    """A name for a secret that can be stored and shown."""
    return _digest(secret).hex()[:12]


def verify_static_token(
    headers: MultiMapping[str], header: str, secrets: Sequence[str]
) -> Verified | Rejected:
    """Compare one header with the shared tokens. The body is not protected by this scheme."""
    usable = [secret for secret in secrets if secret]
    if not usable:
        return Rejected(RejectionCause.NO_SECRET_CONFIGURED)
    token = credential(headers, header)
    if isinstance(token, Rejected):
        return token
    given = hashlib.sha256(token).digest()
    matched = _first_match(given, [_digest(secret) for secret in usable])
    return _verdict(STATIC_TOKEN, usable, matched)


def verify_hmac_sha256(
    headers: MultiMapping[str], header: str, body: bytes, secrets: Sequence[str]
) -> Verified | Rejected:
    """Compare a base64 header with the HMAC-SHA256 of the raw body under each secret."""
    usable = [secret for secret in secrets if secret]
    if not usable:
        return Rejected(RejectionCause.NO_SECRET_CONFIGURED)
    value = credential(headers, header)
    if isinstance(value, Rejected):
        return value
    given = _decode_base64(value)
    if given is None:
        return Rejected(RejectionCause.MALFORMED_CREDENTIAL)
    matched = _first_match(given, [hmac.digest(_raw(secret), body, "sha256") for secret in usable])
    return _verdict(HMAC_SHA256, usable, matched)


def refused_by_head(headers: MultiMapping[str], header: str, secrets: Sequence[str]) -> Rejected | None:
    """What a signature over the body shows before the body is there: whether any body could still match it."""
    if not any(secrets):
        return Rejected(RejectionCause.NO_SECRET_CONFIGURED)
    value = credential(headers, header)
    if isinstance(value, Rejected):
        return value
    return Rejected(RejectionCause.MALFORMED_CREDENTIAL) if _decode_base64(value) is None else None


def undecided(headers: MultiMapping[str], secrets: Sequence[str]) -> None:
    """The head alone says nothing."""


def sign_hmac_sha256(body: bytes, secret: str) -> str:
    """The header value that `verify_hmac_sha256` accepts."""
    return base64.b64encode(hmac.digest(_raw(secret), body, "sha256")).decode("ascii")


def credential(headers: MultiMapping[str], header: str) -> bytes | Rejected:
    """The one value of a header as raw bytes. Blanks around an HTTP value do not belong to it; blanks inside are wrong."""
    values = headers.getall(header, [])
    if not values:
        return Rejected(RejectionCause.MISSING_CREDENTIAL)
    if len(values) > 1:
        return Rejected(RejectionCause.DUPLICATE_CREDENTIAL)
    value = values[0].strip(" \t")
    if not value:
        return Rejected(RejectionCause.EMPTY_CREDENTIAL)
    if len(value.split()) != 1:
        return Rejected(RejectionCause.MALFORMED_CREDENTIAL)
    return _raw(value)


@lru_cache(maxsize=64)
def _digest(secret: str) -> bytes:
    """SHA-256 of one of our own secrets. Remembered: there are a few, and every request needs them."""
    return hashlib.sha256(_raw(secret)).digest()


def _raw(text: str) -> bytes:
    # Header bytes that are not UTF-8 arrive as lone surrogates.
    return text.encode("utf-8", "surrogateescape")


def _decode_base64(value: bytes) -> bytes | None:
    """32 bytes, or None. Only the one canonical spelling counts."""
    try:
        decoded = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(decoded) != hashlib.sha256().digest_size or base64.b64encode(decoded) != value:
        return None
    return decoded


def _first_match(given: bytes, expected: Sequence[bytes]) -> int | None:
    """Index of the first equal digest; every one is compared."""
    matched: int | None = None
    for index, digest in enumerate(expected):
        equal = hmac.compare_digest(given, digest)
        if equal and matched is None:
            matched = index
    return matched


def _verdict(scheme: str, secrets: Sequence[str], matched: int | None) -> Verified | Rejected:
    if matched is None:
        return Rejected(RejectionCause.WRONG_CREDENTIAL)
    return Verified(scheme, secret_id(secrets[matched]))
