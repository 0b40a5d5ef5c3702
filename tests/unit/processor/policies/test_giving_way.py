"""Several payments of one request, some of them sent back: the money that stays counts, whatever came first."""

from __future__ import annotations

import pytest

from schemas import decisions as d
from schemas import facts as f
from schemas.corrections import CreditWithdrawn
from tests.unit.processor.cases.facts import at, capture, licence, refund, request_fact
from tests.unit.processor.policies.ledgerbook import Book, balanced, club, permutations

RATNA = ("c-1", "ratna@contoh.id")
REGISTER = f.CustomerRegistered(customer_id="c-1", email="ratna@contoh.id")
FIRST, SECOND, THIRD = (capture(f"py-{n}", occurred_at=at(n)) for n in (1, 2, 3))
TOLD = request_fact(f.PaymentSucceeded, amount=50_000)


def sent_back(number: int, amount: int = 50_000, **more: object) -> f.RefundSucceeded:
    return refund(f"rfd-{number}", amount, f"py-{number}", **({"occurred_at": at(800 + number)} | more))


def transfer(number: int) -> f.PaymentSucceeded:
    """One of several transfers towards a request of 60,000."""
    return capture(f"py-{number}", amount=30_000, requested_amount=60_000, occurred_at=at(number))


@pytest.mark.parametrize("returned", [1, 2])
def test_c64_of_two_payments_the_one_that_was_not_sent_back_counts(returned: int) -> None:
    for arrival in permutations([FIRST, SECOND, sent_back(returned), REGISTER]):
        book = Book().give(*arrival)
        assert (book.credit("c-1"), book.tier("c-1"), book.reasons()) == (500_000, "bpp", [])
        rows = {row.payment_id: row.status for row in book.payments().values()}
        assert rows == {f"py-{returned}": "refunded", f"py-{3 - returned}": "succeeded"}
        assert balanced(book)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param([FIRST, SECOND, THIRD, sent_back(1)], id="three, one back"),
        pytest.param([FIRST, SECOND, sent_back(1), sent_back(2)], id="both back"),
        pytest.param([TOLD, FIRST, SECOND, sent_back(1)], id="told by the request too"),
        pytest.param([TOLD, FIRST, SECOND, sent_back(2)], id="told by the request, the second back"),
        pytest.param([transfer(1), transfer(2), sent_back(1, 30_000)], id="one of two transfers back"),
        pytest.param(
            [transfer(1), transfer(2), sent_back(1, 30_000), sent_back(2, 30_000)], id="all transfers back"
        ),
    ],
)
def test_c54_refunds_among_several_payments_end_the_same(facts: list[f.PaymentFact]) -> None:
    expected = Book().give(*facts, REGISTER).end_state()
    for arrival in permutations([*facts, REGISTER]):
        one_by_one, together = Book().give(*arrival), Book()
        together.give_together(*arrival)
        assert one_by_one.end_state() == together.end_state() == expected


def test_the_money_that_takes_the_place_says_so_in_the_log() -> None:
    book = Book().customer(*RATNA).give(FIRST, SECOND, sent_back(1))
    assert [e.payment_id for e in book.of(d.CreditGranted)] == ["py-1", "py-2"]
    assert [e.payment_id for e in book.of(d.CreditClawedBack)] == ["py-1"]
    book.give(sent_back(2))
    assert (book.credit("c-1"), book.tier("c-1"), len(book.of(d.CreditGranted))) == (0, "gratis", 2)


def test_a_payment_partly_sent_back_keeps_its_place() -> None:
    book = Book().customer(*RATNA).give(FIRST, SECOND, sent_back(1, 49_999))
    assert (book.credit("c-1"), book.reasons()) == (10, ["duplicate_purchase"])


def test_a_refund_of_the_whole_request_gives_way_too() -> None:
    """It names no payment: it is the main money's."""
    book = Book().customer(*RATNA).give(FIRST, SECOND, refund("rfd-1", 50_000, None))
    assert (book.credit("c-1"), book.reasons()) == (500_000, [])
    assert {row.payment_id: row.status for row in book.payments().values()} == {
        "py-1": "refunded",
        "py-2": "succeeded",
    }


def test_transfers_that_all_went_back_give_way_to_a_whole_payment() -> None:
    whole = capture("py-9", amount=60_000, requested_amount=60_000, occurred_at=at(9))
    back = refund("rfd-1", 60_000, None, occurred_at=at(800))
    book = Book().customer(*RATNA).give(transfer(1), transfer(2), back, whole)
    assert (book.credit("c-1"), book.reasons()) == (600_000, [])
    rows = sorted((row.amount, row.refunded_amount, row.status) for row in book.payments().values())
    assert rows == [(30_000, 30_000, "refunded"), (30_000, 30_000, "refunded"), (60_000, 0, "succeeded")]


