"""Dead letters as people look at them: without their bytes, with an amount, and in groups of one cause."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.messages import text
from console.next_steps import next_step
from console.output import number
from console.times import moment
from providers.parked_money import amount_in

FINGERPRINT = ("stage", "reason", "place", "provider", "event_name")


def readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """One row of `dead_letters` without its message; `amount` in rupiah, None when no bytes tell it."""
    letter = {key: value for key, value in dict(row).items() if key != "message"}
    letter["body_sha256"] = bytes(letter["body_sha256"]).hex()
    letter["amount"] = amount_in(bytes(row["message"]))
    letter["place"] = row["place"] or None
    if "history" in letter:
        letter["history"] = json.loads(letter["history"])
    return letter


def told_attempts(letter: Mapping[str, Any]) -> list[str]:
    """What each attempt failed with, a line for each; a letter from before they were kept says the last one above."""
    return [
        text(
            "dlq.attempt",
            at=moment(datetime.fromisoformat(one["at"])) if "at" in one else "-",
            number=number(one.get("attempt", 0)),
            error=" ".join(filter(None, (one.get("stage"), one.get("reason"), one.get("detail")))),
        )
        for one in letter["history"]
    ]


def group_letters(letters: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Groups by stage, reason, place of a bug, provider and event; the one with the most money first. `unknown` counts letters without an amount."""
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    for letter in letters:
        key = tuple(letter[name] for name in FINGERPRINT)
        group = groups.setdefault(
            key,
            dict(zip(FINGERPRINT, key, strict=True))
            | {
                "count": 0,
                "amount": 0,
                "unknown": 0,
                "waiting": 0,
                "first_seen": letter["first_seen"],
                "last_seen": letter["last_seen"],
            },
        )
        group["count"] += 1
        group["amount"] += letter["amount"] or 0
        group["waiting"] += letter.get("waiting") or 0
        group["unknown"] += letter["amount"] is None
        group["first_seen"] = min(group["first_seen"], letter["first_seen"])
        group["last_seen"] = max(group["last_seen"], letter["last_seen"])
    for group in groups.values():
        group["next"] = next_step(group["stage"], group["reason"])
    return sorted(groups.values(), key=lambda group: (-group["amount"], -group["count"], group["reason"]))
