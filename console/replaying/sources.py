"""Where the items of a plan come from, and the envelope that each is sent as: the same for the preview and for its application."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from console.replay import envelope_of_delivery, envelopes_of_letter
from console.reverifying import envelope_of_rejected, verify_row
from eventstore.queries import load
from providers.known_secrets import KnownSecrets
from providers.registry import PROVIDERS
from schemas.envelope import Envelope, EnvelopeError, unpack

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

SQL, LETTERS = load("replays.sql", "console"), load("letters.sql", "console")
OWN_ID = frozenset({"quarantine", "missing"})
"""Items that were never a delivery: each is sent under the id it has, so that admitting it twice, by whatever way, is one delivery."""


async def sampled_envelopes(
    connection: Connection, settings: Settings, plan_id: uuid.UUID, by: str
) -> tuple[list[Envelope], int]:
    """What the preview runs, in the order of sending, and how many of it nobody can read."""
    items = await connection.fetch(SQL["sampled"], plan_id)
    deliveries = {row["number"]: row for row in await connection.fetch(SQL["sampled_deliveries"], plan_id)}
    rejected = {row["number"]: row for row in await connection.fetch(SQL["sampled_rejected"], plan_id)}
    found: list[Envelope] = []
    for item in items:
        number = item["number"]
        envelope: Envelope | None = None
        if item["source"] == "deliveries":
            envelope = _of_delivery(deliveries.get(number), by)
        elif item["source"] == "quarantine":
            envelope = _of_rejected(settings, rejected.get(number), by)
        elif item["message"] is not None:
            envelope = _of_message(item, bytes(item["message"]), by)
        found += [envelope] if envelope is not None else []
    return found, len(items) - len(found)


async def item_envelope(
    connection: Connection, settings: Settings, plan_id: uuid.UUID, item: Any, by: str
) -> Envelope | None:
    """One item as it is sent, before it has its delivery id; None when nobody can read it, or when it is not genuine any more."""
    source, source_id = item["source"], item["source_id"]
    if source == "deliveries":
        return _of_delivery(await connection.fetchrow(SQL["delivery"], source_id), by)
    if source == "quarantine":
        return _of_rejected(settings, await connection.fetchrow(SQL["rejected"], source_id), by)
    if source == "missing":
        message = await connection.fetchval(SQL["kept"], plan_id, item["number"])
    else:
        row = await connection.fetchrow(LETTERS["one"], source_id)
        message = row and row["message"]
    return None if message is None else _of_message(item, bytes(message), by)


def secrets_now(settings: Settings, provider: str) -> KnownSecrets:
    """The secrets of today, which say what of the quarantine is genuine."""
    return KnownSecrets.of(settings, provider)


def _of_delivery(row: Any, by: str) -> Envelope | None:
    return None if row is None else envelope_of_delivery(row, by)


def _of_rejected(settings: Settings, row: Any, by: str) -> Envelope | None:
    provider = None if row is None else PROVIDERS.get(row["provider"])
    if provider is None:
        return None
    verdict = verify_row(provider, row, secrets_now(settings, provider.name))
    return None if verdict is None else envelope_of_rejected(row, verdict, by)


def _of_message(item: Any, message: bytes, by: str) -> Envelope | None:
    """The one envelope in it; None for bytes that are none, or several, which are looked at by `lunas dlq`."""
    try:
        if item["source"] == "missing":
            envelopes = [replace(one, actor=by) for one in unpack(message)]
        else:
            envelopes = list(envelopes_of_letter(message, item["source_id"], by))
    except EnvelopeError:
        return None
    return envelopes[0] if len(envelopes) == 1 else None
