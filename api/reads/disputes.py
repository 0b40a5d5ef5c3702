"""The dispute of a payment as its facts tell: the newest word on it, an end outweighing what is under way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

Document = dict[str, Any]

_STATUSES = {"dispute.opened": "opened", "dispute.won": "won", "dispute.lost": "lost"}


def dispute_of(timeline: Iterable[Any]) -> Document | None:
    """Of several the one that is still open, else the one that ended last; None without any."""
    disputes: dict[str, Document] = {}
    for step in timeline:
        status = _STATUSES.get(step["type"])
        if status is not None:
            _say(disputes, status, orjson.loads(step["data"]))
    return max(disputes.values(), key=_rank, default=None)


def _say(disputes: dict[str, Document], status: str, fact: Mapping[str, Any]) -> None:
    at = fact["occurred_at"]
    known = disputes.setdefault(
        fact["dispute_id"],
        {
            "dispute_id": fact["dispute_id"],
            "status": "opened",
            "amount": None,
            "opened_at": None,
            "closed_at": None,
        },
    )
    known["amount"] = fact.get("amount") if fact.get("amount") is not None else known["amount"]
    if status == "opened":
        known["opened_at"] = min(known["opened_at"] or at, at)
    elif known["closed_at"] is None or at >= known["closed_at"]:
        known["status"], known["closed_at"] = status, at


def _rank(dispute: Document) -> tuple[bool, str, str]:
    at = dispute["closed_at"] or dispute["opened_at"] or ""
    return dispute["status"] == "opened", at, dispute["dispute_id"]
