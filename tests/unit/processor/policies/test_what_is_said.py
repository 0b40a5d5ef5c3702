"""What decisions say beside the amounts: when it was paid, why it went, by which id readers know it, and what cases wait for afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas import corrections as c
from schemas import decisions as d
from schemas import facts as f
from schemas import streams
from schemas.catalog import Catalog, MayarNames
from tests.unit.processor.cases.facts import (
    at,
    attempt_fact,
    capture,
    charge,
    cycle,
    order,
    package,
    paid,
    refund,
    request_fact,
)
from tests.unit.processor.policies.ledgerbook import VARIANT, Book, club

CHAT = [("variant_chat", 1, 150_000)]
COURSE = {"payment_type": None, "products": (f.ProductHint(kind="catalog", value="kelas-python"),)}


def ratna(**more: Any) -> Book:
    return Book(catalog=club(), **more).customer("c-1", "ratna@contoh.id")


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ([capture(occurred_at=at(-30))], d.CreditGranted),
        ([order(CHAT, as_of=at(-60)), paid(occurred_at=at(-30))], d.TokensGranted),
        ([order(as_of=at(-60)), paid(occurred_at=at(-30))], d.CourseEnrolled),
        ([package("klub-a", occurred_at=at(-30))], d.SaleRecorded),
        ([capture(payment_type="paper_completion", occurred_at=at(-30))], d.SaleRecorded),
    ],
)
def test_a_grant_bears_the_time_it_was_paid_not_when_we_decided(facts: list[Any], kind: type[Any]) -> None:
    (granted,) = ratna().give(*facts).of(kind)
    assert granted.at == at(-30)


def test_a_course_is_known_by_the_number_of_its_order_whatever_name_came_first() -> None:
    """Also when its money goes back, and when it turns out to be somebody else's or nobody's."""
    by_id = paid(key="id-o-1", aliases=("id-o-1",))
    back = refund("rfd-1", 150_000, None, provider="scalev", payment_key="id-o-1", group_id=None)
    revoked = ratna().give(by_id, order(key="o-1"), back)
    assert [one.order_id for one in revoked.of(d.CourseEnrolled)] == ["o-1"]
    assert [one.order_id for one in revoked.of(d.CourseRevoked)] == ["o-1"]
    cancelled = f.OrderCancelled(provider="scalev", order_key="o-1", aliases=("id-o-1",), as_of=at(-5))
    withdrawn = ratna().give(by_id, order(key="o-1"), cancelled)
    assert [one.order_id for one in withdrawn.of(c.CourseWithdrawn)] == ["o-1"]


def test_a_course_without_an_order_is_known_by_its_payment() -> None:
    (opened,) = ratna().give(capture("py-7", "pr-7", **COURSE)).of(d.CourseEnrolled)
    assert opened.order_id == "py-7"


def test_withdrawn_tokens_are_those_that_a_refund_had_left() -> None:
    back = refund("rfd-1", 75_000, None, provider="scalev", payment_key="260504AAAAAA", group_id=None)
    book = ratna().give(order(CHAT), paid(), back)
    left = book.chat("c-1")
    assert left == 5
    book.give(f.OrderCancelled(provider="scalev", order_key="260504AAAAAA", as_of=at(-5)))
    assert [one.chat_tokens for one in book.of(c.TokensWithdrawn)] == [left]
    assert (book.chat("c-1"), book.record("c-1").chat_tokens) == (0, 0)


def test_why_a_course_was_taken_from_a_purchase() -> None:
    later = [order(key="o-2"), paid(key="o-2", occurred_at=at(9))]
    earlier = [order(key="o-1"), paid(key="o-1", occurred_at=at(1))]
    duplicate = ratna().give(*later, *earlier)
    assert [one.reason for one in duplicate.of(c.CourseWithdrawn)] == ["duplicate_purchase"]
    other = ratna().give(*later, order([("variant_chat", 1, 150_000)], key="o-2", as_of=at(-5)))
    assert [one.reason for one in other.of(c.CourseWithdrawn)] == ["corrected"]


def test_why_money_left_suspense() -> None:
    """It went back, its amount was corrected, or an operator kept it."""
    back = Book().give(capture(payer_email="nobody@contoh.id"), refund())
    assert [one.resolution for one in back.of(d.SuspenseReleased)] == ["refunded"]
    more = Book().give(capture(payer_email="nobody@contoh.id"))
    more.give(capture(amount=60_000, payer_email="nobody@contoh.id", occurred_at=at(1)))
    assert [one.resolution for one in more.of(d.SuspenseReleased)] == ["changed"]
    assert [one.amount for one in more.suspense().values()] == [60_000]
    lines = [("variant_unknown", 1, 100_000), ("variant_other", 1, 50_000)]
    gone = Book().give(order(lines), paid(), order(lines[:1], as_of=at(-5)))
    assert {one.resolution for one in gone.of(d.SuspenseReleased)} == {"changed"}
    kept = Book().give(capture(payer_email="nobody@contoh.id")).write_off()
    (released,) = kept.of(d.SuspenseReleased)
    assert (released.resolution, released.attempts) == ("written_off", ("py-1",))


def test_whose_it_was_by_an_address_stays_said_when_it_is_granted_anew() -> None:
    book = ratna().give(capture(), capture(amount=60_000, occurred_at=at(1)))
    (case,) = book.payment_cases.values()
    assert case.record.owned is not None
    assert case.record.owned.email
    assert [bool(one.by) for one in book.of(d.CreditGranted)] == [True, True]


def test_two_payments_of_one_reusable_code_are_two_packages() -> None:
    hint = (f.ProductHint(kind="catalog", value="chat-10"),)
    sold = {"payment_type": None, "products": hint, "reusable": True, "requested_amount": None}
    book = ratna().give(*(capture(f"py-{n}", "pr-1", **sold, occurred_at=at(n)) for n in (1, 2)))
    assert book.chat("c-1") == 20


def test_payments_of_a_code_that_turns_out_to_be_reusable_are_packages_too() -> None:
    """And what an operator says a line was may be what another line of that order was: tokens are no seat."""
    hint = (f.ProductHint(kind="catalog", value="chat-10"),)
    sold = {"payment_type": None, "products": hint, "requested_amount": None}
    book = ratna().give(*(capture(f"py-{n}", "pr-1", **sold, occurred_at=at(n)) for n in (1, 2)))
    assert (book.chat("c-1"), book.reasons()) == (10, ["duplicate_purchase"])
    book.give(capture("py-1", "pr-1", **sold, reusable=True, occurred_at=at(1)))
    assert (book.chat("c-1"), book.reasons()) == (20, [])
    lines = ratna().give(order([("variant_chat", 1, 75_000), ("variant_mystery", 1, 75_000)]), paid())
    assert (lines.claim("c-1", "chat-10").chat("c-1"), lines.reasons()) == (20, [])


def test_only_charges_of_subscriptions_are_remembered_by_the_customer() -> None:
    sale = capture(payment_type="paper_completion")
    for amount in (20_000, 50_000):
        record = ratna().give(sale, refund(amount=amount)).record("c-1")
        assert (record.charges, record.lessened) == ({}, {})


def test_announced_money_is_unconfirmed_from_the_very_moment_on() -> None:
    book = ratna().give(attempt_fact(f.PaymentPending, announced=True))
    (case,) = book.tables.cases.values()
    assert case.due_at is not None
    book.now = case.due_at
    book.wait()
    assert (book.payment().held, book.parked) == ("unconfirmed", [("py-1", "payment_unconfirmed")])


def test_a_granted_payment_waits_for_nothing_and_a_request_of_nobody_for_its_customer() -> None:
    granted = ratna().give(capture())
    assert granted.tables.waits == set()
    assert granted.look_again().tables.waits == set()
    assert ratna().give(request_fact(f.PaymentPending)).tables.waits == set()
    book = ratna().give(request_fact(f.PaymentPending, payer_email="nobody@contoh.id"))
    assert {wait for wait, _ in book.tables.waits} == {"email:nobody@contoh.id"}


@pytest.mark.parametrize("variant", [VARIANT, "variant_chat"])
def test_a_refund_of_a_part_leaves_the_rest_to_its_buyer(variant: str) -> None:
    back = refund("rfd-1", 50_000, None, provider="scalev", payment_key="260504AAAAAA", group_id=None)
    book = ratna().give(order([(variant, 1, 150_000)]), paid(), back)
    (part,) = next(iter(book.payment_cases.values())).record.granted.values()
    assert (part.left, part.gone) == (100_000, False)


def test_what_happened_to_a_plan_that_was_bought_has_a_word_of_its_own() -> None:
    """First it begins, then a purchase makes it longer; one that loses a period is only told anew, and after all went back it begins again."""
    book = ratna().give(package("klub-a", "trx-1"), package("klub-a", "trx-2", occurred_at=at(1)))
    for number in (2, 1):
        about = {"provider": "mayar", "group_id": None, "occurred_at": at(10 - number)}
        book.give(refund(f"rfd-{number}", 75_000, f"trx-{number}", **about))
    book.give(package("klub-a", "trx-3", occurred_at=at(20)))
    assert [type(one) for one in book.of(d.SubscriptionDecision)] == [
        d.SubscriptionActivated,
        d.SubscriptionRenewed,
        d.SubscriptionUpdated,
        d.SubscriptionCancelled,
        d.SubscriptionActivated,
    ]


def test_the_payment_that_was_asked_for_is_told_before_the_further_ones() -> None:
    book = Book().customer("c-1", "ratna@contoh.id")
    book.give_together(capture("py-1"), capture("py-2", occurred_at=at(1)))
    assert [view.record for view in book.of(d.PaymentAssessed)] == ["xendit:py-1", "xendit:py-1#py-2"]


def test_money_that_only_the_request_tells_of_is_shown_by_the_id_of_the_request() -> None:
    """Not by that of an attempt beside it that brought none."""
    failed = attempt_fact(f.PaymentFailed, "py-0", occurred_at=at(-5))
    book = ratna().give(failed, request_fact(f.PaymentSucceeded, amount=50_000))
    assert (book.payment().status, book.payment().payment_id) == ("succeeded", "pr-1")


def test_why_a_tier_changed_with_a_topup_and_with_its_refund() -> None:
    book = ratna().give(capture(), refund())
    assert [(one.tier, one.reason) for one in book.of(d.TierChanged)] == [
        ("bpp", "first_topup"),
        ("gratis", "refund"),
    ]


def test_of_two_plans_that_were_claimed_the_one_goes_whose_claim_is_taken_back() -> None:
    lines = [("variant_one", 1, 75_000), ("variant_two", 1, 75_000)]
    book = Book(catalog=club()).customer("c-2").give(order(lines), paid())
    items = sorted(book.suspense().values(), key=lambda item: item.suspense_id)
    for item, product in zip(items, ("klub-a", "klub-b"), strict=True):
        book.give(
            f.SuspenseClaimed(
                suspense_id=item.suspense_id,
                case=item.case,
                customer_id="c-2",
                product=product,
                actor="sari",
                reason="asked",
            )
        )
    assert {row.plan for row in book.subscriptions("c-2").values()} == {"klub-a", "klub-b"}
    book.unclaim(items[0])
    assert {row.plan for row in book.subscriptions("c-2").values()} == {"klub-b"}
    assert [one.plan for one in book.of(d.SubscriptionWithdrawn)] == ["klub-a"]


def test_what_a_customer_gets_and_loses_is_told_in_their_own_stream() -> None:
    back = refund("rfd-1", 75_000, None, provider="scalev", payment_key="260504AAAAAA", group_id=None)
    book = ratna().give(capture(), refund(), order(CHAT), paid(), back, package("klub-a"))
    book.give(f.OrderCancelled(provider="scalev", order_key="260504AAAAAA", as_of=at(-5)))
    kinds = (d.CreditGranted, d.CreditClawedBack, d.TokensGranted, d.TokensClawedBack, c.TokensWithdrawn)
    told = [
        (type(event), stream)
        for event, stream in zip(book.decisions, book.streams, strict=True)
        if isinstance(event, (*kinds, d.SaleRecorded, d.TierChanged, d.SubscriptionActivated))
    ]
    assert {kind for kind, _ in told} >= set(kinds)
    assert {stream for _, stream in told} == {streams.customer("c-1")}


def test_money_of_an_unknown_amount_that_was_written_off_waits_again_without_a_rupiah_being_booked() -> None:
    book = Book(catalog=club()).give(package("platinum", amount=None))
    item = book.held()
    assert book.write_off().reopen(item).held().amount is None
    assert [one.postings for one in (*book.of(d.SuspenseHeld), *book.of(d.SuspenseReleased))] == [()] * 3


def test_a_plan_that_was_bought_is_not_charged_for_again() -> None:
    assert ratna().give(package("klub-a")).subscription("c-1").cancel_at_period_end is True


def test_a_plan_of_which_only_its_terms_changed_is_told_anew_and_is_no_renewal() -> None:
    """The payment's newer name of the plan is on the terms of a newer catalogue."""
    book = Book(catalog=two_names("pro")).customer("c-1", "ratna@contoh.id").give(package("klub-a"))
    book.change_catalog(two_names("bpp"))
    book.give(package("klub-neu", occurred_at=at(5), paid_at=at()))
    assert [(type(one), one.tier) for one in book.of(d.SubscriptionDecision)] == [
        (d.SubscriptionActivated, "pro"),
        (d.SubscriptionUpdated, "bpp"),
    ]


