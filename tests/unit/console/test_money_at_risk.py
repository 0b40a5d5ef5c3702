"""Money that a cause and its consequence are both about is counted once."""

from __future__ import annotations

from datetime import UTC, datetime

from console.problems.problem import Found, Kind, arranged, money_at_risk

NOW = datetime.now(UTC)


def found(kind: Kind, amount: int, provider: str = "mayar", stage: str = "translate") -> Found:
    return Found(kind, stage, "x", "", provider, None, 1, amount, 0, 1, NOW, NOW)


def test_of_a_cause_and_what_follows_from_it_the_larger_sum_counts() -> None:
    parked, waiting = found("letters", 50_000), found("unconfirmed", 90_000, stage="fulfil")
    held = found("held", 10_000, provider="xendit")
    assert money_at_risk(arranged([parked, waiting, held])) == 100_000
    assert money_at_risk(arranged([found("letters", 95_000), waiting])) == 95_000
    assert money_at_risk([]) == 0


def test_money_behind_a_silence_counts_though_the_silence_itself_has_none() -> None:
    assert (
        money_at_risk(arranged([found("silence", 0), found("unconfirmed", 70_000, stage="fulfil")])) == 70_000
    )


def test_a_consequence_whose_cause_is_not_in_the_list_counts() -> None:
    waiting = next(
        one for one in arranged([found("silence", 0), found("unconfirmed", 70_000)]) if one.because
    )
    assert money_at_risk([waiting]) == 70_000
