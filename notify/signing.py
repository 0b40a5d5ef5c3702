"""Secrets of endpoints and signatures by Standard Webhooks (https://www.standardwebhooks.com, version 1). Pure.

A secret is kept nowhere: it is derived from a key of the deployment, the endpoint and a number that rotation counts on. A copy of the
database signs nothing; the key alone names no endpoint.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.settings import Settings

PREFIX = "whsec_"


class UnknownKey(ConfigurationError):
    """The secret of an endpoint was derived from a key that LUNAS_NOTIFY_SECRET does not hold any more."""


class SigningKeys:
    """The keys of the deployment by id: the first makes new secrets, the others are still known."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = {key_id(key): key.encode() for key in keys}

    @property
    def newest(self) -> str:
        """Id of the key that new secrets are made of. Raises ConfigurationError when there is none."""
        for name in self._keys:
            return name
        raise ConfigurationError(
            "LUNAS_NOTIFY_SECRET is not set: secrets of endpoints are derived from it. Set it to a long random value, "
            "the same for every process."
        )

    def secret(self, name: str, endpoint_id: str, generation: int) -> bytes:
        """32 bytes. Raises UnknownKey."""
        key = self._keys.get(name)
        if key is None:
            raise UnknownKey
        return hmac.digest(key, f"lunas endpoint {endpoint_id} {generation}".encode(), "sha256")

    def shown(self, name: str, endpoint_id: str, generation: int) -> str:
        """The secret as its application is given it."""
        return PREFIX + base64.b64encode(self.secret(name, endpoint_id, generation)).decode()


def signing_keys(settings: Settings) -> SigningKeys:
    """Of `LUNAS_NOTIFY_SECRET`."""
    given = settings.notify_secret
    parts = [] if given is None else given.get_secret_value().split(",")
    return SigningKeys(part.strip() for part in parts if part.strip())


def key_id(key: str) -> str:
    """What a key is called where it may be read."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def signed(secrets: Iterable[bytes], message_id: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """The three headers; one signature for each secret, the newest first."""
    seconds = int(at.timestamp())
    content = f"{message_id}.{seconds}.".encode() + body
    signatures = (
        "v1," + base64.b64encode(hmac.digest(secret, content, "sha256")).decode() for secret in secrets
    )
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signatures),
    }