def two_names(tier: str) -> Catalog:
    """The club, of whose first plan there are two names."""
    mayar = MayarNames(tier_names=("klub-a", "klub-neu"))
    more = {"tier": tier, "mayar": mayar}
    products = tuple(one.model_copy(update=more) if one.id == "klub-a" else one for one in club().products)
    return club().model_copy(update={"products": products, "version": tier})


def test_of_two_plans_that_are_gone_at_once_the_one_ends_whose_money_went_back_and_the_other_was_never_due() -> (
    None
):
    """An operator had sold both payments of one request as other plans: the first goes back while the claim of the second is taken back."""
    sold = {
        "provider": "mayar",
        "payment_type": None,
        "products": (f.ProductHint(kind="tier", value="klub-a"),),
    }
    first, second = (capture(f"py-{n}", amount=75_000, occurred_at=at(n), **sold) for n in (1, 2))
    book = Book(catalog=club()).customer("c-2").give(first).claim("c-2", "klub-b").give(second)
    item = book.held("duplicate_purchase")
    book.claim("c-2", "pro-bulanan", "duplicate_purchase")
    assert {row.plan for row in book.subscriptions("c-2").values()} == {"klub-b", "pro-bulanan"}
    taken = f.SuspenseClaimWithdrawn(
        suspense_id=item.suspense_id, case=item.case, actor="sari", reason="wrong person"
    )
    book.give_together(taken, refund("rfd-1", 75_000, "py-1", provider="mayar", occurred_at=at(9)))
    assert {row.plan: row.status for row in book.subscriptions("c-2").values()} == {
        "klub-a": "active",
        "klub-b": "cancelled",
    }


