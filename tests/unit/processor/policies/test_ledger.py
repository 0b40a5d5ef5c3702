"""The ledger: double entry, zero after every decision, each account where it belongs; and decisions that say where they come from."""

from __future__ import annotations

import re
from collections import Counter

from schemas import decisions as d
from schemas import facts as f
from tests.unit.processor.cases.facts import at, capture, charge, cycle, licence, order, package, paid, refund
from tests.unit.processor.policies.ledgerbook import NOON, VARIANT, Book, balanced

RATNA = ("c-1", "ratna@contoh.id")
ACCOUNT = re.compile(
    r"(clearing|suspense|refunds|forfeited):(xendit|scalev|mayar)|credit:c-\d|sales:[a-z0-9_-]+"
    r"|issued:(credit|chat)_tokens|tokens:c-\d|chat:c-\d"
)


def busy_day() -> Book:
    """A bit of everything."""
    book = Book().customer(*RATNA).customer("c-2")
    book.give(capture(), capture("py-2", occurred_at=at(5)), refund("rfd-1", 20_000))
    book.give(order([(VARIANT, 2, 300_000), ("variant_new", 1, 50_000)], 350_000), paid())
    book.give(package("gold"), package("platinum", "trx-2"), package("silver", "trx-3", amount=None))
    book.give(charge(1, NOON), cycle(1, NOON, "activated"), licence("activated", at(days=30)))
    book.give(capture("py-9", "pr-9", payer_email="nobody@contoh.id", payment_type="paper_completion"))
    return book.claim(
        "c-2", "credit", "unmapped_product" if len(book.suspense()) == 1 else "customer_unknown"
    )


def test_the_sum_of_all_postings_is_zero_after_every_decision() -> None:
    book = busy_day()
    totals: Counter[str] = Counter()
    for event in book.decisions:
        for posting in getattr(event, "postings", ()):
            totals[posting.unit] += posting.amount
        assert not any(totals.values())
    assert balanced(book)


def test_every_account_is_one_that_the_books_know() -> None:
    accounts = {p.account for event in busy_day().decisions for p in getattr(event, "postings", ())}
    assert len(accounts) > 8
    assert {account for account in accounts if not ACCOUNT.fullmatch(account)} == set()


def test_money_in_clearing_is_what_was_received() -> None:
    book = busy_day()
    assert book.balance("clearing:xendit") == -(50_000 + 50_000 - 20_000 + 200_000 + 50_000)
    assert book.balance("clearing:scalev") == -350_000
    assert book.balance("clearing:mayar") == -(75_000 + 75_000)


def test_a_topup_is_a_liability_in_rupiah_and_tokens() -> None:
    book = Book().customer(*RATNA).give(capture())
    (event,) = book.of(d.CreditGranted)
    assert {(p.account, p.unit, p.amount) for p in event.postings} == {
        ("clearing:xendit", "IDR", 50_000),
        ("credit:c-1", "IDR", -50_000),
        ("issued:credit_tokens", "TOKEN", 500_000),
        ("tokens:c-1", "TOKEN", -500_000),
    }


def test_a_package_is_a_sale_and_chat_tokens() -> None:
    book = Book().customer(*RATNA).give(package("gold"))
    (event,) = book.of(d.TokensGranted)
    assert {(p.account, p.unit, p.amount) for p in event.postings} == {
        ("clearing:mayar", "IDR", 75_000),
        ("sales:gold", "IDR", -75_000),
        ("issued:chat_tokens", "CHAT", 100),
        ("chat:c-1", "CHAT", -100),
    }


def test_c68_the_ledger_books_what_the_payer_paid() -> None:
    """Fees and net amounts come with settlement; a payment is booked gross."""
    book = Book().customer(*RATNA).give(package("gold", amount=75_000))
    assert book.balance("sales:gold") == 75_000


def test_every_decision_names_its_case_and_stands_on_the_right_stream() -> None:
    book = busy_day()
    for stream, event in zip(book.streams, book.decisions, strict=True):
        assert getattr(event, "case", "")
        kind, _, name = stream.partition("-")
        if kind == "customer":
            assert name == getattr(event, "customer_id", None)
        else:
            assert (kind, name) == ("case", getattr(event, "case", None))
            assert isinstance(event, d.PaymentAssessed | d.SuspenseHeld | d.SuspenseReleased | d.SaleRecorded)


def test_one_grant_per_part_of_a_case() -> None:
    book = busy_day()
    grants = Counter(
        event.case
        for event in book.decisions
        if isinstance(event, d.CreditGranted | d.TokensGranted | d.CourseEnrolled | d.SaleRecorded)
    )
    for key, case in book.payment_cases.items():
        assert grants[key] == len(case.record.granted)


def test_deciding_again_without_news_says_nothing() -> None:
    book = busy_day()
    told = len(book.decisions)
    book.look_again()
    assert len(book.decisions) == told


def test_an_assessment_names_the_facts_that_were_new() -> None:
    book = Book().customer(*RATNA).give(capture(), capture(), refund("rfd-1", 1_000))
    assert [event.facts for event in book.of(d.PaymentAssessed)] == [(2,), (3,), (4,)]
    assert book.of(f.CustomerRegistered) == []
