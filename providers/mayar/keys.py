"""Dedupe keys of Mayar's webhooks, which carry no delivery id and often no time.

A membership event says nothing that changes from one cancellation to the next, so the day of receipt is part of its key; applying the
same report twice changes nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime

from providers.identity import content_digest, content_key, dedupe_key
from providers.mayar.amounts import STATED, WENT_BACK
from providers.mayar.events import PAYMENTS, REFUNDS
from providers.mayar.payloads import PROVIDER
from providers.section import Section


def event_key(event_name: str, top: Section, data: Section, received_at: datetime) -> str:
    """The key by the event's family; a digest of the content where nothing names it."""
    account = data.identifier("merchantId")
    parts = _parts(event_name, top, data, received_at)
    return (
        dedupe_key(PROVIDER, event_name, account, *parts) if parts else content_key(PROVIDER, event_name, top)
    )


def _parts(event_name: str, top: Section, data: Section, received_at: datetime) -> tuple[str, ...]:
    stated = top.identifier("id")
    if stated is not None:
        return (stated,)
    if event_name in PAYMENTS:
        transaction = data.identifier("transactionId") or data.identifier("id")
        return (transaction,) if transaction else ()
    if event_name in REFUNDS:
        transaction = data.identifier("transactionId") or data.identifier("id")
        return (transaction, str(data.amount_if_any(*WENT_BACK, *STATED))) if transaction else ()
    if event_name.startswith("membership."):
        member = data.identifier("memberId") or data.identifier("licenseCode")
        tier = data.identifier("membershipTierId") or content_digest(top.values)[:24]
        day = received_at.astimezone(UTC).date().isoformat()
        return (member, data.text("status") or "", tier, day) if member else ()
    if event_name.startswith("subscription."):
        licence, ends = data.identifier("licenseCode"), data.reference("expiredAt")
        return (licence, ends) if licence and ends else ()
    if event_name == "shipper.status":
        parcel, moved = data.identifier("id"), data.reference("createdAt")
        return (parcel, data.text("status") or "", moved) if parcel and moved else ()
    return ()
