"""What a Scalev webhook is about: the name by which related deliveries find the same partition.

Everything hangs on the order, and `order_id` is in every event about one; `id` is missing or another in old payloads.
"""

from __future__ import annotations

from providers.section import Section


def subject(top: Section) -> str | None:
    """The order, or the checkout intent that has none yet; None when nothing is named. Raises UntranslatableError."""
    data = top.section("data")
    return (
        data.identifier("order_id") or data.section("order").identifier("order_id") or data.identifier("id")
    )
