"""Statements of settlement: whatever the columns are called and whatever stands in them, it ties to the rupiah or says what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processor.cases.case import PaymentCase
from processor.cases.payment_record import Held
from processor.reconciliation.statement import (
    StatementDifference,
    StatementUnreadable,
    Tied,
    read_statement,
    spans_of,
    tie,
)
from schemas.facts import PaymentFailed, PaymentPending, PaymentSucceeded, RefundSucceeded

AT = datetime(2026, 11, 1, tzinfo=UTC)


def paid(
    name: str, amount: int, group: str | None = None, hour: float = 0, channel: str | None = None
) -> PaymentCase:
    at = AT + timedelta(hours=hour)
    case = PaymentCase.new(f"xendit:{name}", "xendit", name)
    case.observe(
        PaymentSucceeded(
            provider="xendit", payment_key=name, attempt_id=name, group_id=group, amount=amount, occurred_at=at, paid_at=at, channel=channel
        ),
        1,
    )  # fmt: skip
    return case


def failed(name: str) -> PaymentCase:
    case = PaymentCase.new(f"xendit:{name}", "xendit", name)
    case.observe(PaymentFailed(provider="xendit", payment_key=name, attempt_id=name, occurred_at=AT), 1)
    return case


ONE, TWO = paid("py-1", 50_000, "pr-1"), paid("py-2", 75_000)
CASES = {"py-1": ONE, "pr-1": ONE, "py-2": TWO, "py-3": failed("py-3")}


def tied(text: str, **named: str) -> Tied:
    return tie(read_statement(text, named), CASES.get)  # type: ignore[arg-type]


def kinds(found: Tied) -> list[tuple[str, int | None, str]]:
    return [(one.kind, one.line, one.reason) for one in found.differences]


@pytest.mark.parametrize(
    "text",
    [
        "id,amount\npy-1,50000\npy-2,75000\n",
        "\ufeffPayment ID;Gross Amount;Fee;Net Amount\r\npy-1;50000.00;750;49250\r\n\r\npy-2;75000;0;75000\r\n",
        "reference\tnominal\npr-1\t50000\npy-2\t75000",
        'note,"Order ID",Amount\n"a, b",py-1,50000\nx,py-2,"75000"\n',
    ],
    ids=["plain", "semicolons, a byte order mark, fees", "tabs, another id", "quoted"],
)
def test_c136_a_statement_ties_to_the_rupiah(text: str) -> None:
    found = tied(text)
    assert found.ties, found
    assert (found.lines, found.theirs, found.ours) == (2, 125_000, 125_000)


def test_c136_each_thing_that_differs_is_named_with_its_line_and_both_amounts() -> None:
    found = tied(
        "id,amount,fee,net\n"
        "py-1,49999,0,49999\n"  # a rupiah less
        "py-2,75000,500,75000\n"  # does not add up
        "py-9,1000,0,1000\n"  # nobody knows it
        "py-3,2000,0,2000\n"  # we think that nobody paid it
        "pr-1,50000,0,50000\n"  # the first one again, by another name
        ",5000,0,5000\n"
        "py-2,fifty,0,0\n"
        "py-2,0.5,0,0\n"
    )
    assert kinds(found) == [
        ("amount", 2, ""),
        ("sum", 3, "net_is_not_amount_less_fee"),
        ("missing_here", 4, ""),
        ("missing_here", 5, "not_paid"),
        ("duplicate", 6, "line 2"),
        ("unreadable", 7, "id_missing"),
        ("unreadable", 8, "amount_malformed"),
        ("unreadable", 9, "amount_fractional"),
    ]
    assert found.differences[0] == StatementDifference("amount", 2, "py-1", "", 50_000, 49_999)
    assert (found.theirs, found.ours, found.fees) == (49_999 + 75_000 + 1000 + 2000 + 50_000, 125_000, 500)
    assert not found.ties


def test_columns_may_be_named_by_their_headings() -> None:
    text = "what,id,amount,paid out\npy-1,zzz,1,50000\n"
    assert tied(text, id="What", amount="Paid Out").ties
    assert not tied(text).ties


@pytest.mark.parametrize(
    ("text", "named", "told"),
    [
        ("", {}, ("column_missing", "id")),
        ("id\npy-1\n", {}, ("column_missing", "amount")),
        ("id,amount\n", {"fee": "charges"}, ("column_missing", "charges")),
        ("just words", {}, ("column_missing", "id")),
    ],
)
def test_what_is_no_such_table_is_refused_by_name(text: str, named: Any, told: tuple[str, str]) -> None:
    with pytest.raises(StatementUnreadable) as refused:
        read_statement(text, named)
    assert (refused.value.reason, refused.value.detail) == told


@given(st.text(max_size=300))
@settings(max_examples=200, derandomize=True, database=None, deadline=None)
def test_whatever_stands_in_the_file_each_line_of_it_is_read_or_named(rubbish: str) -> None:
    text = "id,amount\n" + rubbish
    try:
        statement = read_statement(text)
    except StatementUnreadable:
        return
    found = tie(statement, CASES.get)
    assert found.lines + len(statement.unreadable) <= text.count("\n") + text.count("\r") + 1
    assert found.ties == (not found.differences and found.theirs == found.ours)


def both_ways(text: str, *ours: PaymentCase, since: float | None = None, until: float | None = None) -> Tied:
    """Hours of `paid`."""
    cases = {one.facts.payment_key: one for one in ours}
    hours = [None if one is None else AT + timedelta(hours=one) for one in (since, until)]
    statement = read_statement("id,amount\n" + text)
    return tie(statement, cases.get, spans_of(statement, cases.get, *hours), ours)


def missing(found: Tied) -> list[str]:
    return [one.payment_id for one in found.differences if one.kind == "missing_there"]


FIRST, BETWEEN, LAST = paid("py-1", 1000, hour=1), paid("py-2", 2000, hour=2), paid("py-3", 3000, hour=3)


def test_c136_a_payment_of_ours_that_the_statement_leaves_out_is_named_with_its_amount() -> None:
    found = both_ways("py-1,1000\npy-3,3000\n", FIRST, BETWEEN, LAST)
    assert not found.ties
    assert found.differences == [StatementDifference("missing_there", None, "py-2", "", 2000, None)]
    assert (found.theirs, found.ours, found.omitted) == (4000, 4000, 2000)
    whole = both_ways("py-3,3000\npy-1,1000\npy-2,2000\n", FIRST, BETWEEN, LAST)
    assert (whole.ties, whole.omitted) == (True, 0)


def test_c136_what_was_paid_before_the_first_or_behind_the_last_that_it_names_is_settled_by_another_statement() -> (
    None
):
    found = both_ways(
        "py-1,1000\npy-3,3000\n",
        FIRST,
        LAST,
        paid("py-0", 5, hour=0),
        paid("py-4", 5, hour=4),
        paid("py-5", 5, hour=1),
    )
    assert found.ties, found.differences
    assert both_ways("py-1,1000\n", FIRST, BETWEEN, LAST).ties  # one payment makes no time


def test_c136_each_channel_is_settled_in_its_own_time() -> None:
    cards = [paid(f"card-{hour}", 7, hour=hour, channel="CARDS") for hour in (0, 0.5, 1, 2.5)]
    qris = [paid(f"qris-{hour}", 9, hour=hour, channel="QRIS") for hour in (0.2, 2, 3, 4)]
    # Cards are settled later: that of hour 2.5 comes with the next statement, the QRIS of hour 0.2 came with the one before.
    found = both_ways("card-0,7\ncard-1,7\nqris-2,9\nqris-4,9\n", *cards, *qris)
    assert missing(found) == ["card-0.5", "qris-3"]
    assert found.omitted == 16
    assert {(one.channel, one.first, one.last) for one in found.spans} == {
        ("CARDS", AT, AT + timedelta(hours=1)), ("QRIS", AT + timedelta(hours=2), AT + timedelta(hours=4)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("since", "until", "left"),
    [(None, None, ["py-2", "py-3"]), (3, None, ["py-3"]), (3.5, None, []), (None, 2, ["py-2"]), (None, 1.5, []), (5, None, []), (None, 0, [])],
)  # fmt: skip
def test_c136_stragglers_are_cut_off_by_saying_for_which_time_it_speaks(
    since: float | None, until: float | None, left: list[str]
) -> None:
    found = both_ways(
        "py-1,1000\npy-4,4\n", FIRST, BETWEEN, LAST, paid("py-4", 4, hour=4), since=since, until=until
    )
    assert missing(found) == left
    assert found.ties == (not left)


def test_c136_what_nobody_paid_or_went_back_or_stands_in_a_line_that_cannot_be_read_is_not_missing() -> None:
    reversed_, refunded = paid("py-6", 6, hour=2), paid("py-7", 7, hour=2)
    later = AT + timedelta(hours=5)
    reversed_.observe(
        PaymentPending(
            provider="xendit",
            payment_key="py-6",
            attempt_id="py-6",
            provider_status="unpaid",
            occurred_at=later,
        ),
        2,
    )
    refunded.observe(
        RefundSucceeded(
            provider="xendit", payment_key="py-7", refund_id="rfd-1", amount=7, occurred_at=later
        ),
        2,
    )
    found = both_ways(
        "py-1,1000\npy-3,3000\npy-2,-2000\n", FIRST, BETWEEN, LAST, failed("py-8"), reversed_, refunded
    )
    assert [(one.kind, one.payment_id, one.reason) for one in found.differences] == [
        ("unreadable", "py-2", "amount_negative"), ("missing_there", "py-7", "refunded"),
    ]  # fmt: skip


def test_c136_a_refund_of_long_ago_makes_the_time_of_a_statement_no_longer() -> None:
    """Its line cannot be read; what was paid between it and the first payment is settled by other statements."""
    old = paid("py-9", 9, hour=-900)
    assert (
        missing(both_ways("py-9,-9\npy-1,1000\npy-3,3000\n", old, paid("py-8", 8, hour=-5), FIRST, LAST))
        == []
    )


def test_c136_money_that_only_a_token_tells_of_is_named_as_such() -> None:
    held = paid("py-6", 6, hour=2)
    held.record.parts["main"] = Held("s-1", "awaiting_confirmation", 6, "py-6", AT)
    found = both_ways("py-1,1000\npy-3,3000\n", FIRST, held, LAST)
    assert [(one.payment_id, one.reason) for one in found.differences] == [("py-6", "awaiting_confirmation")]
