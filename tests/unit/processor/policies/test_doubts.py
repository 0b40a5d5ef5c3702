"""What is authentic and still not to be believed as it stands: times that cannot be, ids that contradict each other, money that a bank asks back."""

from __future__ import annotations

import itertools

import pytest

from schemas.catalog import Catalog
from schemas.facts import DisputeLost, DisputeOpened, DisputeWon, PaymentPending, PaymentSettled
from tests.unit.processor.cases.facts import at, attempt_fact, capture, licence, order, paid
from tests.unit.processor.policies.ledgerbook import Book, club
from tests.unit.processor.policies.test_memberships import bought, joined, returned
from tests.unit.processor.policies.test_subscriptions import paid_cycle, plan


def book() -> Book:
    return Book().customer("c-1", "ratna@contoh.id").customer("c-2", "lain@contoh.id")


@pytest.mark.parametrize("doubt", ["time_in_future", "time_long_past"])
def test_money_of_a_time_that_cannot_be_is_held(doubt: str) -> None:
    held = book().give(capture(untrusted_time=doubt, timed=False))
    assert held.held(doubt).amount == 50_000
    assert held.record("c-1").credit_tokens == 0


def test_a_time_that_can_be_told_by_another_webhook_frees_it_in_every_order() -> None:
    doubtful = capture(untrusted_time="time_in_future", timed=False)
    sound = PaymentSettled(**capture().model_dump())
    for facts in itertools.permutations((doubtful, sound)):
        done = book().give(*facts)
        assert done.suspense() == {}
        assert done.record("c-1").credit_tokens == 500_000


def test_orders_of_different_numbers_that_share_an_id_stay_two_in_every_order() -> None:
    facts = (
        order(key="260101AAAAAA", aliases=("260101AAAAAA", "u-1"), payer_email="ratna@contoh.id"),
        paid(key="260101AAAAAA", aliases=("260101AAAAAA", "u-1"), payer_email="ratna@contoh.id"),
        order(key="260101BBBBBB", aliases=("260101BBBBBB", "u-1"), payer_email="lain@contoh.id"),
        paid(key="260101BBBBBB", aliases=("260101BBBBBB", "u-1"), payer_email="lain@contoh.id"),
    )
    for arrival in itertools.permutations(facts):
        done = book().give(*arrival)
        assert done.courses("c-1") == done.courses("c-2") == {"kelas-python"}
        assert [reason for _, reason in done.parked] == ["ids_contradict"]


def test_one_order_under_its_number_and_its_id_is_one_order() -> None:
    by_id = paid(key="u-1", aliases=("u-1",))
    facts = (order(key="260101AAAAAA", aliases=("260101AAAAAA", "u-1")), by_id)
    for arrival in itertools.permutations(facts):
        done = book().give(*arrival)
        assert done.courses("c-1") == {"kelas-python"}
        assert done.parked == []


def dispute(kind: type[DisputeOpened] | type[DisputeLost] | type[DisputeWon], hours: int) -> object:
    return kind(
        provider="xendit",
        payment_key="py-1",
        attempt_id="py-1",
        dispute_id="dp-1",
        aliases=("py-1",),
        amount=50_000,
        occurred_at=at(hours * 60),
    )


def test_c81_a_dispute_is_told_and_takes_nothing_by_itself() -> None:
    done = book().give(
        capture(), dispute(DisputeOpened, 1), dispute(DisputeLost, 2), dispute(DisputeOpened, 3)
    )
    assert done.record("c-1").credit_tokens == 500_000
    assert done.parked == [("dp-1 opened", "payment_disputed"), ("dp-1 lost", "payment_disputed")]


def test_the_end_of_a_dispute_counts_whatever_came_last() -> None:
    done = book().give(capture(), dispute(DisputeWon, 5), dispute(DisputeOpened, 9))
    assert done.parked == [("dp-1 won", "payment_disputed")]


