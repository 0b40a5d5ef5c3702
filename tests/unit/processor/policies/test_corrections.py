"""News of earlier times that comes after a grant: what was never due is withdrawn, what was due after all is granted, nobody loses or gains."""

from __future__ import annotations

import pytest

from schemas import decisions as d
from schemas import facts as f
from schemas.catalog import ScalevNames
from schemas.corrections import CourseDated, CourseWithdrawn, CreditDated, CreditWithdrawn
from tests.unit.processor.cases.facts import (
    at,
    attempt_fact,
    capture,
    charge,
    cycle,
    order,
    paid,
    refund,
    request_fact,
)
from tests.unit.processor.policies.ledgerbook import VARIANT, Book, balanced, club, permutations

RATNA = ("c-1", "ratna@contoh.id")
BUDI = ("c-2", "budi@contoh.id")
CANCELLED = f.OrderCancelled(provider="scalev", order_key="260504AAAAAA", as_of=at(-5))
FULL_CART = order([(VARIANT, 1, 100_000), ("variant_chat", 2, 20_000), ("variant_club", 1, 30_000)])


def shop() -> Book:
    """A store that sells a course, chat tokens and a plan."""
    catalog = club()
    sold = ScalevNames(variant_unique_ids=("variant_club",))
    products = (p.model_copy(update={"scalev": sold}) if p.id == "klub-a" else p for p in catalog.products)
    return Book(catalog=catalog.model_copy(update={"products": tuple(products)})).customer(*RATNA)


def test_c71_everything_an_order_brought_is_withdrawn_when_it_had_been_cancelled_before() -> None:
    book = shop().give(FULL_CART, paid())
    assert (book.courses("c-1"), book.chat("c-1"), book.tier("c-1")) == ({"kelas-python"}, 20, "pro")
    book.give(CANCELLED)
    assert (book.courses("c-1"), book.chat("c-1"), book.tier("c-1")) == (set(), 0, "gratis")
    assert (book.subscriptions("c-1"), set(book.reasons())) == ({}, {"paid_after_cancel"})
    assert book.balance("suspense:scalev") == 150_000
    assert [event.reason for event in book.of(CourseWithdrawn)] == ["paid_after_cancel"]
    assert book.end_state() == shop().give(CANCELLED, FULL_CART, paid()).end_state()


def test_what_a_person_gave_is_not_withdrawn_by_later_news() -> None:
    book = Book().give(order(payer_email="nobody@contoh.id"), paid()).customer(*RATNA).claim("c-1")
    book.give(CANCELLED)
    assert (book.courses("c-1"), book.reasons()) == ({"kelas-python"}, [])


def test_withdrawn_money_that_was_refunded_in_part_is_held_without_that_part() -> None:
    back = refund("rfd-1", 50_000, None, provider="scalev", payment_key="260504AAAAAA", group_id=None)
    facts = [order(), paid(), CANCELLED, back]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.reasons(), book.held().amount, book.courses("c-1")) == (
            ["paid_after_cancel"],
            100_000,
            set(),
        )
        assert (book.balance("clearing:scalev"), balanced(book)) == (-100_000, True)


def test_credit_that_was_spent_meanwhile_is_neither_lost_nor_there_twice() -> None:
    """The later of two payments was credited first and spent from; then the earlier one arrives and takes its place."""
    book = Book().customer(*RATNA).give(capture("py-2", occurred_at=at(2)))
    book.spend("c-1", 300_000)
    book.give(capture("py-1", occurred_at=at(1)))
    assert (book.record("c-1").credit_tokens, book.record("c-1").topups) == (200_000, 1)
    assert (book.held().payment_id, book.tier("c-1"), balanced(book)) == ("py-2", "bpp", True)


def test_credit_that_was_spent_and_was_never_due_is_owed() -> None:
    book = Book().customer(*RATNA).give(capture("py-1", amount=50_000, requested_amount=None))
    book.spend("c-1", 300_000)
    book.give(request_fact(f.PaymentPending, requested_amount=60_000, occurred_at=at(-9)))
    assert (book.reasons(), book.held().amount) == (["underpaid"], 50_000)
    assert book.record("c-1").credit_tokens == -300_000
    assert book.claim("c-1", "credit").record("c-1").credit_tokens == 200_000


