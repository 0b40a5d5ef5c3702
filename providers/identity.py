"""What makes two deliveries the same one, and whether a delivery is meant for us.

A dedupe key names the thing that was reported and the state it reached; never when it was delivered.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal

from providers.section import Section

_MAX_KEY = 400
"""Characters; the key is part of a database index, whose rows end near 2,700 bytes."""

_MARKERS = frozenset({"livemode", "environment", "mode"})
_LIVE = {"live", "production"}
_TEST = {"test", "sandbox", "development"}


def dedupe_key(provider: str, *parts: str | None) -> str:
    """`provider:part:part…`, the event name and the account first where they tell deliveries apart.

    Colons inside parts are escaped, so that two keys are equal only part by part.
    """
    key = ":".join(_escape(part or "") for part in (provider, *parts))
    if len(key) <= _MAX_KEY:
        return key
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{_escape(provider)}:long:{digest}"


def content_key(provider: str, event_name: str | None, document: Section) -> str:
    """The key of a delivery without usable ids: a digest of its content without the delivery time."""
    content = {key: value for key, value in document.values.items() if key != "created"}
    return f"{_escape(provider)}:{_escape((event_name or '')[:100])}:content:{content_digest(content)}"


def content_digest(value: object) -> str:
    """SHA-256 in hex over canonical JSON: sorted keys, no blanks, numbers as written."""
    return hashlib.sha256(_CANONICAL.encode(value).encode("ascii")).hexdigest()


def wrong_environment(production: bool, *sections: Section) -> bool:
    """True when a section carries an explicit environment marker that contradicts ours."""
    return any(live is not None and live != production for live in map(_is_live, sections))


def _is_live(section: Section) -> bool | None:
    if not _MARKERS & section.values.keys():
        return None  # as nearly always
    live = section.flag("livemode")
    if live is not None:
        return live
    for key in ("environment", "mode"):
        word = (section.text(key) or "").lower()
        if word in _LIVE or word in _TEST:
            return word in _LIVE
    return None


def _escape(part: str) -> str:
    return part.replace("%", "%25").replace(":", "%3A")


def _number(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_number)
