"""Sends stored deliveries through the pipeline once more: the same bytes, a fresh delivery id, and who asked for it.

The time of receipt stays that of the original, because a translation may depend on it; the fresh id tells the time of the replay.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from console.exits import CommandError
from console.messages import text
from console.store import place
from providers.registry import PROVIDERS
from runtime.amqp.broker import Broker, Message, open_broker
from runtime.ids import uuid7
from schemas.envelope import ATTEMPT_HEADER, CONTENT_TYPE, PARTITION_HEADER, Envelope, pack, unpack
from schemas.errors import NotConfirmed
from schemas.topology import WEBHOOKS, routing_key

if TYPE_CHECKING:
    from runtime.settings import Settings

CONNECT_SHARE = 0.6
"""Of the limit for a service that does not answer; the rest is for hanging up on it."""


@asynccontextmanager
async def open_replay(settings: Settings) -> AsyncIterator[Replayer]:
    """A connected replayer. Raises CommandError with what to start when the broker does not answer."""
    async with open_broker(settings, "operator") as broker:
        try:
            await broker.ready(settings.probe_timeout_seconds * CONNECT_SHARE)
        except NotConfirmed as error:
            raise CommandError(
                text("error.broker_away", address=place(settings.require_broker_url()))
            ) from error
        yield Replayer(broker, settings)


class Replayer:
    """Publishes single envelopes; each call returns only when the broker has confirmed."""

    def __init__(self, broker: Broker, settings: Settings) -> None:
        self._broker = broker
        self._settings = settings

    async def publish(self, envelope: Envelope) -> None:
        """Raises NotConfirmed or Unroutable."""
        await self._send(self._partition(envelope), [envelope])

    async def publish_all(self, envelopes: Sequence[Envelope]) -> None:
        """The same for many: those of one partition travel together and keep their order."""
        by_partition: dict[int, list[Envelope]] = {}
        for envelope in envelopes:
            by_partition.setdefault(self._partition(envelope), []).append(envelope)
        await asyncio.gather(*(self._send(number, group) for number, group in by_partition.items()))

    def _partition(self, envelope: Envelope) -> int:
        provider = PROVIDERS.get(envelope.provider)
        return provider.partition(envelope.body, self._settings.broker_partitions) if provider else 0

    async def _send(self, partition: int, envelopes: Sequence[Envelope]) -> None:
        await self._broker.publisher.publish(
            Message(
                WEBHOOKS,
                routing_key(partition),
                pack(envelopes),
                CONTENT_TYPE,
                {ATTEMPT_HEADER: 0, PARTITION_HEADER: partition},
            ),
            deadline=self._settings.broker_publish_deadline_seconds,
        )


def envelope_of_delivery(row: Any, by: str) -> Envelope:
    """The envelope that replays one row of `deliveries`."""
    return Envelope(
        delivery_id=str(uuid7()),
        provider=row["provider"],
        received_at=microseconds(row["received_at"]),
        scheme=row["scheme"],
        secret_id=row["secret_id"],
        path=row["path"],
        body=bytes(row["body"]),
        headers=json.loads(row["headers"]),
        replay_of=str(row["delivery_id"]),
        actor=by,
    )


def envelopes_of_letter(message: bytes, dead_letter_id: uuid.UUID, by: str) -> Sequence[Envelope]:
    """The envelopes that replay one dead letter. Raises EnvelopeError when its message was never readable."""
    return [
        replace(
            envelope,
            delivery_id=str(uuid7()),
            replay_of=envelope.delivery_id,
            dead_letter_id=str(dead_letter_id),
            actor=by,
        )
        for envelope in unpack(message)
    ]


def microseconds(at: datetime) -> int:
    """Exact epoch microseconds; a float would lose some."""
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
