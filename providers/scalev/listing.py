"""Scalev's lists: `{data: [...], next_cursor}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.outgoing import CallFailed


def rows_of(document: Any) -> list[Mapping[str, Any]]:
    """Of a list. Raises CallFailed `unknown` for anything else: nobody knows what it holds."""
    rows = document.get("data") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise CallFailed("unknown", "provider_unreadable")
    return [row for row in rows if isinstance(row, dict)]
