"""Sends what applications would be told to one address, signed as our webhooks are, with a secret of its own. Nothing is kept or repeated."""

from __future__ import annotations

import base64
import secrets
import time
from typing import TYPE_CHECKING, NamedTuple

from eventstore.read import StoredEvent
from notify.endpoints import Endpoint
from notify.kinds import KINDS, Notice
from notify.outcome import Outcome
from notify.signing import PREFIX, SigningKeys
from notify.webhooks import ToSend, WebhookSender, data_text
from runtime.ids import utc_now

if TYPE_CHECKING:
    from runtime.settings import Settings

NAME = "listen"


class OneSecret(SigningKeys):
    """The secret that an application has already, whatever it was made of."""

    def __init__(self, secret: bytes) -> None:
        super().__init__([NAME])
        self._secret = secret

    def secret(self, name: str, endpoint_id: str, generation: int) -> bytes:
        return self._secret


def keys_of(given: str) -> SigningKeys:
    """`whsec_…` signs as it is; anything else is a word that a secret is made of, the same each time. Raises ValueError for what begins like a
    secret and is none."""
    if not given.startswith(PREFIX):
        return SigningKeys([given])
    return OneSecret(base64.b64decode(given.removeprefix(PREFIX), validate=True))


class Forwarded(NamedTuple):
    """One attempt."""

    message_id: str
    kind: str
    outcome: Outcome
    milliseconds: int


class Forwarder:
    """One address that is told. Private addresses too: whoever listens at a terminal names the application on their desk. `close` it.

    Raises ValueError as `keys_of` does.
    """

    def __init__(self, settings: Settings, url: str, secret: str | None) -> None:
        self._keys = keys_of(secret or secrets.token_urlsafe(24))
        self._sender = WebhookSender(settings.model_copy(update={"endpoints_private": "allow"}), self._keys)
        self._endpoint = Endpoint(
            NAME, url, frozenset(KINDS), self._keys.newest, 1, None, None, None, utc_now(), None, None
        )

    @property
    def secret(self) -> str:
        """What the application checks signatures with."""
        return self._keys.shown(self._keys.newest, NAME, 1)

    async def send(self, event: StoredEvent, notice: Notice) -> Forwarded:
        began = time.monotonic()
        delivery = ToSend(
            event.event_id,
            NAME,
            event.position,
            notice.kind,
            notice.customer_id,
            notice.occurred_at,
            data_text(notice.data),
            0,
        )
        outcome = await self._sender.send(delivery, self._endpoint)
        took = round((time.monotonic() - began) * 1000)
        return Forwarded(delivery.message_id, notice.kind, outcome, took)

    async def close(self) -> None:
        await self._sender.close()
