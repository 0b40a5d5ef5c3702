"""Mayar's API as such: address, key, and what its answers mean (docs.mayar.id).

The envelope is `{statusCode, messages | message, data}`, and **HTTP 200 can carry a failure**: `statusCode` counts, and `messages: "failed"`.
"""

from __future__ import annotations

from typing import Any

from providers.call_record import CallMetrics
from providers.mayar.payloads import PROVIDER
from providers.outgoing import CallFailed, CallLimits, ProviderApi
from providers.refusals import by_status
from runtime.breaker import Breaker


def mayar_api(
    base_url: str, key: str, limits: CallLimits, breaker: Breaker, metrics: CallMetrics | None = None
) -> ProviderApi:
    """One account. Everything that calls Mayar shares it: its rate limit is one for all routes."""
    return ProviderApi(
        PROVIDER, base_url, {"Authorization": f"Bearer {key}"}, limits, breaker, judge, metrics
    )


def judge(status: int, document: Any) -> CallFailed | None:
    """None for an answer that is one."""
    said = stated_status(status, document)
    if said < 300:
        return None
    outcome, code = by_status(said)
    return CallFailed(outcome, code, said_code=str(said), said=message_of(document))


def stated_status(status: int, document: Any) -> int:
    """The status that the body states, where it is a worse one than that of HTTP."""
    if status >= 300 or not isinstance(document, dict):
        return status
    stated = document.get("statusCode")
    if isinstance(stated, int) and not isinstance(stated, bool) and 400 <= stated < 600:
        return stated
    return 400 if document.get("messages") == "failed" else status


def message_of(document: Any) -> str:
    """Its words."""
    said = document if isinstance(document, dict) else {}
    words = [said.get(name) for name in ("message", "messages", "error")]
    return next((word for word in words if isinstance(word, str)), "")
