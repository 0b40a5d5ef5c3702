"""Held money in words."""

from __future__ import annotations

from console.messages import text


def reason_in_words(code: str) -> str:
    """The reason of an entry in the operator's language; the code itself when it is a newer one."""
    try:
        return text(f"reason.{code}")
    except KeyError:
        return code
