"""Where a payment's page leads on to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.timeline import Entry
from console.web.payment import _steps

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "held"),
    [
        (("held",), True),
        (("held", "released"), False),
        # The rest of it, for another reason, or because a word was taken back.
        (("held", "released", "held"), True),
        (("held", "released", "held", "released"), False),
    ],
)
def test_money_that_is_held_again_is_one_step_away(told: tuple[str, ...], held: bool) -> None:
    entries = [
        Entry(AT, "decision", f"suspense.{what}", str(number), number, {"suspense_id": "sus_1"})
        for number, what in enumerate(told)
    ]
    addresses = [address for address, _ in _steps([{"provider": "xendit"}], entries)]
    assert ("/suspense/sus_1" in addresses) == held
