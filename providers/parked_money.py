"""How much money a parked message speaks of and whose, as far as its bytes can be read. For lists and filters only: never for booking."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from providers.payer import payer_id
from providers.registry import PROVIDERS
from schemas.envelope import EnvelopeError, unpack

_MOST = 2**63 - 1
"""What a column holds; whoever states more states no amount."""
_OWN = b'"event":"lunas.'


def own_word(body: bytes) -> dict[str, Any] | None:
    """What reconciliation wrote in the place of a provider (`processor.intake.contested`); other bodies are none. Only a count of people rests on it."""
    if _OWN not in body:
        return None
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    known = isinstance(said, dict) and isinstance(said.get("amount_idr"), int | None)
    return said if known and isinstance(said.get("customer_id"), str | None) else None


def amount_in(message: bytes) -> int | None:
    """Rupiah in a packed envelope or None when nothing readable names any."""
    try:
        envelopes = unpack(message)
    except EnvelopeError:
        return None
    each = [amount_of(envelope.provider, envelope.body) for envelope in envelopes]
    known = [amount for amount in each if amount is not None]
    return sum(known) if known and sum(known) <= _MOST else None


def amount_of(name: str, body: bytes) -> int | None:
    """Rupiah in one webhook, read as its provider's translator reads amounts."""
    provider = PROVIDERS.get(name)
    own = own_word(body)
    amount = own.get("amount_idr") if own else provider.stated_amount(body) if provider else None
    return amount if amount is not None and amount <= _MOST else None


def whose(message: bytes) -> str | None:
    """A digest of the first payer that a packed envelope names: the same for the same, and nobody's name."""
    try:
        envelopes = unpack(message)
    except EnvelopeError:
        return None
    for envelope in envelopes:
        provider = PROVIDERS.get(envelope.provider)
        own = own_word(envelope.body)
        named = (
            own.get("customer_id") if own else payer_id(envelope.body, provider.payer) if provider else None
        )
        if named is not None:
            return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return None
