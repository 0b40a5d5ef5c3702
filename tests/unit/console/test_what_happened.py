"""Everything that can stand in a payment's timeline is told in words."""

from __future__ import annotations

from console.texts.what_happened import WHAT_HAPPENED
from schemas.decisions import DECISIONS
from schemas.facts import FACTS

ELSEWHERE = ("webhook.", "customer.", "catalog.")
"""Facts of no payment."""


def test_every_event_of_a_payment_has_words() -> None:
    types = {model.TYPE for model in (*FACTS, *DECISIONS) if not model.TYPE.startswith(ELSEWHERE)}
    assert {one for one in types if f"happened.{one}" not in WHAT_HAPPENED} == set()
