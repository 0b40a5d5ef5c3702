"""What a parked message says about money, and groups of letters."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from console.letters import group_letters, readable
from providers.parked_money import amount_in
from schemas.envelope import Envelope, pack

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def message(body: bytes, provider: str = "xendit") -> bytes:
    return pack(
        [Envelope(str(uuid.uuid4()), provider, 1, "static_token", "0" * 12, f"/webhooks/{provider}", body)]
    )


@pytest.mark.parametrize(
    ("body", "amount"),
    [
        (b'{"data":{"amount":50000}}', 50_000),
        (b'{"data":{"captured_amount":"75000.00","amount":1}}', 75_000),
        (b'{"amount":100000.0}', 100_000),
        (b'{"data":{"refund_amount":"150000"}}', 150_000),
        (b'{"data":{"data":{"amount":7}}}', 7),
        (b'{"data":{"amount":-5}}', None),
        (b'{"data":{"amount":1.5}}', None),
        (b'{"data":{"amount":50,"currency":"USD"}}', None),
        (b'{"currency":"USD","data":{"amount":50}}', None),
        (b'{"data":{"amount":50,"currency":" idr "}}', 50),
        (b'{"data":{"amount":50,"currency":null}}', 50),
        (b'{"data":{"gross_amount":"66666.00"}}', 66_666),
        (b'{"data":{"order":{"nominal":77777}},"nominal":77777}', 77_777),
        (b'{"data":{"nominal":77777,"total_price":88888}}', None),
        (b'{"data":{"nominal":77777,"currency":"USD"}}', None),
        (b'{"data":{"total_quantity":7}}', None),
        (b'{"data":{}}', None),
        (b"[]", None),
        (b"not json", None),
    ],
)
def test_amounts_are_read_exactly_or_not_at_all(body: bytes, amount: int | None) -> None:
    assert amount_in(message(body)) == amount


def test_each_providers_own_names_of_amounts_are_read() -> None:
    assert amount_in(message(b'{"data":{"gross_revenue":"150000"}}', "scalev")) == 150_000
    assert amount_in(message(b'{"data":{"amount":59000}}', "mayar")) == 59_000


def test_a_message_that_was_never_an_envelope_has_no_amount() -> None:
    assert amount_in(b"garbage") is None


def letter(reason: str, body: bytes, seen: datetime = AT, place: str | None = "") -> dict[str, object]:
    return readable(
        {
            "stage": "translate",
            "reason": reason,
            "place": place,
            "provider": "xendit",
            "event_name": "payment.capture",
            "first_seen": seen,
            "last_seen": seen,
            "body_sha256": b"\x01",
            "message": message(body),
        }
    )


def test_groups_count_letters_and_money_and_the_richest_comes_first() -> None:
    later = AT.replace(hour=3)
    groups = group_letters(
        [
            letter("amount_fractional", b'{"data":{"amount":1.5}}'),
            letter("amount_missing", b'{"data":{"amount":20000}}'),
            letter("amount_missing", b'{"data":{"amount":30000}}', later),
        ]
    )
    assert [(group["reason"], group["count"], group["amount"], group["unknown"]) for group in groups] == [
        ("amount_missing", 2, 50_000, 0),
        ("amount_fractional", 1, 0, 1),
    ]
    assert (groups[0]["first_seen"], groups[0]["last_seen"]) == (AT, later)
    assert "message" not in letter("x", b"{}")


def test_two_bugs_that_park_for_one_reason_are_two_groups() -> None:
    places = ("KeyError in _parts", "KeyError in _refund", "KeyError in _parts", None, "")
    groups = group_letters([letter("policy_failed", b"{}", place=place) for place in places])
    assert {group["place"]: group["count"] for group in groups} == {
        "KeyError in _parts": 2,
        "KeyError in _refund": 1,
        None: 2,
    }
