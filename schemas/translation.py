"""What a translator makes of one delivery. Pure values; the same bytes and headers always give the same translation."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from schemas.events import EventModel
from schemas.streams import StreamName


class Effect(StrEnum):
    """What became of a delivery's meaning."""

    FACTS = "facts"  # domain events follow
    NO_EFFECT = "no_effect"  # known, recorded, nothing to do (tracking, stored instruments, …)
    UNKNOWN = "unknown"  # an event name we do not know yet; replayable once we do
    TEST = "test"  # the provider's connection test
    QUARANTINED = "quarantined"  # authentic, but of another account or environment


class Fact(msgspec.Struct, frozen=True):
    """One domain event to append: `stream` such as `payment-xendit-py-…`, and the event itself."""

    stream: StreamName
    event: EventModel


class Translation(msgspec.Struct, frozen=True):
    """The meaning of one delivery.

    `dedupe_key` is unique per provider and account and stays the same when the provider sends the same thing again.
    `says` holds what the delivery states in substance (amount, currency, status, ids, payer); two deliveries with one
    dedupe key and different `says` contradict each other. Delivery times never belong in either.
    """

    effect: Effect
    event_name: str | None
    dedupe_key: str
    says: dict[str, object] = msgspec.field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    reason: str | None = None


class TranslationContext(msgspec.Struct, frozen=True):
    """What a translator may know besides the bytes. Account ids are checked only when set.

    `received_at` (timezone-aware) stands in for events that carry no time of their own. `production` says which environment we are.
    """

    received_at: datetime
    account_id: str | None = None
    production: bool = False
    body_sha256: str = ""
