"""Dedupe keys of Xendit's webhooks. There is no event id in the body, and `webhook-id` is not documented for payments.

So a key names what was reported and the state it reached, per family of events; the delivery's own `created` is never in it.
"""

from __future__ import annotations

from providers.identity import content_key, dedupe_key
from providers.section import Section
from providers.xendit import payloads

PROVIDER = "xendit"


def event_key(event_name: str, top: Section, data: Section) -> str:
    """The key by the event's family; a digest of the content where the family's id is missing."""
    parts = _parts(event_name, data)
    if parts is None or not parts[0]:
        return content_key(PROVIDER, event_name, top)
    account = top.identifier("business_id") or data.identifier("business_id")
    return dedupe_key(PROVIDER, event_name, account, *parts)


def invoice_key(event_name: str, top: Section) -> str:
    """Invoice id, status and payment id."""
    parts = (top.identifier("id"), top.status("status"), top.identifier("payment_id"))
    return dedupe_key(PROVIDER, event_name, top.identifier("user_id"), *parts)


def _parts(event_name: str, data: Section) -> tuple[str | None, ...] | None:
    status = data.status("status")
    if event_name.startswith("payment_request."):
        request = data.identifier("payment_request_id") or data.identifier("id")
        # A code that is paid again and again succeeds once per payment.
        attempt = data.identifier("latest_payment_id") or data.identifier("payment_id")
        named = (request or data.identifier("reference_id"), status)
        return (*named, attempt) if attempt else named
    if event_name.startswith("payment_session."):
        return data.identifier("payment_session_id"), status
    if event_name.startswith("payment_token."):
        return data.identifier("payment_token_id"), status
    if event_name.startswith("refund."):
        refund = payloads.unwrapped_refund(data)
        return refund.identifier("id"), refund.status("status")
    if event_name.startswith("recurring.plan."):
        return data.identifier("id"), status, data.text("updated")
    if event_name.startswith("recurring.cycle."):
        return data.identifier("id"), status, str(data.whole("attempt_count") or 0)
    if event_name.startswith("capture."):
        return data.identifier("id") or data.identifier("payment_id"), status
    if event_name.startswith(("payment.", "ewallet.")):
        return _payment_parts(data, status)
    return None


def _payment_parts(data: Section, status: str | None) -> tuple[str | None, ...]:
    payment_id = data.identifier("payment_id")
    if payment_id is not None:
        return payment_id, ",".join(payloads.capture_ids(data)), status
    return data.identifier("id") or data.identifier("payment_request_id"), status
