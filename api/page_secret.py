"""The secret in a payment page's address: whoever holds it may see and pay that one request, and nothing else."""

from __future__ import annotations

import hashlib
import re
import secrets

SECRET_BYTES = 24
"""192 random bits: guessing at any rate is hopeless, and the address still fits a line of a chat."""

_FORM = re.compile(r"[A-Za-z0-9_-]{32}")


def new_secret() -> tuple[str, bytes]:
    """A fresh secret, and the digest it is looked up by."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return secret, hashlib.sha256(secret.encode()).digest()


def digest_of(secret: str) -> bytes | None:
    """What is looked up; None for what can be no secret of ours."""
    return hashlib.sha256(secret.encode()).digest() if _FORM.fullmatch(secret) else None
