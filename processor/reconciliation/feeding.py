"""What a provider says on being asked, given to the queue in the shape of its webhook. Intake stores it like any other, with our own key."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from processor.intake.interpreter import Interpreter
from providers.provider import Provider
from providers.reconciling import ListedPayment
from runtime.amqp.broker import Message
from runtime.amqp.publisher import Publisher
from runtime.faults import fault_point
from schemas.envelope import (
    ATTEMPT_HEADER,
    CONTENT_TYPE,
    PARTITION_HEADER,
    RECONCILED,
    TOLD_AT,
    Envelope,
    pack,
)
from schemas.topology import WEBHOOKS, retry_name, routing_key

PATH = "reconciliation"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAMESPACE = uuid.UUID("a8f5b5a2-0b8e-5a5f-9a55-3f9a5c1d2e70")
"""The same words are the same delivery, so that a run that was killed after it had published writes nothing twice."""


class IntakeFeeder(Protocol):
    """Takes what a run found missing here."""

    async def feed(self, envelopes: Sequence[Envelope]) -> None:
        """Returns when they are kept."""


class QueueFeeder:
    """Publishes; every call returns when the broker has confirmed. `deadline` in seconds; `exchange`: see `way_in`."""

    def __init__(
        self,
        publisher: Publisher,
        provider: Provider,
        partitions: int,
        deadline: float,
        exchange: str = WEBHOOKS,
    ) -> None:
        self._publisher, self._provider, self._exchange = publisher, provider, exchange
        self._partitions, self._deadline = partitions, deadline

    async def feed(self, envelopes: Sequence[Envelope]) -> None:
        """Raises NotConfirmed or Unroutable; then some of them may have been taken all the same."""
        by_partition: dict[int, list[Envelope]] = {}
        for one in envelopes:
            by_partition.setdefault(self._provider.partition(one.body, self._partitions), []).append(one)
        for number, group in by_partition.items():
            headers: dict[str, str | int | bool] = {ATTEMPT_HEADER: 0, PARTITION_HEADER: number}
            message = Message(self._exchange, routing_key(number), pack(group), CONTENT_TYPE, headers)
            await self._publisher.publish(message, deadline=self._deadline)
            fault_point("reconcile.mid_feed")
        fault_point("reconcile.after_feed")


def way_in(delays: Sequence[float]) -> str:
    """The processor's own way to the work queues, by the shortest retry tier: its broker user may not publish where webhooks come in."""
    return retry_name(min(delays)) if delays else WEBHOOKS


def envelope_of(provider: str, body: bytes, sent_at: datetime | None, now: datetime) -> Envelope:
    """The delivery of these words, read now. `sent_at`: when the provider sent them, where it says so."""
    headers = {} if sent_at is None else {TOLD_AT: str(_microseconds(sent_at))}
    digest = hashlib.sha256(body).hexdigest()
    return Envelope(
        delivery_id=str(uuid.uuid5(NAMESPACE, f"{provider} {headers.get(TOLD_AT, '')} {digest}")),
        provider=provider,
        received_at=_microseconds(now),
        scheme=RECONCILED,
        secret_id="",
        path=PATH,
        body=body,
        headers=headers,
    )


def keys_of(interpreter: Interpreter, provider: str, row: ListedPayment, now: datetime) -> tuple[str, ...]:
    """Keys under which intake knows a webhook of the provider's history: as it came, and as we gave it. Empty: nobody can say what it means.

    A key may hold the day of receipt; the webhook may have come a day after it was sent.
    """
    if row.webhook is None:
        return ()
    found: list[str] = []
    for late in (timedelta(), timedelta(days=1)):
        sent = (row.sent_at or now) + late
        given = envelope_of(provider, row.webhook, sent, now)
        for scheme in ("", RECONCILED):
            told = Envelope(given.delivery_id, provider, _microseconds(sent), scheme, "", PATH, row.webhook, given.headers)  # fmt: skip
            meaning = interpreter.prepare(told).translation
            if meaning is not None:
                found.append(meaning.dedupe_key)
    return tuple(dict.fromkeys(found))


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
