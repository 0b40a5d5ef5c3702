"""What Xendit's errors mean to us: its codes of two generations, and the status where a code is unknown."""

from __future__ import annotations

from typing import Any

from providers.outgoing import CallFailed, Ended
from providers.refusals import by_status

ALREADY_THERE = frozenset({"DUPLICATE_ERROR", "DUPLICATE_REFERENCE", "IDEMPOTENCY_ERROR"})
"""A request with our reference exists: it is looked up."""

_CODES: dict[str, tuple[Ended, str]] = {
    "PAYMENT_METHOD_NOT_ACTIVE": ("refused", "payment_method_inactive"),
    "CHANNEL_NOT_ACTIVATED": ("refused", "payment_method_inactive"),
    "CHANNEL_NOT_AVAILABLE": ("refused", "channel_unavailable"),
    "CHANNEL_UNAVAILABLE": ("refused", "channel_unavailable"),
    "ISSUER_UNAVAILABLE": ("refused", "channel_unavailable"),
    "INVALID_AMOUNT": ("refused", "amount_refused"),
    "INVALID_AMOUNT_ERROR": ("refused", "amount_refused"),
    "MAX_AMOUNT_LIMIT_ERROR": ("refused", "amount_refused"),
    "MIN_AMOUNT_LIMIT_ERROR": ("refused", "amount_refused"),
    "REFUND_NOT_SUPPORTED": ("refused", "refund_not_supported"),
    "PARTIAL_REFUND_NOT_SUPPORTED": ("refused", "refund_not_supported"),
    "PARTIAL_REFUND_COUNTS_EXCEEDED": ("refused", "refund_not_supported"),
    "INELIGIBLE_TRANSACTION_STATUS": ("refused", "refund_not_supported"),
    "REFUND_AMOUNT_EXCEEDED": ("refused", "refund_exceeds_payment"),
    "REFUND_IN_PROGRESS": ("refused", "refund_in_progress"),
    "INSUFFICIENT_BALANCE": ("refused", "refund_funds_missing"),
    "TEMPORARILY_UNAVAILABLE": ("not_sent", "provider_unavailable"),
    "PAYMENT_REQUEST_RATE_LIMITED": ("not_sent", "provider_busy"),
    "RATE_LIMIT_EXCEEDED": ("not_sent", "provider_busy"),
    "INVALID_API_KEY": ("refused", "provider_credentials"),
    "INVALID_MERCHANT_SETTINGS": ("refused", "payment_method_inactive"),
    "ACCOUNT_ACCESS_BLOCKED": ("refused", "provider_credentials"),
    "REQUEST_FORBIDDEN_ERROR": ("refused", "provider_credentials"),
    "UNAUTHORIZED_SENDER_IP": ("refused", "provider_credentials"),
    **dict.fromkeys(ALREADY_THERE, ("refused", "duplicate_request")),
}


def judge(status: int, document: Any) -> CallFailed | None:
    """None for an answer of 2xx."""
    if 200 <= status < 300:
        return None
    said = document if isinstance(document, dict) else {}
    code = said.get("error_code")
    code = code if isinstance(code, str) else None
    outcome, ours = _CODES.get(code or "", (None, None))
    if outcome is None or ours is None:
        outcome, ours = by_status(status)
    message = said.get("message")
    return CallFailed(outcome, ours, said_code=code, said=message if isinstance(message, str) else "")
