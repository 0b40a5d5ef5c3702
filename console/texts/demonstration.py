"""Sentences of the demonstration."""

from __future__ import annotations

DEMONSTRATION: dict[str, tuple[str, str]] = {}
