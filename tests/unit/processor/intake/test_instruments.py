"""What intake tells about itself: slow deliveries, parked groups, and nothing personal."""

from __future__ import annotations

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from processor.intake.instruments import Instruments
from processor.intake.interpreter import Prepared
from processor.intake.store import Recorded
from processor.intake.verdicts import judge
from tests.unit.processor.intake.envelopes import capture, envelope, interpreter


def _stored(*took_ms: int, bodies: list[bytes] | None = None) -> list[Recorded]:
    prepared: list[Prepared] = [
        interpreter().prepare(envelope(body))
        for body in bodies or [capture(f"py-{number}") for number in range(len(took_ms))]
    ]
    return [Recorded(verdict, took) for verdict, took in zip(judge(prepared, {}), took_ms, strict=True)]


def test_a_delivery_slower_than_the_limit_raises_an_alert_metric_and_one_line_per_batch() -> None:
    registry = CollectorRegistry()
    stored = _stored(4_999, 5_000, 5_001, 90_000)
    with capture_logs() as lines:
        Instruments(registry, slow_seconds=5.0).stored(4, stored)
    assert registry.get_sample_value("lunas_intake_slow_total", {"provider": "xendit"}) == 2
    (line,) = lines
    assert (line["action"], line["deliveries"], line["slowest_ms"]) == ("intake.slow_processing", 2, 90_000)
    assert line["delivery_id"] == stored[3].verdict.prepared.envelope.delivery_id


def test_every_delivery_is_counted_by_what_became_of_it_and_redeliveries_apart() -> None:
    registry = CollectorRegistry()
    stored = _stored(1, 1, 1, bodies=[capture("py-1"), capture("py-1"), capture("py-1", 60_000)])
    Instruments(registry, slow_seconds=5.0).stored(5, stored)
    for status in ("processed", "duplicate", "conflict"):
        labels = {"provider": "xendit", "status": status}
        assert registry.get_sample_value("lunas_intake_deliveries_total", labels) == 1
    assert registry.get_sample_value("lunas_intake_redelivered_total") == 2


def test_c28_what_is_parked_is_told_once_per_reason_and_without_the_payload() -> None:
    registry = CollectorRegistry()
    with capture_logs() as lines:
        Instruments(registry, slow_seconds=5.0).stored(3, _stored(1, 1, 1, bodies=[b"{", b"{", b""]))
    assert [(line["reason"], line["deliveries"]) for line in lines] == [
        ("unparsable_not_json", 2),
        ("unparsable_empty_body", 1),
    ]
    labels = {"stage": "translate", "reason": "unparsable_not_json"}
    assert registry.get_sample_value("lunas_intake_parked_total", labels) == 2
