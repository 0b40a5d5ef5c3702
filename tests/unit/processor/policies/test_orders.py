"""Orders (Scalev): the snapshot says what and how much, the payment signal says paid; either may come first."""

from __future__ import annotations

import pytest

from schemas import decisions as d
from schemas import facts as f
from schemas.catalog import Catalog, Product, ScalevNames
from tests.unit.processor.cases.facts import at, order, paid
from tests.unit.processor.policies.ledgerbook import VARIANT, Book, balanced, permutations, shipped_catalog

RATNA = ("c-1", "ratna@contoh.id")


def shop() -> Catalog:
    """The shipped catalogue with a second course and chat tokens in the same store."""
    catalog = shipped_catalog()
    extra = (
        Product(id="kelas-sql", kind="course", scalev=ScalevNames(variant_unique_ids=("variant_sql",))),
        Product(
            id="chat-10",
            kind="tokens",
            chat_tokens=10,
            scalev=ScalevNames(
                variant_unique_ids=("variant_chat",), bundle_price_option_unique_ids=("bpo_1",)
            ),
        ),
    )
    return catalog.model_copy(update={"products": (*catalog.products, *extra)})


def test_c52_payment_before_order_before_customer_ends_the_same() -> None:
    register = f.CustomerRegistered(customer_id="c-1", email="Ratna@Contoh.id")
    for facts in permutations([order(), paid(), register]):
        book = Book().give(*facts)
        assert book.courses("c-1") == {"kelas-python"}
        assert book.reasons() == []
        assert book.balance("sales:kelas-python") == 150_000
        assert book.payment().amount == 150_000


def test_a_payment_waits_for_its_order() -> None:
    book = Book().customer(*RATNA).give(paid())
    assert book.reasons() == ["awaiting_order"]
    assert (book.payment().status, book.payment().amount) == ("succeeded", None)
    assert book.give(order()).courses("c-1") == {"kelas-python"}


def test_what_a_payment_states_is_held_before_its_order_comes() -> None:
    """Some stores send the amount along, and not what it is for; the order's own price counts once it is there."""
    for arrival in permutations([order(), paid(amount=149_000)]):
        book = Book().customer(*RATNA)
        for fact in arrival:
            book.give(fact)
            assert balanced(book)
            if book.reasons():
                assert (book.reasons(), book.held().amount) == (["awaiting_order"], 149_000)
                assert (book.payment().status, book.payment().amount) == ("succeeded", 149_000)
        assert (book.courses("c-1"), book.payment().amount, book.reasons()) == ({"kelas-python"}, 150_000, [])
        assert book.balance("suspense:scalev") == 0


def test_an_order_without_payment_grants_nothing() -> None:
    book = Book().customer(*RATNA).give(order(), paid(f.PaymentPending, occurred_at=at(-9)))
    assert book.courses("c-1") == set()
    assert (book.payment().status, book.payment().amount) == ("pending", 150_000)


def test_s4_paid_and_settled_in_any_order_fulfil_once() -> None:
    facts = [order(), paid(), paid(f.PaymentSettled, occurred_at=at(days=2), paid_at=at())]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        assert len(book.of(d.CourseEnrolled)) == 1
        assert book.payment().settled is True
        assert book.payment().paid_at == at()


def test_s3_two_names_of_one_payment_enrol_once() -> None:
    book = Book().customer(*RATNA).give(order(), paid(), paid(), paid(occurred_at=at(0.1)))
    assert len(book.of(d.CourseEnrolled)) == 1
    assert balanced(book)


def test_s6_the_order_is_found_by_either_of_its_ids() -> None:
    by_uuid = paid().model_copy(update={"payment_key": "id-260504AAAAAA"})
    assert Book().customer(*RATNA).give(order(), by_uuid).courses("c-1") == {"kelas-python"}
    assert Book().customer(*RATNA).give(by_uuid, order()).courses("c-1") == {"kelas-python"}


