"""The language of filters: what is meant, and where a mistake is."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.where import FIELDS, PROBLEMS, STAGES, STATUSES, WhereError, parse_where

NOW = datetime(2026, 11, 29, 10, tzinfo=UTC)
PROVIDERS = ("mayar", "scalev", "xendit")


def test_clauses_are_all_true_and_values_are_alternatives() -> None:
    where = parse_where(
        "provider=mayar,xendit and error~timeout and amount>500000 and since 2h and event!='payment.x'",
        providers=PROVIDERS,
    )
    assert where.sources == ("letters",)
    parameters = where.parameters(NOW)
    assert parameters[0] == ["mayar", "xendit"]
    assert parameters[3] == ["payment.x"]
    assert parameters[8] == ["timeout"]
    assert parameters[14:18] == (500_001, None, NOW - timedelta(hours=2), None)


def test_the_same_field_twice_must_fit_both() -> None:
    where = parse_where(
        "provider=mayar,xendit and provider=xendit,scalev and amount>=5 and amount<=9 and amount>6"
    )
    assert where.parameters(NOW)[0] == ["xendit"]
    assert where.parameters(NOW)[14:16] == (7, 9)
    assert parse_where("provider=a and provider=b").parameters(NOW)[0] == []


def test_times_are_spans_or_moments_and_wib_without_a_zone() -> None:
    assert parse_where("since=3d").parameters(NOW)[16] == NOW - timedelta(days=3)
    assert parse_where("until '2026-11-29 09:00'").parameters(NOW)[17] == datetime(
        2026, 11, 29, 2, tzinfo=UTC
    )
    assert parse_where("since 2026-11-29T09:00:00Z").parameters(NOW)[16] == datetime(
        2026, 11, 29, 9, tzinfo=UTC
    )


def test_what_is_looked_through_is_said_or_follows() -> None:
    assert parse_where("status=no_effect").sources == ("deliveries",)
    assert parse_where("source=deliveries").sources == ("deliveries",)
    assert parse_where("stage=translate").sources == ("letters",)
    assert parse_where("source=quarantine,letters and since 2h").sources == ("letters", "quarantine")
    assert parse_where("source=missing and provider=xendit and since 2h").sources == ("missing",)
    one = uuid.uuid4()
    assert parse_where(f"id={one}").parameters(NOW)[18] == [one]


@pytest.mark.parametrize(
    ("text", "problem", "column", "near"),
    [
        ("", "empty", 1, ""),
        ("   ", "empty", 1, ""),
        ("= 5", "field_expected", 1, ""),
        ("provider=mayar and eror~x", "field_unknown", 20, "error"),
        ("provider", "operator_expected", 9, ""),
        ("provider mayar", "operator_expected", 10, ""),
        ("provider~mayar", "operator_unfit", 9, ""),
        ("stage>translate", "operator_unfit", 6, ""),
        ("provider=", "value_expected", 10, ""),
        ("provider=mayar,", "value_expected", 16, ""),
        ("provider=mayra", "value_unknown", 10, "mayar"),
        ("stage=translat", "value_unknown", 7, "translate"),
        ("amount>5.000", "amount_malformed", 8, ""),
        ("amount>-5", "amount_malformed", 8, ""),
        ("amount=5,6", "and_expected", 9, ""),
        ("since yesterday", "time_malformed", 7, ""),
        ("since 99999999999d", "time_malformed", 7, ""),
        ("since 0001-01-01", "time_malformed", 7, ""),
        ("id=17", "id_malformed", 4, ""),
        ("error='open", "quote_open", 7, ""),
        ("provider=mayar provider=xendit", "and_expected", 16, ""),
        ("provider=mayar or error=x", "and_expected", 16, ""),
        ("provider=mayar and", "field_expected", 19, ""),
        ("source=letters and status=parked", "field_unfit", 20, ""),
        ("error='and stage=x' and source=letters,quarantine and stage=append", "field_unfit", 55, ""),
        ("source=unhandled and error=x", "field_unfit", 22, ""),
        ("source=letters and source=quarantine", "value_unknown", 1, ""),
        ("source=missing,letters and provider=xendit and since 2h", "source_alone", 1, ""),
        ("source=missing and since 2h", "field_needed", 28, ""),
        ("source=missing and provider=xendit,mayar and since 2h", "field_needed", 54, ""),
        ("source=missing and provider=xendit", "field_needed", 35, ""),
        ("source=missing and provider=xendit and since 2h and until 1h", "field_unfit", 53, ""),
        ("status=parked and stage=translate", "field_unfit", 19, ""),
    ],
)
def test_every_mistake_says_where_it_is(text: str, problem: str, column: int, near: str) -> None:
    with pytest.raises(WhereError) as caught:
        parse_where(text, providers=PROVIDERS)
    assert (caught.value.problem, caught.value.column, caught.value.near) == (problem, column, near)


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_a_mistake_at_a_column_of_it(text: str) -> None:
    mistake: WhereError | None = None
    try:
        assert len(parse_where(text, providers=PROVIDERS).parameters(NOW)) == 19
    except WhereError as error:
        mistake = error
    assert mistake is None or (1 <= mistake.column <= len(text) + 1 and mistake.problem in PROBLEMS)


words = st.text(
    st.characters(exclude_characters="\"'", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12
)


@given(words)
def test_a_quoted_value_is_itself_and_a_pattern_is_exactly_its_text(word: str) -> None:
    where = parse_where(f'error="{word}" and event~"{word}"')
    assert where.parameters(NOW)[6] == [word]
    [pattern] = parse_where(f'error~"{word}"').parameters(NOW)[8]  # type: ignore[misc]
    assert re.fullmatch(pattern, word)
    assert not re.fullmatch(pattern, word + "x")


def test_one_source_of_several_is_the_same_filter_and_what_nothing_handled_are_deliveries_of_one_outcome() -> (
    None
):
    where = parse_where("source=letters,unhandled and provider=mayar and since 2h")
    letters, unhandled = where.alone("letters"), where.alone("unhandled")
    assert letters.parameters(NOW) == where.parameters(NOW)
    assert unhandled.parameters(NOW)[12] == ["no_effect"]
    assert unhandled.parameters(NOW)[6] == ["unknown_event"]
    assert unhandled.parameters(NOW)[0] == ["mayar"]
    assert where.parameters(NOW)[12] is None


@given(words, words)
def test_what_no_statement_looks_at_is_looked_at_as_a_statement_would(one: str, other: str) -> None:
    assert parse_where(f'event="{one}","{other}"').fits("event", other)
    assert parse_where(f'event!="{one}"').fits("event", other) == (one != other)
    assert parse_where(f'event~"{one}"').fits("event", f"x{one}y")
    assert not parse_where(f'event!~"{one}"').fits("event", f"x{one}y")
    assert not parse_where(f'event="{one}"').fits("event", None)
    assert parse_where("provider=x").fits("event", None)


def test_an_amount_that_nobody_can_read_is_none_that_was_asked_for() -> None:
    where = parse_where("amount>=10 and amount<20")
    assert [amount for amount in (None, 9, 10, 19, 20) if where.fits_amount(amount)] == [10, 19]
    assert parse_where("provider=x").fits_amount(None)


def test_what_may_be_asked_is_closed() -> None:
    assert set(FIELDS) == {
        "provider",
        "event",
        "error",
        "stage",
        "status",
        "source",
        "id",
        "amount",
        "since",
        "until",
    }
    assert "quarantined" in STATUSES
    assert "fulfil" in STAGES


def test_an_age_further_back_than_any_calendar_is_a_long_time_ago() -> None:
    now = datetime.now(UTC)
    since, until = parse_where("since 999999w").span(now)
    assert until is None
    assert since is not None
    assert since < now - timedelta(days=365 * 90)