def announced() -> object:
    """A hosted page was completed; the capture that brings the money is still to come."""
    return attempt_fact(PaymentPending, announced=True, requested_amount=50_000, provider_status="COMPLETED")


def test_money_that_was_announced_and_never_told_is_unconfirmed_after_a_while() -> None:
    done = book().give(announced())
    assert done.payment().held is None
    assert done.wait(minutes=59).parked == []
    done.wait(minutes=2)
    assert (done.payment().status, done.payment().held) == ("pending", "unconfirmed")
    assert done.parked == [("py-1", "payment_unconfirmed")]
    assert done.wait(days=30).parked == [("py-1", "payment_unconfirmed")]
    done.give(capture())
    assert (done.payment().status, done.payment().held) == ("succeeded", None)
    assert done.record("c-1").credit_tokens == 500_000


def test_money_that_is_told_in_time_or_came_first_is_never_unconfirmed() -> None:
    for facts in itertools.permutations((announced(), capture())):
        done = book().give(*facts).wait(days=2)
        assert (done.payment().held, done.parked) == (None, [])


def priced() -> Catalog:
    """The club, with prices."""
    products = tuple(
        one.model_copy(update={"price_idr": 75_000}) if one.kind == "plan" else one for one in club().products
    )
    return club().model_copy(update={"products": products})


def of_member() -> Book:
    return Book(catalog=priced()).customer("c-1", "ratna@contoh.id")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_subscription_that_was_announced_and_never_paid_is_unconfirmed_after_a_while(
    order: tuple[int, int],
) -> None:
    """And usable meanwhile; its payment, whenever it comes, ends the doubt."""
    done = of_member().give(joined())
    assert (done.subscription("c-1").status, done.subscription("c-1").held) == ("active", None)
    assert done.wait(minutes=59).parked == []
    done.wait(minutes=2)
    assert (done.subscription("c-1").status, done.subscription("c-1").held) == ("active", "unconfirmed")
    assert done.parked == [("LCN-1", "payment_unconfirmed")]
    assert done.wait(days=3).look_again().parked == [("LCN-1", "payment_unconfirmed")]
    done.give(bought())
    assert done.subscription("c-1").held is None
    in_time = of_member().give(*[(joined(), bought())[number] for number in order]).wait(days=20)
    assert (in_time.subscription("c-1").held, in_time.parked) == (None, [])


def test_each_announced_period_wants_its_payment() -> None:
    renewed = licence(
        "renewed", at(days=60, minutes=600), products=joined().products, occurred_at=at(days=30)
    )
    done = of_member().give(joined(), bought()).wait(days=30).give(renewed).wait(minutes=61)
    assert done.subscription("c-1").held == "unconfirmed"
    assert done.parked == [("LCN-1", "payment_unconfirmed")]
    done.give(bought(payment="trx-2", occurred_at=at(days=30)))
    assert done.subscription("c-1").held is None


def test_money_that_went_back_was_told_and_a_plan_without_a_price_wants_none() -> None:
    assert of_member().give(joined(), bought(), returned()).wait(days=2).parked == []
    free = Book(catalog=club()).customer("c-1", "ratna@contoh.id").give(joined()).wait(days=2)
    assert (free.subscription("c-1").held, free.parked) == (None, [])


def test_a_recurring_plan_of_which_no_charge_is_told_is_unconfirmed_from_when_that_was_due() -> None:
    done = book().give(plan("activated", at(), starts_at=at(days=2)))
    assert done.wait(days=2, minutes=59).parked == []
    done.wait(minutes=2)
    assert done.subscription("c-1").held == "unconfirmed"
    done.give(*paid_cycle(1, occurred_at=at(days=2, minutes=70)))
    assert done.subscription("c-1").held is None
    failed = (
        book().give(plan("activated", at()), plan("renewal_failed", at(), cycle_id="recy-1")).wait(days=1)
    )
    assert failed.parked == []
