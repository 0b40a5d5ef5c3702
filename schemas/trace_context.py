"""The context of a trace as it travels: a W3C `traceparent` (https://www.w3.org/TR/trace-context/#traceparent-header). Pure.

We write it where a span is recorded, and nowhere else: what nobody records leaves nothing in envelopes, messages and events.
"""

from __future__ import annotations

import re

TRACEPARENT = "traceparent"
"""Name of the header, and of the key in envelopes and in the metadata of events."""

# Version 00 only: what a later version adds behind it, nobody here could carry on.
_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def well_formed(value: object) -> str | None:
    """The value, when it is a `traceparent`; else None, whatever it is."""
    return value if isinstance(value, str) and _FORM.fullmatch(value) else None


def trace_id(traceparent: str) -> str:
    """32 hexadecimal digits: the same for everything that belongs to one trace."""
    return traceparent[3:35]


def span_id(traceparent: str) -> str:
    """16 hexadecimal digits."""
    return traceparent[36:52]


def is_sampled(traceparent: str) -> bool:
    """Whether somebody records it."""
    return bool(int(traceparent[53:55], 16) & 1)
