"""What an HTTP status says when a provider's own codes say nothing."""

from __future__ import annotations

from providers.outgoing import Ended


def by_status(status: int) -> tuple[Ended, str]:
    """Of any provider."""
    if status in (401, 403):
        return "refused", "provider_credentials"
    if status == 429:
        return "not_sent", "provider_busy"
    if status >= 500:
        return "unknown", "provider_failing"
    return "refused", "provider_refused"
