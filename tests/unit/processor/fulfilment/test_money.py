"""What decisions did with money is read off their postings: every kind of posting there is has its movement."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from processor.fulfilment.money import money_moved
from processor.fulfilment.rounds import Round
from processor.fulfilment.runner import FulfilmentMetrics
from processor.grants import postings as p
from schemas.corrections import CreditWithdrawn
from schemas.decisions import SaleRecorded
from schemas.event_model import EventModel


def said(booked: p.Postings, model: type[EventModel] = SaleRecorded) -> EventModel:
    """A decision with these postings; nothing else of it is looked at."""
    made: Any = model.model_construct(postings=booked)
    return made  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("booked", "movement", "rupiah"),
    [
        (p.held("xendit", 50_000), "held", 50_000),
        (p.released("xendit", 50_000), "released", 50_000),
        (p.written_off("xendit", 50_000), "written_off", 50_000),
        (p.reopened("xendit", 50_000, 50_000), "reopened", 50_000),
        (p.reopened("xendit", 50_000, 0), "reopened", 50_000),
        (p.credited("xendit", "budi", 50_000, 500_000), "credited", 50_000),
        (p.credit_taken_back("xendit", "budi", 50_000, 50_000, 500_000), "refunded", 50_000),
        (p.credit_taken_back("xendit", "budi", 50_000, 20_000, 200_000), "refunded", 50_000),
        (p.credit_taken_back("xendit", "budi", 50_000, 0, 0), "refunded", 50_000),
        (p.sold("xendit", "kelas-python", 150_000), "sold", 150_000),
        (p.sale_returned("xendit", "kelas-python", 150_000), "refunded", 150_000),
    ],
)
def test_every_kind_of_posting_is_a_movement_of_its_provider(
    booked: p.Postings, movement: str, rupiah: int
) -> None:
    assert dict(money_moved([said(booked)])) == {("xendit", movement): rupiah}


def test_what_was_never_due_is_withdrawn_and_not_refunded() -> None:
    back = p.credit_taken_back("mayar", "budi", 50_000, 50_000, 500_000)
    assert dict(money_moved([said(back, CreditWithdrawn)])) == {("mayar", "withdrawn"): 50_000}


def test_what_moves_no_rupiah_is_left_out() -> None:
    assert dict(money_moved([said(()), said(p.chat_tokens("budi", 5))])) == {}


def test_what_is_committed_is_counted_by_provider() -> None:
    registry = CollectorRegistry()
    metrics = FulfilmentMetrics(registry)
    decisions = [said(p.credited("xendit", "budi", 50_000, 1)), said(p.credited("xendit", "siti", 25_000, 1))]
    for _ in range(2):
        metrics.decided(Round(1, 2, more=False, moved=money_moved(decisions)))
    labels = {"provider": "xendit", "movement": "credited"}
    assert registry.get_sample_value("lunas_money_rupiah_total", labels) == 150_000
