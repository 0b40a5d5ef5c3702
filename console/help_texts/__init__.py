"""Help in Indonesian. The key is the English paragraph as it stands in the code, on one line."""

from __future__ import annotations

HELP_IN_INDONESIAN: dict[str, str] = {}
