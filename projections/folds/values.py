"""Reading stored JSON values inside folds."""

from __future__ import annotations

from datetime import datetime


def moment(text: str) -> datetime:
    """An aware time from its stored ISO 8601 text. Raises ValueError for a time without zone: it could mean two moments."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError("a stored time has no zone")
    return value


def optional_moment(text: str | None) -> datetime | None:
    return None if text is None else moment(text)
