"""Sealing texts about persons: AES-256-GCM under a key per person, which is itself sealed by the installation's key. Pure but for chance.

What stands in the log is a *name* (`~` and sixteen letters drawn by chance) for an address, or a name and a sealed text behind a dot. Without the
person's key neither says anything; with the installation's key alone neither does, once the person's is destroyed.
"""

from __future__ import annotations

import base64
import hmac
import os
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import Permanent

KEY_BYTES = 32
_NONCE_BYTES = 12
_NAME_BYTES = 10  # sixteen letters of base 32


class SealBroken(Permanent):
    """A sealed text or key is not what this installation's LUNAS_PERSONAL_DATA_KEY sealed."""


class PersonKey(NamedTuple):
    """A fresh key: what it is called, the key, and the key as it is stored."""

    name: str
    key: bytes
    wrapped: bytes


class TextSealer:
    """What one installation's key can do. Addresses are found by an index that nobody computes without it."""

    def __init__(self, secret: str) -> None:
        self._pepper = _derived(secret, "index of addresses")
        self._wrapping = AESGCM(_derived(secret, "keys of persons"))
        self.check = _derived(secret, "check")[:16]
        """Tells whether another process has the same key; says nothing of it."""

    def index(self, address: str) -> bytes:
        """32 bytes by which an address in normal form is found."""
        return hmac.digest(self._pepper, address.encode("utf-8", "surrogatepass"), "sha256")

    def fresh(self) -> PersonKey:
        """A key for somebody who has none."""
        name = "~" + base64.b32encode(os.urandom(_NAME_BYTES)).decode("ascii").lower()
        key = os.urandom(KEY_BYTES)
        return PersonKey(name, key, self.wrap(name, key))

    def wrap(self, name: str, key: bytes) -> bytes:
        """The key of that name as it is stored."""
        return _sealed(self._wrapping, name, key)

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """The key of that name. Raises SealBroken."""
        return _opened(self._wrapping, name, wrapped)


def seal(name: str, key: bytes, text: str) -> bytes:
    """A text, sealed by the key of that name; the same text seals otherwise every time."""
    return _sealed(AESGCM(key), name, text.encode("utf-8", "surrogatepass"))


def unseal(name: str, key: bytes, sealed: bytes) -> str:
    """The text that `seal` was given. Raises SealBroken."""
    return _opened(AESGCM(key), name, sealed).decode("utf-8", "surrogatepass")


def token(name: str, key: bytes, text: str) -> str:
    """As it stands in the log: the name, a dot, and the sealed text in base 64."""
    return f"{name}.{base64.urlsafe_b64encode(seal(name, key, text)).decode('ascii').rstrip('=')}"


def sealed_part(said: str) -> tuple[str, bytes | None]:
    """Name and sealed text of what stands in the log; None for a name alone."""
    name, dot, text = said.partition(".")
    return name, base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if dot else None


def _derived(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), f"lunas personal data: {purpose}".encode(), "sha256")


def _sealed(cipher: AESGCM, name: str, content: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, name.encode("ascii"))


def _opened(cipher: AESGCM, name: str, sealed: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode("ascii"))
    except (InvalidTag, ValueError) as error:
        raise SealBroken((SealBroken.__doc__ or "").rstrip(".")) from error
