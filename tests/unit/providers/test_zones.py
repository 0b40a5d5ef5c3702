"""Times without a zone: each provider declares its own, and what zone was written is told beside the moment."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from providers.moments import parse_moment, written_zones
from providers.registry import PROVIDERS
from providers.section import Section
from tests.unit.providers.webhooks import changed, recorded, translate

JAKARTA = ZoneInfo("Asia/Jakarta")
NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
WAYS = (
    ("xendit", "payment.capture", {}),
    ("mayar", "payment.received", {"updatedAt": "2026-07-01T19:00:00", "createdAt": "2026-07-01T19:00:00"}),
    ("scalev", "order.payment_status_changed", {}),
)


def test_c106_each_provider_declares_the_zone_of_times_without_one() -> None:
    assert {name: str(one.zone) for name, one in PROVIDERS.items()} == {
        "xendit": "UTC",
        "mayar": "UTC",
        "scalev": "UTC",
        "manual": "UTC",
    }


def test_c106_a_time_without_a_zone_is_read_in_the_declared_one_and_others_as_written() -> None:
    said = {"bare": "2026-07-01T19:00:00", "zoned": "2026-07-01T21:00:00+09:00", "epoch": 1782907200000}
    top = Section.of({"inner": [said], **said}, JAKARTA)
    for section in (top, top.sections("inner")[0]):
        assert [section.moment(name) for name in said] == [NOON] * 3
        assert section.planned("bare") == NOON
        assert section.moment_if_any("bare") == NOON
    assert Section.of(said, UTC).moment("bare") == datetime(2026, 7, 1, 19, 0, tzinfo=UTC)
    assert parse_moment("2026-07-01", UTC) == parse_moment("2026-07-01", JAKARTA)


@pytest.mark.parametrize(("provider", "shape", "times"), WAYS)
def test_c106_a_translator_reads_by_what_its_provider_declares(
    provider: str, shape: str, times: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = json.loads(_without_zones(json.dumps(changed(recorded(provider, shape), **times))))
    there = translate(provider, bare).facts[0].event.occurred_at
    monkeypatch.setattr(sys.modules[f"providers.{provider}.translate"], "ZONE", JAKARTA)
    assert (there - translate(provider, bare).facts[0].event.occurred_at).total_seconds() == 7 * 3600


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-07-01T19:00:00+07:00", "+07:00"),
        ("2026-07-01T19:00:00.000+0700", "+0700"),
        ("2026-07-01 20:00:00+08", "+08"),
        ("2026-07-01T12:00:00", "none:UTC"),
        ("2026-07-01T12:00", "none:UTC"),
    ],
)
def test_c106_the_zone_that_was_written_is_told_with_its_moment(text: str, zone: str) -> None:
    assert written_zones(json.dumps({"data": {"paid_at": text}}).encode(), UTC) == {NOON: zone}


def test_c106_what_was_written_as_utc_needs_no_word_and_what_is_no_time_has_none() -> None:
    said = ("2026-07-01T12:00:00Z", "2026-07-01T12:00:00+00:00", "1782907200000", "2026-02-30T00:00:00", "x")
    assert written_zones(json.dumps(said).encode(), UTC) == {}
    day = written_zones(b'{"until": "2026-07-01"}', UTC)
    assert day == {datetime(2026, 7, 1, 16, 59, 59, tzinfo=UTC): "none:WIB"}
    declared = written_zones(b'{"paid": "2026-07-01T19:00:00"}', JAKARTA)
    assert declared == {NOON: "none:Asia/Jakarta"}


def _without_zones(text: str) -> str:
    """Every time of a body as if its zone had been forgotten; epochs as texts."""
    return text.replace('Z"', '"')
