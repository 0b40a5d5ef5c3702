"""Sentences of the diagnosis."""

from __future__ import annotations

DIAGNOSIS: dict[str, tuple[str, str]] = {}