def test_a_course_that_an_earlier_program_opened_without_an_id_is_not_told_anew() -> None:
    book = ratna().give(order(), paid())
    ((key, case),) = book.payment_cases.items()
    record = json.loads(case.record.to_json())
    (part,) = record["parts"].values()
    del part["order_id"]
    book.tables.change_case(key, record=record)
    told = len(book.decisions)
    assert book.look_again().decisions[told:] == []


def test_a_course_that_went_back_stays_what_it_was_when_another_purchase_has_it() -> None:
    back = refund("rfd-1", 150_000, None, provider="scalev", payment_key="o-1", group_id=None)
    again = [order(key="o-2"), paid(key="o-2", occurred_at=at(days=2))]
    book = ratna().give(order(key="o-1"), paid(key="o-1"), back, *again)
    assert book.holders("c-1") == {"kelas-python": "scalev:o-2"}
    told = len(book.decisions)
    assert book.look_again().decisions[told:] == []


def test_a_plan_that_went_back_before_it_was_granted_is_remembered_by_when_it_was_paid() -> None:
    """It was too large to be granted on a static token alone."""
    large = package("klub-a", amount=600_000, occurred_at=at(-30), paid_at=at(-30))
    back = refund("rfd-1", 600_000, "trx-1", provider="mayar", group_id=None, occurred_at=at(-10))
    ((bought,),) = (one.values() for one in ratna().give(large, back).record("c-1").purchases.values())
    assert (bought.at, bought.refunded_at) == (at(-30), at(-10))


