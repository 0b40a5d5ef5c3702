"""Money that comes after its end, and more of it than was asked for: what the catalogue of that day says becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import decisions as d
from schemas import facts as f
from schemas import request_facts as r
from schemas.catalog import Catalog
from schemas.corrections import CreditWithdrawn
from tests.unit.processor.cases.facts import at, capture, order, package, refund, request_fact
from tests.unit.processor.policies.ledgerbook import Book, balanced, permutations, shipped_catalog
from tests.unit.processor.policies.test_own_requests import ID, RATNA, asked, money, opened

ASKED = 150_000
REASONS = {"hold": "paid_late", "refund": "paid_late_refund"}


def shop(**terms: str) -> Catalog:
    """The shipped catalogue with these words for everything it sells; `keep` is what there is for credit where it cannot have the word."""
    catalog = shipped_catalog()
    for_credit = terms | ({"overpaid": "keep"} if terms.get("overpaid") == "credit" else {})
    return catalog.model_copy(
        update={
            "credit": catalog.credit.model_copy(update=for_credit),
            "products": tuple(one.model_copy(update=terms) for one in catalog.products),
        }
    )


def sold(name: str, **terms: Any) -> r.RequestedItem:
    """A line of our own order, on the terms of the shop that day."""
    product = shop(**terms).product(name)
    assert product is not None
    values = {"product": name, "kind": product.kind, "price_idr": ASKED, "late": product.late, "overpaid": product.overpaid}  # fmt: skip
    return r.RequestedItem(**values, chat_tokens=product.chat_tokens, tier=product.tier, period=product.period, grace=product.grace)  # fmt: skip


def ordered(*items: r.RequestedItem, **more: Any) -> r.CheckoutRequested:
    return asked("order", ASKED * len(items), items=items, **more)


def of(book: Book) -> dict[str, Any]:
    """What the customer has, and what is held, by reason."""
    return {
        "credit": book.credit("c-1"),
        "chat": book.chat("c-1"),
        "courses": book.courses("c-1"),
        "plans": sorted(
            one.plan or "" for one in book.subscriptions("c-1").values() if one.status == "active"
        ),
        "held": {one.reason: one.amount for one in book.suspense().values()},
    }


NOTHING: dict[str, Any] = {"credit": 0, "chat": 0, "courses": set(), "plans": [], "held": {}}
BOUGHT = {
    "kelas-python": {"courses": {"kelas-python"}},
    "gold": {"chat": 100},
    "pro-bulanan": {"plans": ["pro-bulanan"]},
}


@pytest.mark.parametrize("policy", ["honour", "hold", "refund"])
@pytest.mark.parametrize("name", sorted(BOUGHT))
def test_c70_a_product_paid_late_is_delivered_held_or_to_go_back_as_the_catalogue_says(
    name: str, policy: str
) -> None:
    wish = ordered(sold(name, late=policy), expires_at=at(-1))
    for news in permutations([wish, opened(), money(ASKED)]):
        book = Book(catalog=shop(late=policy)).customer(*RATNA).give(*news)
        late = BOUGHT[name] if policy == "honour" else {"held": {REASONS[policy]: ASKED}}
        assert of(book) == NOTHING | late, news
        assert (book.payment().late, book.payment().held) == (True, REASONS.get(policy))
        assert balanced(book)


@pytest.mark.parametrize("policy", ["honour", "hold", "refund"])
def test_c70_a_top_up_paid_late_follows_the_catalogue_in_every_order_of_its_news(policy: str) -> None:
    facts = [request_fact(f.PaymentExpired, occurred_at=at(-30)), capture(occurred_at=at())]
    for news in permutations(facts):
        book = Book(catalog=shop(late=policy)).customer(*RATNA).give(*news)
        late = {"credit": 500_000} if policy == "honour" else {"held": {REASONS[policy]: 50_000}}
        assert of(book) == NOTHING | late
        assert (book.payment().status, book.payment().late) == ("succeeded", True)
        assert balanced(book)


def test_c70_a_package_of_a_provider_paid_late_follows_the_catalogue() -> None:
    expired = f.PaymentExpired(**package(occurred_at=at(-30)).model_dump(exclude={"amount"}))
    for news in permutations([expired, package("gold", occurred_at=at())]):
        book = Book(catalog=shop(late="hold")).customer(*RATNA).give(*news)
        assert (book.chat("c-1"), book.reasons()) == (0, ["paid_late"])


def test_c70_in_time_no_policy_about_late_money_is_asked() -> None:
    book = Book(catalog=shop(late="refund")).customer(*RATNA)
    book.give(ordered(sold("gold", late="refund"), expires_at=at(1)), opened(), money(ASKED))
    assert of(book) == NOTHING | BOUGHT["gold"]


def test_c70_late_money_is_delivered_when_a_person_says_so_and_leaves_when_it_goes_back() -> None:
    wish = ordered(sold("kelas-python", late="hold"), expires_at=at(-1))
    book = Book(catalog=shop(late="hold")).customer(*RATNA).give(wish, opened(), money(ASKED))
    claimed = Book(catalog=shop(late="hold")).customer(*RATNA).give(wish, opened(), money(ASKED)).claim("c-1")
    assert of(claimed) == NOTHING | BOUGHT["kelas-python"]
    assert of(book.give(refund(amount=ASKED))) == NOTHING
    assert book.payment().status == "refunded"
    assert balanced(book)


def test_c70_what_was_credited_stays_when_the_catalogue_becomes_stricter() -> None:
    news = [request_fact(f.PaymentExpired, occurred_at=at(-30)), capture(occurred_at=at())]
    book = Book().customer(*RATNA).give(*news)
    book.catalog = shop(late="hold", overpaid="hold")
    book.give(request_fact(f.PaymentPending, occurred_at=at(-40))).look_again()
    assert of(book) == NOTHING | {"credit": 500_000}
    assert book.of(CreditWithdrawn) == []


@pytest.mark.parametrize(
    ("policy", "rest"),
    [("hold", {"held": {"overpaid": 50_000}}), ("credit", {"credit": 500_000}), ("keep", {})],
)
@pytest.mark.parametrize("name", sorted(BOUGHT))
def test_c62_a_product_is_delivered_and_what_is_over_follows_the_catalogue(
    name: str, policy: str, rest: dict[str, Any]
) -> None:
    for news in permutations([ordered(sold(name, overpaid=policy)), opened(), money(200_000)]):
        book = Book(catalog=shop(overpaid=policy)).customer(*RATNA).give(*news)
        assert of(book) == NOTHING | BOUGHT[name] | rest, news
        paid = book.payment()
        assert (paid.status, paid.amount, paid.held) == ("succeeded", 200_000, None)
        assert balanced(book)


@pytest.mark.parametrize(
    ("policy", "credit", "held"), [("keep", 600_000, {}), ("hold", 500_000, {"overpaid": 10_000})]
)
def test_c62_a_top_up_of_more_than_was_asked_is_credited_whole_or_as_asked(
    policy: str, credit: int, held: dict[str, int]
) -> None:
    for news in permutations([asked(), opened(), money(60_000)]):
        book = Book(catalog=shop(overpaid=policy)).customer(*RATNA).give(*news)
        assert of(book) == NOTHING | {"credit": credit, "held": held}, news
        assert balanced(book)


def test_c62_parts_of_a_payment_that_add_up_to_more_leave_the_rest_over() -> None:
    wish = ordered(sold("gold"))
    parts = [money(100_000, payment=f"py-{n}", occurred_at=at(n)) for n in (1, 2)]
    book = Book().customer(*RATNA).give(wish, opened(), parts[0])
    assert of(book) == NOTHING | {"held": {"underpaid": 100_000}}
    assert of(book.give(parts[1])) == NOTHING | BOUGHT["gold"] | {"held": {"overpaid": 50_000}}


def test_c62_of_several_lines_the_strictest_counts_and_each_keeps_its_price() -> None:
    lines = (sold("gold", overpaid="credit"), sold("silver", overpaid="hold"))
    book = Book().customer(*RATNA).give(ordered(*lines), opened(), money(ASKED * 2 + 5_000))
    assert of(book) == NOTHING | {"chat": 105, "held": {"overpaid": 5_000}}
    assert [one.amount_idr for one in book.of(d.TokensGranted)] == [ASKED, ASKED]


def test_c62_where_we_asked_for_nothing_whatever_comes_is_the_amount() -> None:
    book = Book(catalog=shop(overpaid="hold")).customer(*RATNA)
    assert of(book.give(capture(amount=60_000, requested_amount=50_000))) == NOTHING | {"credit": 600_000}
    scalev = Book(catalog=shop(overpaid="hold")).customer(*RATNA).give(order(gross=999_000))
    assert scalev.reasons() == []


def test_c62_what_is_over_goes_back_first_and_the_product_stays() -> None:
    for amount, left in ((50_000, {}), (20_000, {"overpaid": 30_000})):
        book = Book().customer(*RATNA).give(ordered(sold("gold")), opened(), money(200_000))
        book.give(refund(amount=amount))
        assert of(book) == NOTHING | BOUGHT["gold"] | {"held": left}
        assert book.payment().status == "partially_refunded"
        assert balanced(book)
    book = Book().customer(*RATNA).give(ordered(sold("gold")), opened(), money(200_000))
    book.give(refund(amount=200_000))
    assert of(book) == NOTHING
    assert (book.payment().status, balanced(book)) == ("refunded", True)


def test_c62_what_is_over_is_credit_when_it_is_claimed_and_the_product_stays() -> None:
    book = Book().customer(*RATNA).give(ordered(sold("kelas-python")), opened(), money(200_000))
    book.claim("c-1")
    assert of(book) == NOTHING | BOUGHT["kelas-python"] | {"credit": 500_000}
    book.look_again().give(refund(amount=200_000))
    assert of(book) == NOTHING
    assert balanced(book)


def test_c62_what_was_kept_stays_when_the_catalogue_becomes_stricter() -> None:
    book = Book(catalog=shop(overpaid="keep")).customer(*RATNA)
    book.give(ordered(sold("gold", overpaid="keep")), opened(), money(200_000))
    topped = Book(catalog=shop(overpaid="keep")).customer(*RATNA).give(asked(), opened(), money(60_000))
    for one in (book, topped):
        before = of(one)
        one.catalog = shop(overpaid="hold")
        one.give(request_fact(f.PaymentPending, occurred_at=at(-40), reference_id=ID)).look_again()
        assert of(one) == before


def test_c62_late_and_too_much_waits_whole() -> None:
    wish = ordered(sold("gold", late="hold", overpaid="credit"), expires_at=at(-1))
    book = Book(catalog=shop(late="hold", overpaid="credit")).customer(*RATNA)
    book.give(wish, opened(), money(200_000))
    assert book.reasons() == ["paid_late", "paid_late"]
    assert sum(one.amount or 0 for one in book.suspense().values()) == 200_000
    assert (book.credit("c-1"), book.chat("c-1")) == (0, 0)


def test_terms_of_an_order_win_over_a_later_catalogue() -> None:
    wish = ordered(sold("gold", late="honour", overpaid="keep"), expires_at=at(-1))
    book = Book(catalog=shop(late="refund", overpaid="hold")).customer(*RATNA)
    assert of(book.give(wish, opened(), money(200_000))) == NOTHING | BOUGHT["gold"]


def test_an_order_asked_before_there_were_such_terms_is_delivered_as_it_was() -> None:
    """Its line says nothing of them: late money buys it, and what is over counts as the price."""
    line = {"product": "gold", "kind": "tokens", "price_idr": ASKED, "chat_tokens": 100}
    old = ordered(r.RequestedItem.model_validate(line), expires_at=at(-1))
    assert (old.items[0].late, old.items[0].overpaid) == ("honour", "keep")
    book = Book(catalog=shop(late="refund", overpaid="hold")).customer(*RATNA)
    assert of(book.give(old, opened(), money(200_000))) == NOTHING | BOUGHT["gold"]


@st.composite
def stories(draw: st.DrawFn) -> tuple[dict[str, str], list[Any]]:
    """The words of a shop, and what is heard of one request of ours: money in parts, too much, late, and back."""
    terms = {
        "late": draw(st.sampled_from(["honour", "hold", "refund"])),
        "overpaid": draw(st.sampled_from(["keep", "hold", "credit"])),
    }
    ends = at(draw(st.sampled_from([-1, 3, 60])))
    lines = [sold(name, **terms) for name in draw(st.lists(st.sampled_from(sorted(BOUGHT)), max_size=2, unique=True))]  # fmt: skip
    price = ASKED * len(lines) or 50_000
    wish = ordered(*lines, expires_at=ends) if lines else asked(expires_at=ends)
    heard: list[Any] = [wish, opened()]
    for nth in range(draw(st.integers(1, 2))):
        share = draw(st.sampled_from([price, price // 2, price + 10_000, price * 2]))
        payment, when = f"py-{nth}", at(draw(st.integers(0, 4)))
        heard.append(money(share, payment=payment, occurred_at=when))
        if draw(st.booleans()):
            back = draw(st.sampled_from([share, share // 2, 10_000]))
            heard.append(refund(f"rfd-{nth}", back, payment, occurred_at=at(days=1 + nth)))
    if draw(st.booleans()):
        heard.append(request_fact(f.PaymentExpired, occurred_at=ends, reference_id=ID))
    return terms, heard


@settings(max_examples=80, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))  # fmt: skip
@given(stories(), st.randoms(use_true_random=False))
def test_c62_c70_whatever_is_heard_first_the_end_is_the_same_and_no_rupiah_is_lost(
    story: tuple[dict[str, str], list[Any]], random: Any
) -> None:
    terms, heard = story
    catalog = shop(**terms)
    told = Book(catalog=catalog).customer(*RATNA).give(*heard)
    random.shuffle(shuffled := list(heard))
    other = Book(catalog=catalog).customer(*RATNA).give(*shuffled)
    assert other.end_state() == told.end_state()
    assert balanced(told)
    assert balanced(other)
