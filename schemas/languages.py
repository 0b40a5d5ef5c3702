"""The two languages that lunas speaks to people, and which one a caller prefers."""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "id"]


def preferred(accept_language: str) -> Language | None:
    """What an `Accept-Language` header asks for; English where both weigh the same, None when it names neither."""
    weights = {"en": 0.0, "id": 0.0}
    for part in accept_language.split(","):
        tag, _, quality = part.strip().partition(";")
        name = tag.strip().lower().partition("-")[0]
        if name in weights:
            weights[name] = max(weights[name], _quality(quality))
    if not any(weights.values()):
        return None
    return "id" if weights["id"] > weights["en"] else "en"


def _quality(text: str) -> float:
    value = text.strip().removeprefix("q=") or "1"
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