def test_c94_the_order_s_own_price_wins_over_the_catalogue() -> None:
    book = Book().customer(*RATNA).give(order(gross=99_000), paid())
    assert book.courses("c-1") == {"kelas-python"}
    assert book.of(d.CourseEnrolled)[0].amount_idr == 99_000


def test_c94_the_price_when_it_was_paid_wins_over_later_edits() -> None:
    agreed, edited = order(gross=150_000), order(gross=175_000, as_of=at(60))
    for arrival in permutations([agreed, paid(), edited]):
        book = Book().customer(*RATNA)
        book.give_together(*arrival)
        assert book.balance("clearing:scalev") == -150_000
        assert book.of(d.CourseEnrolled)[0].amount_idr == 150_000


def test_an_edit_before_payment_is_the_agreed_price() -> None:
    facts = [order(gross=150_000), order(gross=120_000, as_of=at(-5)), paid()]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA)
        book.give_together(*arrival)
        assert book.of(d.CourseEnrolled)[0].amount_idr == 120_000


def test_an_edit_after_delivery_delivers_nothing_more() -> None:
    book = Book(catalog=shop()).customer(*RATNA).give(order(), paid())
    wider = order([(VARIANT, 1, 150_000), ("variant_chat", 1, 50_000)], 200_000, as_of=at(60))
    book.give(wider)
    assert book.chat("c-1") == 0
    assert book.balance("clearing:scalev") == -150_000
    assert book.payment().amount == 150_000


def test_c98_only_paid_fulfils_whatever_the_order_status_says() -> None:
    for status in ("confirmed", "completed", "draft", "shipped"):
        book = Book().customer(*RATNA).give(order(status=status, draft=status == "draft"))
        assert book.courses("c-1") == set()


def test_c98_a_spam_order_never_enrols() -> None:
    for arrival in permutations([order(spam=True), paid(spam=True)]):
        book = Book().customer(*RATNA).give(*arrival)
        assert book.reasons() == ["spam_order"]
        assert book.courses("c-1") == set()


def test_c98_clearing_the_spam_mark_delivers() -> None:
    marked = order(spam=True)
    for cleared in (order(spam=False, as_of=at(30)), order(spam=False, as_of=at(-5))):
        for arrival in permutations([marked, paid(), cleared]):
            book = Book().customer(*RATNA).give(*arrival)
            assert book.courses("c-1") == {"kelas-python"}
            assert book.reasons() == []


def test_c98_the_payment_event_may_clear_the_mark() -> None:
    for arrival in permutations([order(spam=True), paid(spam=False)]):
        assert Book().customer(*RATNA).give(*arrival).courses("c-1") == {"kelas-python"}


def test_c98_a_spam_mark_after_payment_takes_nothing_away() -> None:
    facts = [order(spam=False), paid(), order(spam=True, as_of=at(60))]
    for arrival in permutations(facts):
        assert Book().customer(*RATNA).give(*arrival).courses("c-1") == {"kelas-python"}


def test_c98_deleted_before_payment_is_held() -> None:
    deleted = f.OrderDeleted(provider="scalev", order_key="260504AAAAAA", as_of=at(-5))
    for arrival in permutations([order(), deleted, paid()]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.reasons(), book.courses("c-1"), book.parked) == (["order_deleted"], set(), [])
        assert book.balance("suspense:scalev") == 150_000


def test_c98_deleted_after_payment_is_an_alarm_never_a_revocation() -> None:
    deleted = f.OrderDeleted(provider="scalev", order_key="260504AAAAAA", as_of=at(5))
    for arrival in permutations([order(), paid(), deleted]):
        book = Book().customer(*RATNA).give(*arrival)
        assert book.courses("c-1") == {"kelas-python"}
        assert book.parked == [("260504AAAAAA", "order_deleted_after_payment")]


