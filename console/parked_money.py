"""How much money a parked message speaks of, as far as its bytes can be read. For lists only: never for booking."""

from __future__ import annotations

from providers.registry import PROVIDERS
from schemas.envelope import Envelope, EnvelopeError, unpack


def amount_in(message: bytes) -> int | None:
    """Rupiah in a packed envelope or None when nothing readable names any."""
    try:
        envelopes = unpack(message)
    except EnvelopeError:
        return None
    known = [amount for envelope in envelopes if (amount := _amount_of(envelope)) is not None]
    return sum(known) if known else None


def _amount_of(envelope: Envelope) -> int | None:
    """Rupiah in one webhook, read as its provider's translator reads amounts."""
    provider = PROVIDERS.get(envelope.provider)
    return provider.stated_amount(envelope.body) if provider else None
