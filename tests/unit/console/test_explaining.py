"""What an explanation comes to at a moment, in words: pure, from what was read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.explaining.moves import Explained, Move, Subject
from console.explaining.words import result, sentence
from console.times import parse_moment

NOW = datetime.now(UTC)
ENDS = NOW - timedelta(days=1)


def tier_move(changes: dict[str, tuple[Any, Any]], **data: Any) -> Move:
    return Move(1, "e", "tier.changed", NOW, NOW, changes, {"tier": "pro"} | data, None, None)


def comes_to(subject: Subject, values: dict[str, Any], at: datetime) -> str:
    return " ".join(result(Explained(subject, "c1", values, at)))


PRO = {"tier": "pro", "until": ENDS.isoformat(), "then": "bpp"}


def test_a_tier_that_is_over_is_told_as_over_though_no_event_says_so() -> None:
    assert "Your tier is bpp." in comes_to("tier", PRO, NOW)
    assert "pro ended on" in comes_to("tier", PRO, NOW)
    before = comes_to("tier", PRO, ENDS - timedelta(seconds=1))
    assert before.startswith("Your tier is pro until")
    assert before.endswith("then bpp.")


def test_a_plan_that_is_over_is_told_as_over() -> None:
    plan = {"plan": "pro-bulanan", "status": "active", "until": ENDS.isoformat()}
    assert "has ended" in comes_to("access", {"subscription s": plan}, NOW)
    assert "is active" in comes_to("access", {"subscription s": plan}, ENDS - timedelta(seconds=1))
    assert "is cancelled" in comes_to("access", {"subscription s": plan | {"status": "cancelled"}}, NOW)


def test_a_tier_that_holds_longer_did_not_change() -> None:
    found = Explained("tier", "c1", PRO, NOW)
    longer = sentence(found, tier_move({"until": (None, NOW.isoformat())}, until=NOW.isoformat()))
    assert "your tier stays pro. It holds until" in longer
    assert "without an end" in sentence(found, tier_move({"until": (NOW.isoformat(), None)}, until=None))


@pytest.mark.parametrize(("reason", "words"), [("first_topup", "(your first top-up)"), ("newer", "to pro.")])
def test_a_customer_is_told_why_in_words_and_never_a_code(reason: str, words: str) -> None:
    said = sentence(Explained("tier", "c1", PRO, NOW), tier_move({"tier": (None, "pro")}, reason=reason))
    assert "from the first one to pro" in said
    assert words in said
    assert "first_topup" not in said


def test_a_moment_that_was_asked_for_stands_in_the_answer() -> None:
    values = {"credit_tokens": 5, "chat_tokens": 0}
    at = parse_moment("2026-03-05", NOW, day_ends=True)
    asked = " ".join(result(Explained("balance", "c1", values, at, as_of=at, known_at=at)))
    assert "This is how it was on 05-03-2026 23:59 WIB." in asked
    assert "what was known on 05-03-2026 23:59 WIB" in asked
    assert "how it was" not in " ".join(result(Explained("balance", "c1", values, NOW)))


def test_a_debt_is_told_as_one_and_not_as_a_negative_number() -> None:
    owes = comes_to("balance", {"credit_tokens": -400_000, "chat_tokens": 2}, NOW)
    assert owes == "That makes 400,000 credit tokens that you owe, and 2 chat tokens."
    taken = Move(
        1,
        "e",
        "credit.clawed_back",
        NOW,
        NOW,
        {"credit_tokens": (100_000, -400_000)},
        {"amount_idr": 50_000},
        None,
        None,
    )
    assert "Then you owed 400,000." in sentence(Explained("balance", "c1", {}, NOW), taken)


def test_c69_use_that_was_told_in_units_is_explained_by_its_rate() -> None:
    found = Explained("balance", "c1", {"credit_tokens": 993, "chat_tokens": 0}, NOW)
    metered = {
        "meter": "chat", "units": 41_000, "tokens": 30, "per": 1000, "since": "2026-01-01T00:00:00+00:00", "catalog_version": "0123456789abcdef",
        "carried": [1, 2],
    }  # fmt: skip
    changes = {"credit_tokens": (2_000, 770)}
    data = {"reference": "answer-1", "tokens": 1_230}
    told = Move(1, "e", "usage.recorded", NOW, NOW, changes, data | {"metered": metered}, None, None)
    said = sentence(found, told)
    assert (
        "41,000 of the meter chat, at 30 tokens for every 1,000, the rate since 01-01-2026 07:00 WIB" in said
    )
    assert "(catalogue 0123456789abcdef); 1/2 of a token is carried" in said
    plain = Move(1, "e", "usage.recorded", NOW, NOW, changes, data | {"metered": None}, None, None)
    assert "meter" not in sentence(found, plain)