def test_c71_paid_after_our_cancel_is_held() -> None:
    cancelled = f.OrderCancelled(provider="scalev", order_key="260504AAAAAA", as_of=at(-5))
    book = Book().customer(*RATNA).give(order(), cancelled)
    assert book.payment().status == "failed"
    book.give(paid())
    assert (book.reasons(), book.payment().status) == (["paid_after_cancel"], "succeeded")
    assert book.claim("c-1").courses("c-1") == {"kelas-python"}


def test_c71_paid_after_our_cancel_ends_the_same_whatever_came_first() -> None:
    facts = [
        order(),
        paid(),
        f.OrderCancelled(provider="scalev", order_key="260504AAAAAA", as_of=at(-5)),
    ]
    states = []
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.reasons(), book.courses("c-1"), book.parked) == (["paid_after_cancel"], set(), [])
        states.append(book.end_state())
        assert book.claim("c-1").courses("c-1") == {"kelas-python"}
    assert all(state == states[0] for state in states)


def test_c71_closed_again_after_payment_does_not_undo_the_cancellation_before_it() -> None:
    ends = [
        f.OrderCancelled(provider="scalev", order_key="260504AAAAAA", status=status, as_of=at(when))
        for status, when in (("canceled", -5), ("closed", 90))
    ]
    for arrival in permutations([order(), paid(), *ends]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.reasons(), book.courses("c-1")) == (["paid_after_cancel"], set())


def test_cancelled_after_payment_changes_nothing() -> None:
    cancelled = f.OrderCancelled(provider="scalev", order_key="260504AAAAAA", as_of=at(5))
    for arrival in permutations([order(), paid(), cancelled]):
        book = Book().customer(*RATNA).give(*arrival)
        assert book.courses("c-1") == {"kelas-python"}
        assert book.payment().status == "succeeded"


def test_c74_set_back_to_unpaid_by_hand_is_reversed_and_keeps_access() -> None:
    back = paid(f.PaymentPending, occurred_at=at(30))
    book = Book().customer(*RATNA).give(order(), paid(), back)
    assert book.payment().status == "reversed"
    assert book.courses("c-1") == {"kelas-python"}


def test_held_money_that_was_set_back_to_unpaid_is_told() -> None:
    """Nobody claims it without knowing."""
    for arrival in permutations([order(), paid(), paid(f.PaymentPending, occurred_at=at(30))]):
        book = Book().give(*arrival)
        assert (book.payment().status, book.reasons()) == ("reversed", ["customer_unknown"])
        assert book.parked == [("260504AAAAAA", "payment_reversed")]


def test_s10_set_back_to_unpaid_ends_the_same_whatever_came_first() -> None:
    """It was paid, and so delivered, before it was set back: an operator decides, also when we learn of it in another order."""
    for arrival in permutations([order(), paid(), paid(f.PaymentPending, occurred_at=at(30))]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.payment().status, book.courses("c-1"), book.reasons()) == (
            "reversed",
            {"kelas-python"},
            [],
        )
        assert book.parked == [("260504AAAAAA", "payment_reversed")]
        book.give(paid(occurred_at=at(60)))
        assert (book.payment().status, book.courses("c-1")) == ("succeeded", {"kelas-python"})


def test_paid_unpaid_paid_is_paid_in_any_order() -> None:
    facts = [order(), paid(), paid(f.PaymentPending, occurred_at=at(30)), paid(occurred_at=at(60))]
    states = [Book().customer(*RATNA).give(*arrival).end_state() for arrival in permutations(facts)]
    assert all(state == states[0] for state in states)
    assert states[0]["payments"][0]["status"] == "succeeded"


def test_an_old_unpaid_report_that_arrives_late_reverses_nothing() -> None:
    book = Book().customer(*RATNA).give(order(), paid(), paid(f.PaymentPending, occurred_at=at(-1)))
    assert book.payment().status == "succeeded"


