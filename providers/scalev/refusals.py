"""What Scalev's refusals mean to us. It has no codes of errors: the status and what was asked for must do (docs.scalev.com/en/dev-pendahuluan)."""

from __future__ import annotations

from typing import Any

from providers.outgoing import CallFailed
from providers.refusals import by_status


def judge(status: int, document: Any) -> CallFailed | None:
    """None for an answer that is one. The older envelope repeats the status inside, where it can be another one."""
    said = document if isinstance(document, dict) else {}
    inside = said.get("code")
    if 200 <= status < 300 and type(inside) is int and inside >= 400:
        status = inside
    if 200 <= status < 300:
        return None
    message = said.get("error") or said.get("message") or said.get("status")
    text = message if isinstance(message, str) else ""
    # Nothing but the store, its goods and its orders has a name in our calls: one of them is not the key's.
    refused = {404: "store_mismatch", 400: "order_rejected", 422: "order_rejected"}
    outcome, code = by_status(status)
    return CallFailed(outcome, refused.get(status, code), said_code=str(status), said=text)
