"""Settings that wait for what will read them. Whoever sets one is told that it does nothing yet, instead of being left to believe in it."""

from __future__ import annotations

from runtime.settings.model import Settings, variable_name

NOT_YET: frozenset[str] = frozenset()
"""Fields that no room reads. A test takes one off this list as soon as one does."""


def without_effect(settings: Settings) -> list[str]:
    """Names of variables that were set to something else than their default, and that nothing reads."""
    default = {field: Settings.model_fields[field].default for field in NOT_YET}
    if settings.env == "development":
        default["payment_provider"] = "manual"
    given = settings.model_fields_set & NOT_YET
    return sorted(
        variable_name(field) for field in given if getattr(settings, field) not in (None, default[field])
    )