def test_a_transfer_sent_back_before_the_next_does_not_count_towards_the_request() -> None:
    early = sent_back(1, 30_000, occurred_at=at(1.5))
    for arrival in permutations([transfer(1), transfer(2), early]):
        book = Book().give(*arrival, REGISTER)
        assert (book.credit("c-1"), book.reasons(), book.held().amount) == (0, ["underpaid"], 30_000)


def test_a_refund_names_the_payment_behind_a_request_before_its_capture_comes() -> None:
    for arrival in permutations([SECOND, FIRST]):
        book = Book().customer(*RATNA).give(TOLD, sent_back(1), *arrival)
        assert (book.credit("c-1"), book.reasons()) == (500_000, [])
        rows = {row.payment_id: row.status for row in book.payments().values()}
        assert rows == {"py-1": "refunded", "py-2": "succeeded"}


def test_a_duplicate_that_an_operator_credited_is_not_credited_again() -> None:
    book = Book().give(FIRST, SECOND).customer("c-2", "budi@contoh.id")
    book.claim("c-2", reason="duplicate_purchase").give(sent_back(1), REGISTER, FIRST)
    assert (book.credit("c-2"), book.credit("c-1"), book.reasons()) == (500_000, 0, [])
    assert book.balance("clearing:xendit") == -50_000


def test_a_word_about_the_money_before_is_not_taken_for_the_money_after() -> None:
    """An operator wrote off one payment; another one of the same request waits for a decision of its own."""
    book = Book().give(FIRST).write_off().give(SECOND)
    assert (book.reasons(), book.held().payment_id) == (["customer_unknown"], "py-2")
    book.give(SECOND)
    assert book.reasons() == ["customer_unknown"]
    assert book.give(REGISTER).credit("c-1") == 500_000


def test_refunds_of_payments_that_are_still_to_come_wait_for_them() -> None:
    """The request's word is one payment: the refunds of two others are no excess of it."""
    book = Book().customer(*RATNA).give(TOLD, sent_back(1), sent_back(2))
    assert (book.parked, book.credit("c-1")) == ([], 0)
    book.give(FIRST, SECOND)
    assert (book.parked, book.reasons()) == ([], [])
    assert [row.status for row in book.payments().values()] == ["refunded", "refunded"]


def for_a_plan(number: int, amount: int, **more: object) -> f.PaymentSucceeded:
    """One of two payments at a request for a plan."""
    sold = {
        "provider": "mayar",
        "payment_type": None,
        "products": (f.ProductHint(kind="tier", value="klub-a"),),
    }
    return capture(f"py-{number}", amount=amount, occurred_at=at(number), **(sold | more))


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_membership_does_not_end_with_money_that_gave_way_to_money_still_held(confirmed: bool) -> None:
    """The second payment waits for its confirmation, whenever the first one went back and whether it had bought the plan."""
    held = for_a_plan(2, 600_000)
    first = for_a_plan(1, 600_000, token_only=not confirmed)
    back = sent_back(1, 600_000, provider="mayar")
    told = licence("activated", at(days=30), products=(f.ProductHint(kind="tier", value="klub-a"),))
    for arrival in permutations([first, held, back, told]):
        book = Book(catalog=club()).customer(*RATNA).give(*arrival)
        (row,) = [row for row in book.subscriptions("c-1").values() if row.licence_code]
        assert (row.status, row.access_until, book.tier("c-1")) == ("active", at(days=32), "pro")
        assert book.reasons() == ["awaiting_confirmation"]


def test_money_that_takes_the_place_of_a_plan_and_buys_another_leaves_no_trace_of_the_first() -> None:
    """An operator had sold the first payment as another plan."""
    book = Book(catalog=club()).give(for_a_plan(1, 75_000)).customer("c-2", "budi@contoh.id")
    book.claim("c-2", product="klub-b").give(for_a_plan(2, 75_000), sent_back(1, 75_000, provider="mayar"))
    assert list(book.record("c-2").purchases) == ["klub-a"]
    rows = {row.plan: row.status for row in book.subscriptions("c-2").values()}
    assert (rows, book.tier("c-2")) == ({"klub-a": "active", "klub-b": "cancelled"}, "pro")


def whole(number: int) -> f.PaymentSucceeded:
    """One payment of all of it."""
    return capture(f"py-{number}", amount=60_000, requested_amount=60_000, occurred_at=at(number))


