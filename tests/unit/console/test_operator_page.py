"""The operator page: who may see it, and that nothing it shows can become markup."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from console.operator_page.app import authorised
from console.operator_page.page import render
from console.overview import Overview
from console.queues import QueueState

KEY = "dev-operator-key"
AT = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        (basic(f"sari:{KEY}"), True),
        (basic(f":{KEY}"), True),
        (f"Bearer {KEY}", True),
        ("", False),
        (basic("sari:"), False),
        (basic(f"{KEY}:"), False),
        (basic("sari:wrong"), False),
        ("Basic not-base64!", False),
        ("Basic " + base64.b64encode(b"\xff\xfe").decode(), False),
        ("Bearer ", False),
        (f"Digest {KEY}", False),
    ],
)
def test_only_the_operator_key_opens_it(header: str, allowed: bool) -> None:
    assert authorised(header, KEY) is allowed


def test_every_value_is_escaped() -> None:
    seen = Overview(
        at=AT,
        position=12,
        processes={"ingress": "ready"},
        queues=[QueueState("<script>alert(1)</script>", True, 3, 1)],
        providers=[{"provider": "<b>", "last_event_at": AT, "last_day": 1, "slow": 0}],
        parked={"count": 1, "amount": 50_000, "unknown": 0},
        suspense={"count": 0, "amount": 0, "oldest": None},
        quarantine={"count": 2, "newest": AT},
        readers=[
            {"name": "<i>", "version": 1, "position": 12, "behind": 0, "lag_seconds": 0.0, "live": True}
        ],
        problems=["<img src=x onerror=alert(1)>"],
    )
    page = render(seen)
    assert "&lt;script&gt;" in page
    for markup in ("<script", "<img", "<b>", "<i>"):
        assert markup not in page
    assert "Rp 50,000" in page or "Rp 50.000" in page


def test_a_page_without_services_still_says_what_is_wrong() -> None:
    page = render(Overview(problems=["PostgreSQL does not answer"]))
    assert "PostgreSQL does not answer" in page
    assert page.startswith("<!doctype html>")