def test_whose_money_was_by_an_address_stays_theirs_when_the_address_becomes_another_s() -> None:
    """Also of a charge whose plan is another customer's."""
    by_address = charge(1, at(), payer_email="ratna@contoh.id")
    theirs = cycle(1, at(), "activated", payer_email="budi@contoh.id")
    book = ratna().customer("c-2", "budi@contoh.id").give(capture(), by_address, theirs)
    assert [one.customer_id for one in book.of(d.SubscriptionActivated)] == ["c-2"]
    book.customer("c-1", "lain@contoh.id").customer("c-2", "ratna@contoh.id").look_again()
    assert {one.customer_id for one in (*book.of(d.SaleRecorded), *book.of(d.CreditGranted))} == {"c-1"}
    assert (book.of(c.SaleWithdrawn), book.of(c.CreditWithdrawn), book.reasons()) == ([], [], [])


def test_whose_money_is_by_two_addresses_stays_theirs_when_one_becomes_another_s() -> None:
    """It was granted by the first of them; that they lead to the same customer together is remembered too."""
    again = capture(payer_email="lain@contoh.id", occurred_at=at(5), paid_at=at())
    book = ratna().give(capture(), again)
    book.customer("c-1", "neu@contoh.id").customer("c-2", "ratna@contoh.id").look_again()
    assert (book.credit("c-1"), book.credit("c-2"), book.of(c.CreditWithdrawn)) == (500_000, 0, [])


