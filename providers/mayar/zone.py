"""The zone of a time that bears none. Mayar writes epoch milliseconds, or ISO 8601 with `Z` in every recorded body; what bears no zone is UTC as everything else it says."""

from __future__ import annotations

from datetime import UTC

ZONE = UTC
