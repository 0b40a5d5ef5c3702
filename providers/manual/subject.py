"""What a confirmation by hand is about: its order."""

from __future__ import annotations

from providers.section import Section


def subject(top: Section) -> str | None:
    """The order; None when it is not named. Raises UntranslatableError."""
    return top.section("data").identifier("order_id")