def test_our_own_reference_moves_the_money_to_whom_it_names() -> None:
    told = request_fact(f.PaymentPending, customer_ref="c-2", occurred_at=at(-9))
    for arrival in permutations([capture(), told]):
        book = Book().customer(*RATNA).customer(*BUDI).give(*arrival)
        assert (book.credit("c-1"), book.credit("c-2")) == (0, 500_000)
        assert (book.tier("c-1"), book.tier("c-2"), balanced(book)) == ("gratis", "bpp", True)


def test_a_later_change_of_the_buyer_s_address_moves_nothing() -> None:
    edited = order(payer_email="budi@contoh.id", as_of=at(60))
    for arrival in permutations([order(), paid(), edited]):
        book = Book().customer(*RATNA).customer(*BUDI).give(*arrival)
        assert (book.courses("c-1"), book.courses("c-2")) == ({"kelas-python"}, set())


def test_a_mistyped_address_that_is_corrected_later_finds_its_customer() -> None:
    facts = [order(payer_email="ratan@contoh.id"), paid(), order(as_of=at(60))]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.courses("c-1"), book.reasons()) == ({"kelas-python"}, [])


def test_a_stranger_who_registers_a_mistyped_address_later_gets_nothing() -> None:
    facts = [order(payer_email="ratan@contoh.id"), paid(), order(as_of=at(60))]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival).customer("c-9", "ratan@contoh.id").give(*arrival)
        assert (book.courses("c-1"), book.courses("c-9")) == ({"kelas-python"}, set())


@pytest.mark.parametrize("minutes", [-3, 3])
def test_the_last_top_up_is_dated_when_its_money_came(minutes: int) -> None:
    told = request_fact(f.PaymentSucceeded, amount=50_000, occurred_at=at(minutes))
    first, late = Book().customer(*RATNA).give(capture(), told), Book().customer(*RATNA).give(told, capture())
    assert first.end_state() == late.end_state()
    assert ([event.at for event in late.of(CreditDated)], first.of(CreditDated)) == ([at()], [])
    assert len(late.of(d.CreditGranted)) == 1


def test_a_course_is_dated_when_it_was_paid() -> None:
    book = Book().customer(*RATNA).give(order(), paid(), paid(occurred_at=at(-2)))
    assert [event.at for event in book.of(CourseDated)] == [at(-2)]
    assert (
        book.end_state()
        == Book().customer(*RATNA).give(order(), paid(occurred_at=at(-2)), paid()).end_state()
    )


def test_a_course_that_is_over_is_dated_when_it_was_paid_too() -> None:
    """Readers are told since when it was open until it was closed."""
    back = refund("rfd-1", 150_000, None, provider="scalev", payment_key="260504AAAAAA", group_id=None)
    facts = [order(), paid(), paid(occurred_at=at(-2)), back]
    expected = Book().customer(*RATNA).give(*facts).end_state()
    for arrival in permutations(facts):
        assert Book().customer(*RATNA).give(*arrival).end_state() == expected


def test_a_course_is_known_by_its_payment_whichever_was_told_first() -> None:
    product = (f.ProductHint(kind="catalog", value="kelas-python"),)
    money = {"amount": 150_000, "payment_type": None, "customer_ref": None, "products": product}
    request = request_fact(f.PaymentSucceeded, payer_email=RATNA[1], **money)
    payment = attempt_fact(f.PaymentSucceeded, payer_email=RATNA[1], **money)
    ends = [Book().customer(*RATNA).give(*told).end_state() for told in permutations([request, payment])]
    assert ends[0] == ends[1]
    assert "'payment_id': 'py-1'" in ends[0]["read"]["enrollments"][0]


def test_the_last_top_up_that_was_never_due_gives_way_to_the_one_before() -> None:
    book = Book().customer(*RATNA).give(capture("py-0", "pr-0", occurred_at=at(-60)))
    book.give(capture("py-1", amount=70_000, requested_amount=None))
    book.give(request_fact(f.PaymentPending, requested_amount=90_000, occurred_at=at(-9)))
    (event,) = book.of(CreditWithdrawn)
    assert (event.amount_idr, event.last_top_up_at, event.last_top_up_idr) == (70_000, at(-60), 50_000)


