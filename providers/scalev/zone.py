"""The zone of a time that bears none. Scalev writes UTC, with `Z` in every recorded body; what bears no zone is UTC as everything else it says."""

from __future__ import annotations

from datetime import UTC

ZONE = UTC
