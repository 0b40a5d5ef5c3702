"""What an HTTP status says when a provider's own codes say nothing."""

from __future__ import annotations

from typing import Any

from providers.outgoing import CallFailed, Ended, Judge

FORBIDDEN = 403


def by_status(status: int) -> tuple[Ended, str]:
    """Of any provider."""
    if status in (401, 403):
        return "refused", "provider_credentials"
    if status == 429:
        return "not_sent", "provider_busy"
    if status >= 500:
        return "unknown", "provider_failing"
    return "refused", "provider_refused"


def where_permitted(judge: Judge) -> Judge:
    """Of a call that a key may be too narrow for: what it may not do is refused, and no reason to leave its provider alone."""

    def judged(status: int, document: Any) -> CallFailed | None:
        failed = judge(status, document)
        if failed is not None and status == FORBIDDEN and failed.code == "provider_credentials":
            failed.code = "provider_refused"
        return failed

    return judged