def test_of_three_orders_of_a_course_the_one_paid_first_has_it_and_the_next_takes_over() -> None:
    orders = [
        fact for n in (1, 2, 3) for fact in (order(key=f"o-{n}"), paid(key=f"o-{n}", occurred_at=at(n)))
    ]
    back = refund("rfd-1", 150_000, None, provider="scalev", payment_key="o-1", group_id=None)
    expected = Book().customer(*RATNA).give(*orders).end_state()
    for turned in (orders[::-1], orders[2:] + orders[:2], orders[4:] + orders[:4]):
        book = Book().customer(*RATNA).give(*turned)
        assert book.end_state() == expected
        assert book.holders("c-1") == {"kelas-python": "scalev:o-1"}
        book.give(back)
        assert (book.holders("c-1"), book.reasons()) == (
            {"kelas-python": "scalev:o-2"},
            ["duplicate_purchase"],
        )


def test_nothing_happens_when_the_same_is_said_again() -> None:
    book = shop().give(FULL_CART, paid(), CANCELLED)
    told = len(book.decisions)
    book.give(FULL_CART, paid(), CANCELLED)
    assert {type(event) for event in book.decisions[told:]} == {d.PaymentAssessed}


def test_what_settlement_says_of_the_payer_moves_nothing() -> None:
    settled = capture(payer_email="lain@contoh.id")
    settled = f.PaymentSettled(**settled.model_dump(exclude={"occurred_at"}), occurred_at=at(days=2))
    for arrival in permutations([capture(), settled]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.reasons()) == (500_000, [])


def test_a_customer_who_changed_address_keeps_what_was_bought_whatever_is_edited_later() -> None:
    book = Book().customer(*RATNA).give(order(), paid()).customer("c-1", "ratna.baru@contoh.id")
    book.give(order(payer_email="lain@contoh.id", as_of=at(days=20)))
    assert (book.courses("c-1"), book.reasons()) == ({"kelas-python"}, [])


def test_a_charge_that_was_refunded_before_its_plan_was_known_buys_no_period() -> None:
    starts = at(days=-2)
    unnamed = charge(1, starts, subscription_key=None, products=(), payer_email="ratna@contoh.id")
    back = refund("rfd-1", 200_000, "py-cycle-1", group_id=None)
    facts = [unnamed, back, charge(1, starts, payer_email="ratna@contoh.id"), cycle(1, starts)]
    states = [Book().customer(*RATNA).give(*arrival).end_state() for arrival in permutations(facts)]
    assert all(state == states[0] for state in states)
    assert states[0]["tiers"] == {"c-1": "gratis"}


def test_the_earliest_start_of_a_charge_counts_whichever_report_came_first() -> None:
    starts = at(days=-2)
    facts = [
        charge(1, starts, payer_email="ratna@contoh.id"),
        cycle(1, starts, "renewal_failed"),
        cycle(1, at(5, days=-2)),
    ]
    states = [Book().customer(*RATNA).give(*arrival).end_state() for arrival in permutations(facts)]
    assert all(state == states[0] for state in states)


def test_the_word_of_a_reusable_code_alone_is_not_credited() -> None:
    """Each of its payments is announced by itself; nobody can tell which of them this one is."""
    told = request_fact(f.PaymentSucceeded, amount=50_000, reusable=True)
    for arrival in permutations([capture(requested_amount=None, reusable=True), told]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.reasons()) == (500_000, ["payload_without_id"])


def test_an_order_is_shown_by_the_name_its_snapshot_gives_it() -> None:
    by_uuid = paid().model_copy(update={"payment_key": "id-260504AAAAAA"})
    states = [
        Book().customer(*RATNA).give(*arrival).end_state() for arrival in permutations([order(), by_uuid])
    ]
    assert states[0] == states[1]
    assert states[0]["payments"][0]["payment_id"] == "260504AAAAAA"
