"""Dead letters as people look at them: without their bytes, with an amount, and in groups of one cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from console.next_steps import next_step
from providers.parked_money import amount_in

FINGERPRINT = ("stage", "reason", "place", "provider", "event_name")


def readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """One row of `dead_letters` without its message; `amount` in rupiah, None when no bytes tell it."""
    letter = {key: value for key, value in dict(row).items() if key != "message"}
    letter["body_sha256"] = bytes(letter["body_sha256"]).hex()
    letter["amount"] = amount_in(bytes(row["message"]))
    letter["place"] = row["place"] or None
    return letter


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