def test_a_whole_payment_sent_back_leaves_the_transfers_around_it_to_pay() -> None:
    back = sent_back(2, 60_000)
    for arrival in permutations([transfer(1), whole(2), transfer(3), back]):
        book = Book().give(*arrival, REGISTER)
        assert (book.credit("c-1"), book.reasons()) == (600_000, [])
        rows = sorted((row.amount, row.refunded_amount) for row in book.payments().values())
        assert rows == [(60_000, 0), (60_000, 60_000)]


def test_money_of_an_unknown_payer_gives_way_when_the_request_is_refunded_without_saying_which_payment() -> (
    None
):
    for arrival in permutations([FIRST, SECOND, refund("rfd-1", 50_000, None)]):
        book = Book().give(*arrival, REGISTER)
        assert (book.credit("c-1"), book.reasons()) == (500_000, [])


def test_a_payment_of_several_seats_gives_way_with_all_of_them() -> None:
    """The seats beyond the first are parts of their own; those of the payment that takes the place are held like they were."""
    course = {
        "payment_type": None,
        "products": (f.ProductHint(kind="catalog", value="kelas-python", quantity=2),),
    }
    seats = [capture(f"py-{n}", amount=100_000, occurred_at=at(n), **course) for n in (1, 2)]
    for arrival in permutations([*seats, sent_back(1, 100_000)]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.held().reason, book.held().amount) == ("duplicate_purchase", 50_000)
        assert (book.courses("c-1"), book.balance("suspense:xendit")) == ({"kelas-python"}, 50_000)


def test_a_refund_is_booked_on_the_payment_it_names_also_when_only_the_request_was_known() -> None:
    for arrival in permutations([TOLD, sent_back(2, 10_000), FIRST, SECOND]):
        book = Book().customer(*RATNA).give(*arrival)
        rows = {row.payment_id: (row.refunded_amount, row.held) for row in book.payments().values()}
        assert rows == {"py-1": (0, None), "py-2": (10_000, "duplicate_purchase")}
        assert book.credit("c-1") == 500_000


def test_refunds_go_with_the_transfers_they_name() -> None:
    small = capture("py-2", amount=20_000, requested_amount=60_000, occurred_at=at(2))
    large = capture("py-1", amount=40_000, requested_amount=60_000, occurred_at=at(1))
    backs = [sent_back(2, 20_000, occurred_at=at(700)), sent_back(1, 40_000)]
    book = Book().customer(*RATNA).give(large, small, *backs, whole(3))
    rows = {row.payment_id: row.refunded_amount for row in book.payments().values()}
    assert rows == {"py-1": 40_000, "py-2": 20_000, "py-3": 0}
    assert book.credit("c-1") == 600_000


def test_money_claimed_for_a_customer_who_is_still_to_register_is_not_given_to_the_payer() -> None:
    book = Book().customer(*RATNA).give(FIRST, SECOND)
    book.claim("c-9", reason="duplicate_purchase").give(sent_back(1))
    assert (book.credit("c-1"), book.reasons()) == (0, ["customer_unknown"])
    assert book.customer("c-9").credit("c-9") == 500_000


def test_money_that_had_gone_back_before_it_gives_way_went_for_that_reason() -> None:
    book = Book().customer(*RATNA).give(FIRST, sent_back(1), SECOND)
    assert [one.reason for one in book.of(CreditWithdrawn)] == ["refunded"]
    assert [one.payment_id for one in book.of(d.CreditClawedBack)] == ["py-1"]
    assert book.credit("c-1") == 500_000


def test_a_grant_of_two_transfers_goes_as_a_whole_when_one_of_them_turns_out_not_to_have_counted() -> None:
    """It had gone back before the other came: nothing is taken back in part first."""
    book = Book().customer(*RATNA).give(transfer(1), transfer(2))
    assert book.credit("c-1") == 600_000
    book.give(sent_back(1, 30_000, occurred_at=at(1.5)))
    assert [(one.amount_idr, one.reason) for one in book.of(CreditWithdrawn)] == [(60_000, "corrected")]
    assert (book.of(d.CreditClawedBack), book.reasons()) == ([], ["underpaid"])


def test_a_plan_that_gave_way_ended_with_its_own_money() -> None:
    """Not with that of the payment that took its place, which went back later."""
    book = Book(catalog=club()).give(for_a_plan(1, 75_000)).customer("c-2", "budi@contoh.id")
    book.claim("c-2", product="klub-b").give(for_a_plan(2, 75_000)).wait(days=3)
    backs = (sent_back(number, 75_000, provider="mayar") for number in (1, 2))
    book.give_together(*backs)
    (row,) = (row for row in book.subscriptions("c-2").values() if row.plan == "klub-b")
    assert (row.status, row.access_until) == ("cancelled", at(801))
