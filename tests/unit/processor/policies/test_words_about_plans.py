"""What others say of a plan beside its provider: the catalogue of its part refunds, our own reference, and an operator who names the plan."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas import decisions as d
from schemas import facts as f
from schemas.periods import Period
from tests.unit.processor.cases.facts import at, charge, cycle, licence, package, refund
from tests.unit.processor.policies.ledgerbook import NOON, Book, club
from tests.unit.processor.policies.test_own_plans import PRO, higher, opened, paid_cycle
from tests.unit.processor.policies.test_part_refunds import shop

RATNA, BUDI = ("c-1", "ratna@contoh.id"), ("c-2", "budi@contoh.id")
UNKNOWN = (f.ProductHint(kind="plan_reference", value="maks-1"),)


@pytest.mark.parametrize(
    ("policy", "ends"),
    [("keep", at(days=61)), ("shorten", at(days=61) - timedelta(days=31) / 4), ("end", at(days=30))],
)
def test_c76_a_charge_of_a_plan_that_we_did_not_sell_follows_the_catalogue(
    policy: str, ends: datetime
) -> None:
    """20 November to 20 December, and to 20 January: a quarter of the second month's money goes back."""
    news: list[Any] = []
    for number, day in ((1, 0), (2, 30)):
        news.append(charge(number, at(days=day), payer_email=RATNA[1]))
        news.append(cycle(number, at(days=day), "activated" if number == 1 else "renewed"))
    news.append(refund("r-1", 50_000, "py-cycle-2", group_id=None, occurred_at=at(days=31)))
    for arrival in (news, news[::-1]):
        done = Book(catalog=shop(policy)).customer(*RATNA).give(*arrival)
        assert done.subscription("c-1").expires_at == ends


def used(email: str, **more: Any) -> f.SubscriptionReported:
    return licence("activated", at(days=30), payer_email=email, occurred_at=at(5), **more)


def test_whose_a_licence_is_by_our_own_reference_nobody_else_can_be_a_stranger_to() -> None:
    """An address tells nothing then; by an address, another one is told."""
    known = Book().customer(*RATNA).customer(*BUDI)
    known.give(licence("activated", at(days=30), customer_ref="c-1"), used(BUDI[1], customer_ref="c-1"))
    assert known.parked == []
    found = Book().customer(*RATNA).customer(*BUDI)
    found.give(licence("activated", at(days=30)), used(BUDI[1]))
    assert found.parked == [("LCN-1", "licence_of_another_customer")]


def charged() -> Book:
    """A plan that no catalogue knows."""
    book = Book().customer(*RATNA)
    book.give(charge(1, at(), products=UNKNOWN, payer_email=RATNA[1]))
    return book.give(cycle(1, at(), "activated", products=UNKNOWN))


def test_a_plan_that_an_operator_names_is_what_was_charged_for() -> None:
    book = charged().claim("c-1", "pro-bulanan")
    row = book.subscription("c-1")
    assert (row.plan, row.status, row.expires_at) == ("pro-bulanan", "active", at(days=30))
    assert (book.tier("c-1"), book.reasons()) == ("pro", [])


def test_what_is_no_plan_gives_no_subscription_whoever_names_it() -> None:
    book = charged().claim("c-1", "kelas-python")
    assert (book.subscriptions("c-1"), book.tier("c-1")) == ({}, "gratis")
    assert book.courses("c-1") == {"kelas-python"}


def test_a_plan_is_unpaid_from_the_moment_its_payment_should_have_been_told() -> None:
    waiting = Book().customer(*RATNA).give(cycleless())
    waiting.wait(minutes=waiting.catalog.policy("xendit").unconfirmed_after_minutes, seconds=-1)
    assert waiting.parked == []
    assert waiting.wait(seconds=1).parked == [("repl-1", "payment_unconfirmed")]


def cycleless() -> f.SubscriptionReported:
    """Usable, and nothing was charged."""
    hints = (f.ProductHint(kind="plan_reference", value="sub-pro-1"),)
    return f.SubscriptionReported(
        provider="xendit",
        subscription_key="repl-1",
        report="activated",
        products=hints,
        payer_email=RATNA[1],
        token_only=True,
        occurred_at=at(),
    )


def licensed(now: datetime) -> Book:
    """A licence that runs until 30 days from now, as it is seen then."""
    return Book(now=now).customer(*RATNA).give(licence("activated", at(days=30)))


def test_a_plan_that_is_over_now_was_not_over_early() -> None:
    early = licence("expired", None, occurred_at=at(5))
    assert licensed(at(days=30) - timedelta(seconds=1)).give(early).parked == [
        ("LCN-1", "subscription_expired_early")
    ]
    assert licensed(at(days=30)).give(early).parked == []


def test_a_plan_ends_soon_from_the_very_moment_on_until_the_moment_it_ends() -> None:
    ends = at(days=30)
    soon = Period.parse(Book().catalog.policy("mayar").expiring_soon).span

    def told(now: datetime) -> int:
        return len(licensed(now).of(d.SubscriptionExpiringSoon))

    second = timedelta(seconds=1)
    moments = (ends - soon - second, ends - soon, ends - second, ends)
    assert [told(moment) for moment in moments] == [0, 1, 1, 0]
    for moment in moments:
        # Looked at again later, not at once and for ever.
        assert all(
            case.due_at is None or case.due_at > moment for case in licensed(moment).tables.cases.values()
        )


