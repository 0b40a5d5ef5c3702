"""The dispute that a payment's answer tells."""

from __future__ import annotations

import itertools

import orjson

from api.reads.disputes import dispute_of


def word(kind: str, hour: int, dispute_id: str = "dp-1", amount: int | None = 50_000) -> dict[str, object]:
    data = {"dispute_id": dispute_id, "occurred_at": f"2026-11-20T{hour:02d}:00:00Z", "amount": amount}
    return {"type": f"dispute.{kind}", "data": orjson.dumps(data).decode()}


def test_a_payment_without_a_dispute_has_none() -> None:
    assert dispute_of([{"type": "payment.succeeded", "data": "{}"}]) is None


def test_an_end_outweighs_what_is_under_way_in_every_order() -> None:
    for timeline in itertools.permutations(
        [word("opened", 1), word("lost", 3), word("opened", 5, amount=None)]
    ):
        assert dispute_of(timeline) == {
            "dispute_id": "dp-1",
            "status": "lost",
            "amount": 50_000,
            "opened_at": "2026-11-20T01:00:00Z",
            "closed_at": "2026-11-20T03:00:00Z",
        }


def test_of_several_the_open_one_is_told() -> None:
    shown = dispute_of([word("won", 9), word("opened", 2, "dp-2")])
    assert shown is not None
    assert (shown["dispute_id"], shown["status"], shown["closed_at"]) == ("dp-2", "opened", None)