def test_several_items_are_delivered_and_share_the_price_exactly() -> None:
    lines = [(VARIANT, 1, 100_000), ("variant_sql", 1, 100_000), ("variant_chat", 3, 100_000)]
    book = Book(catalog=shop()).customer(*RATNA).give(order(lines, gross=100_000), paid())
    assert book.courses("c-1") == {"kelas-python", "kelas-sql"}
    assert book.chat("c-1") == 30
    shares = [book.balance(f"sales:{p}") for p in ("kelas-python", "kelas-sql", "chat-10")]
    assert sorted(shares) == [33_333, 33_333, 33_334]


def test_an_unmapped_item_is_held_and_the_others_are_delivered() -> None:
    lines = [(VARIANT, 1, 150_000), ("variant_mystery", 1, 50_000)]
    book = Book().customer(*RATNA).give(order(lines, gross=200_000), paid())
    assert book.courses("c-1") == {"kelas-python"}
    assert (book.reasons(), book.held().amount) == (["unmapped_product"], 50_000)
    assert (book.payment().amount, book.payment().held) == (200_000, "unmapped_product")


def test_an_order_without_lines_is_held_in_full() -> None:
    book = Book().customer(*RATNA).give(order([], gross=80_000), paid())
    assert (book.reasons(), book.held().amount) == (["unmapped_product"], 80_000)


def test_a_free_order_is_delivered_without_money() -> None:
    book = Book().customer(*RATNA).give(order(gross=0), paid())
    assert book.courses("c-1") == {"kelas-python"}
    assert book.end_state()["ledger"] == {}


@pytest.mark.parametrize("product", ["kelas-python", None])
def test_an_operator_may_deliver_before_the_order_is_known(product: str | None) -> None:
    book = Book().customer(*RATNA).give(paid()).claim("c-1", product)
    assert book.courses("c-1") == ({"kelas-python"} if product else set())
    book.give(order())
    assert len(book.of(d.CourseEnrolled)) == 1
    assert book.courses("c-1") == {"kelas-python"}


def test_what_was_ordered_when_it_was_paid_is_delivered_whatever_came_first() -> None:
    wider = order([(VARIANT, 1, 150_000), ("variant_chat", 1, 50_000)], 200_000)
    for arrival in permutations([order(as_of=at(60)), paid(), wider]):
        book = Book(catalog=shop()).customer(*RATNA).give(*arrival)
        assert (book.courses("c-1"), book.chat("c-1")) == ({"kelas-python"}, 10)
        assert (book.balance("clearing:scalev"), book.parked) == (-200_000, [])


def test_an_edit_before_payment_counts_also_when_it_arrives_after_delivery() -> None:
    facts = [order(), order([("variant_chat", 1, 50_000)], 50_000, as_of=at(-5)), paid()]
    states = [
        Book(catalog=shop()).customer(*RATNA).give(*arrival).end_state() for arrival in permutations(facts)
    ]
    assert all(state == states[0] for state in states)
    assert states[0]["courses"] == {"c-1": set()}


def test_c48_unpaid_and_paid_in_the_same_second_is_paid() -> None:
    for arrival in permutations([order(), paid(), paid(f.PaymentPending)]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.payment().status, book.courses("c-1")) == ("succeeded", {"kelas-python"})


def test_tokens_delivered_by_an_operator_are_not_delivered_again_by_the_order() -> None:
    book = Book(catalog=shop()).customer(*RATNA).give(paid()).claim("c-1", "chat-10")
    assert book.chat("c-1") == 10
    book.give(order([("variant_chat", 1, 50_000)], 50_000))
    assert book.chat("c-1") == 10
    assert [reason for _, reason in book.parked] == ["amount_changed_after_grant"]


def test_an_order_deleted_before_anybody_paid_is_closed() -> None:
    deleted = f.OrderDeleted(provider="scalev", order_key="260504AAAAAA", as_of=at(-5))
    book = Book().customer(*RATNA).give(order(), deleted)
    assert (book.payment().status, book.parked) == ("failed", [])
