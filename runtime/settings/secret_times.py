"""`LUNAS_WEBHOOK_SECRET_TIMES`: from when and until when a webhook secret is accepted.

A variable of its own, which names secrets by their id: the lists of secrets are read as ever, whatever characters a secret holds, and a
secret keeps its times wherever in a list it stands. Nothing in it is secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_ID = re.compile(r"[0-9a-f]{12}")
_WORDS = ("not_before", "not_after")
_YEARS = (1970, 9998)
EXAMPLE = "9f86d081884c not_before=2026-12-01T00:00:00+07:00 not_after=2026-12-08T00:00:00+07:00"


@dataclass(frozen=True, slots=True)
class SecretTimes:
    """When a secret is accepted: at both instants themselves and between them; None is no bound. Both are in UTC."""

    not_before: datetime | None = None
    not_after: datetime | None = None

    def hold(self, at: datetime) -> bool:
        """Whether the secret is accepted at this instant."""
        return not (self.begins_after(at) or self.ended_before(at))

    def begins_after(self, at: datetime) -> bool:
        return self.not_before is not None and at < self.not_before

    def ended_before(self, at: datetime) -> bool:
        return self.not_after is not None and at > self.not_after


def read_secret_times(given: str | None) -> Mapping[str, SecretTimes]:
    """Times by the id of their secret. Raises ValueError with a reason that repeats nothing of what was given: it might be a secret."""
    found: dict[str, SecretTimes] = {}
    entries = [part.split() for part in (given or "").split(",")]
    for number, (name, *words) in enumerate(filter(None, entries), 1):
        if not _ID.fullmatch(name.lower()):
            raise ValueError(f"entry {number} does not begin with the id of a secret, 12 hexadecimal digits")
        if name.lower() in found:
            raise ValueError(f"entry {number} is about the same secret as one before it")
        found[name.lower()] = _times(number, words)
    return found


def _times(number: int, words: list[str]) -> SecretTimes:
    pairs = [word.partition("=")[::2] for word in words]
    if not pairs or any(key not in _WORDS for key, _ in pairs) or len(dict(pairs)) < len(pairs):
        raise ValueError(f"entry {number} needs not_before=TIME, not_after=TIME or both after the id")
    times = SecretTimes(**{key: _moment(number, key, value) for key, value in pairs})
    if times.not_before and times.not_after and times.not_after < times.not_before:
        raise ValueError(f"entry {number} ends before it begins")
    return times


def _moment(number: int, key: str, value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{key} of entry {number} is no ISO 8601 time") from None
    if at.tzinfo is None:
        raise ValueError(f"{key} of entry {number} has no zone: add Z or +07:00")
    if not _YEARS[0] <= at.year <= _YEARS[1]:
        # Beyond, no other zone can show it.
        raise ValueError(f"{key} of entry {number} is not in the years {_YEARS[0]} to {_YEARS[1]}")
    return at.astimezone(UTC)