def test_of_attempts_that_brought_nothing_one_that_failed_is_told_rather_than_one_that_expired() -> None:
    """However much later that was; it says why."""
    failed = attempt_fact(f.PaymentFailed, "py-1", failure_code="declined")
    expired = attempt_fact(f.PaymentExpired, "py-2", occurred_at=at(60))
    book = ratna().give(failed, expired)
    assert (book.payment().status, book.payment().failure_code) == ("failed", "declined")


def test_a_payment_is_settled_when_its_provider_says_so() -> None:
    book = ratna().give(order(), paid())
    assert book.payment().settled is False
    assert book.give(paid(f.PaymentSettled, occurred_at=at(5))).payment().settled is True


def test_what_an_operator_granted_of_an_order_stays_when_older_news_has_other_lines() -> None:
    lines = [("variant_mystery", 1, 100_000), ("variant_other", 1, 50_000)]
    book = Book(catalog=club()).customer("c-2").give(order(lines), paid())
    item = min(book.suspense().values(), key=lambda one: one.suspense_id)
    book.give(
        f.SuspenseClaimed(
            suspense_id=item.suspense_id,
            case=item.case,
            customer_id="c-2",
            product="kelas-python",
            actor="sari",
            reason="asked",
        )
    )
    book.give(order([("variant_chat", 1, 150_000)], as_of=at(-5)))
    assert (book.courses("c-2"), book.of(c.CourseWithdrawn), book.chat("c-2")) == ({"kelas-python"}, [], 0)