def test_a_plan_that_was_cancelled_does_not_end_soon_in_the_moment_in_which_it_ends() -> None:
    cancelled = licence("cancelled", at(days=30), occurred_at=at(5))
    second = timedelta(seconds=1)
    for now, told in ((at(days=30) - second, 1), (at(days=30), 0)):
        book = Book(now=now).customer(*RATNA).give_together(licence("activated", at(days=30)), cancelled)
        assert (book.subscription("c-1").status, len(book.of(d.SubscriptionExpiringSoon))) == (
            "cancelled",
            told,
        )


def test_what_a_part_refund_does_is_for_the_plan_that_an_operator_named() -> None:
    """Beside what we had sold: the charge was too large to count before somebody vouched for it."""
    sold = PRO.model_copy(update={"price_idr": 900_000, "part_refund": "end"})
    back = refund("r-1", 100_000, "py-cycle-1", group_id=None)
    named = Book(catalog=higher()).customer(*RATNA).give(opened(sold), *paid_cycle(1, NOON, sold))
    named.claim("c-1", "max-bulanan").give(back)
    row = named.subscription("c-1")
    assert (row.plan, row.status, row.expires_at) == ("max-bulanan", "active", at(days=30))
    kept = Book(catalog=higher()).customer(*RATNA).give(opened(sold), *paid_cycle(1, NOON, sold))
    kept.claim("c-1").give(back)
    assert kept.subscription("c-1").status != "active"


LIMIT = Book().catalog.policy("xendit").confirm_above_idr


@pytest.mark.parametrize(("amount", "words"), [(LIMIT, []), (LIMIT + 1, ["vouched"])])
def test_only_a_charge_above_the_threshold_needs_a_voucher_and_only_it_is_remembered_for_one(
    amount: int, words: list[str]
) -> None:
    """And of a charge that stayed whole nothing is remembered that went back."""
    vouched = charge(1, at(), amount=amount, token_only=False, payer_email=RATNA[1])
    book = Book().customer(*RATNA).give(vouched, cycle(1, at(), "activated", amount=amount))
    record = book.record("c-1")
    assert (list(record.charges.values()), record.lessened) == (words, {})
    assert book.subscription("c-1").expires_at == at(days=30)


def test_a_charge_that_all_went_back_is_remembered_as_that_alone() -> None:
    book = Book().customer(*RATNA).give(charge(1, at(), payer_email=RATNA[1]), cycle(1, at(), "activated"))
    book.give(refund("r-1", 50_000, "py-cycle-1", group_id=None))
    part = book.record("c-1")
    assert (part.charges, [one.back for one in part.lessened.values()]) == ({}, [50_000])
    book.give(refund("r-2", 150_000, "py-cycle-1", group_id=None))
    whole = book.record("c-1")
    assert (list(whole.charges.values()), whole.lessened) == (["refunded"], {})


def announced(name: str, report: str = "activated", minutes: float = 0) -> f.SubscriptionReported:
    hint = f.ProductHint(kind="tier", value=name)
    return licence(report, at(days=30), products=(hint,), occurred_at=at(minutes))


def sent_back(minutes: float, days: float = 0) -> f.RefundSucceeded:
    about: dict[str, Any] = {"provider": "mayar", "group_id": None}
    return refund("rfd-1", 75_000, "trx-1", **about, occurred_at=at(minutes, days=days))


def test_a_membership_all_of_which_went_back_is_shown_as_it_was_sold() -> None:
    """Not by the name that it was announced under later."""
    book = Book(catalog=club()).customer(*RATNA).give(package("klub-a"), announced("klub-a"))
    book.give(announced("klub-b", "tier_changed", 5), sent_back(10))
    row = book.subscription("c-1")
    assert (row.plan, row.tier, row.status) == ("klub-a", "pro", "cancelled")


def test_a_membership_of_which_an_announced_period_is_left_is_what_the_catalogue_says() -> None:
    """The payment that went back was for the next one, and for what the plan was then."""
    later = package("klub-a", occurred_at=at(days=20), paid_at=at(days=20))
    book = Book(catalog=club()).customer(*RATNA).give(announced("klub-a"), later)
    products = [
        one.model_copy(update={"tier": "bpp"}) if one.id == "klub-a" else one for one in club().products
    ]
    book.change_catalog(club().model_copy(update={"products": tuple(products), "version": "2"}))
    book.give(sent_back(0, days=21))
    row = book.subscription("c-1")
    assert (row.plan, row.tier, row.status, row.expires_at) == ("klub-a", "bpp", "active", at(days=30))


def test_a_plan_is_not_withdrawn_from_whoever_has_it_without_the_claim_too() -> None:
    """They registered with the address of it since."""
    book = Book().customer("c-1").give(licence("activated", at(days=30)))
    item = book.held()
    book.claim("c-1").customer(*RATNA).unclaim(item)
    assert book.of(d.SubscriptionWithdrawn) == []
    assert (len(book.subscriptions("c-1")), book.reasons()) == (1, [])
