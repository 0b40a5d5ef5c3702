"""Licences and memberships (Mayar): they state their own end; our clock holds them to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest

from schemas import decisions as d
from schemas import facts as f
from schemas.catalog import Catalog, ProviderPolicy
from tests.unit.processor.cases.facts import at, licence
from tests.unit.processor.policies.ledgerbook import NOON, Book, club, permutations

RATNA = ("c-1", "ratna@contoh.id")
BUDI = ("c-2", "budi@contoh.id")


def tier(name: str) -> tuple[f.ProductHint, ...]:
    return (f.ProductHint(kind="tier", value=name),)


def member(report: str, **more: object) -> f.SubscriptionReported:
    """A membership event: no licence, no end, no time."""
    fact = licence(report, None, "ABCD1234", licence_code=None, member_id="ABCD1234")
    return fact.model_copy(update=more)


def test_m_a_licence_is_active_until_the_end_it_states() -> None:
    book = Book().customer(*RATNA).give(licence("activated", at(days=30)))
    row = book.subscription("c-1")
    assert (row.status, row.expires_at, row.licence_code, row.plan) == ("active", at(days=30), "LCN-1", None)
    book.wait(days=30)
    assert book.subscription("c-1").status == "expired"


def test_c101_a_renewal_moves_the_end_once_in_any_order() -> None:
    facts = [
        licence("created", at(days=30)),
        licence("activated", at(days=30)),
        licence("renewed", at(days=60)),
        licence("renewed", at(days=60)),
    ]
    for arrival in permutations(facts):
        row = Book().customer(*RATNA).give(*arrival).subscription("c-1")
        assert (row.status, row.expires_at) == ("active", at(days=60))


def test_created_is_not_usable_yet() -> None:
    book = (
        Book(catalog=club()).customer(*RATNA).give(licence("created", at(days=30), products=tier("klub-a")))
    )
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("pending", "gratis")


def test_c103_an_early_expired_event_does_not_shorten_what_was_paid() -> None:
    book = Book().customer(*RATNA).give(licence("activated", at(days=30)), licence("expired", at(days=30)))
    assert book.subscription("c-1").status == "active"
    assert book.wait(days=30).subscription("c-1").status == "expired"


def test_c103_a_late_or_missing_expired_event_makes_no_difference() -> None:
    silent = (
        Book(catalog=club()).customer(*RATNA).give(licence("activated", at(days=5), products=tier("klub-a")))
    )
    silent.wait(days=8)
    told = (
        Book(catalog=club()).customer(*RATNA).give(licence("activated", at(days=5), products=tier("klub-a")))
    )
    told.wait(days=8).give(licence("expired", None, occurred_at=at(days=8)))
    assert silent.end_state() == told.end_state()
    assert silent.tier("c-1") == "gratis"


def test_c102_a_plan_of_the_catalogue_has_its_grace() -> None:
    book = Book(catalog=club()).customer(*RATNA)
    book.give(licence("activated", at(days=5), products=tier("klub-a"))).wait(days=5)
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("past_due", "pro")
    book.wait(days=2)
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("expired", "gratis")


def test_c104_a_cancelled_licence_runs_to_its_end_without_grace() -> None:
    facts = [
        licence("activated", at(days=5), products=tier("klub-a")),
        licence("cancelled", at(days=5), occurred_at=at(1)),
    ]
    for arrival in permutations(facts):
        book = Book(catalog=club()).customer(*RATNA).give(*arrival)
        row = book.subscription("c-1")
        assert (row.status, row.cancel_at_period_end, row.access_until) == ("cancelled", True, at(days=5))
    assert book.wait(days=5).tier("c-1") == "gratis"


def test_m6_cancelled_twice_is_cancelled_once_and_again_after_a_return() -> None:
    book = Book(catalog=club()).customer(*RATNA)
    book.give(member("activated", products=tier("klub-a")))
    book.give(member("cancelled", occurred_at=at(10)), member("cancelled", occurred_at=at(20)))
    assert len(book.of(d.SubscriptionCancelled)) == 1
    assert book.subscription("c-1").expires_at == at(10)
    book.wait(minutes=25)
    assert book.tier("c-1") == "gratis"
    book.give(member("activated", occurred_at=at(30)))
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("active", "pro")
    book.give(member("cancelled", occurred_at=at(40))).wait(minutes=20)
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("cancelled", "gratis")


def test_a_membership_without_dates_lasts_until_somebody_ends_it() -> None:
    book = Book(catalog=club()).customer(*RATNA).give(member("activated", products=tier("klub-a")))
    assert (book.subscription("c-1").access_until, book.tier("c-1")) == (None, "pro")
    assert book.wait(days=400).tier("c-1") == "pro"
    book.give(member("expired", occurred_at=at(days=400)))
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("expired", "gratis")


def test_m7_an_ending_of_a_membership_we_never_saw_begin() -> None:
    assert Book().customer(*RATNA).give(member("expired")).subscription("c-1").status == "expired"
    assert Book().customer(*RATNA).give(member("cancelled")).subscription("c-1").status == "cancelled"


def test_c105_a_change_of_tier_replaces_the_plan_from_then_on() -> None:
    facts = [
        licence("activated", at(days=30), products=tier("klub-a")),
        licence("tier_changed", at(days=30), products=tier("klub-b"), occurred_at=at(5)),
    ]
    for arrival in permutations(facts):
        book = Book(catalog=club()).customer(*RATNA).give(*arrival)
        assert (book.subscription("c-1").plan, book.tier("c-1")) == ("klub-b", "bpp")


def test_c105_a_change_of_tier_without_a_stated_end() -> None:
    book = (
        Book(catalog=club()).customer(*RATNA).give(licence("activated", at(days=30), products=tier("klub-b")))
    )
    book.give(licence("tier_changed", None, products=tier("klub-a"), occurred_at=at(5)))
    assert (book.subscription("c-1").plan, book.tier("c-1")) == ("klub-a", "pro")
    assert book.subscription("c-1").expires_at == at(days=30)
    assert [type(e) for e in book.of(d.SubscriptionDecision)][-1] is d.SubscriptionTierChanged


def test_c99_a_licence_used_by_another_customer_is_parked() -> None:
    book = Book().customer(*RATNA).customer(*BUDI)
    book.give(licence("activated", at(days=30)))
    book.give(licence("renewed", at(days=900), payer_email="budi@contoh.id", occurred_at=at(5)))
    assert book.parked == [("LCN-1", "licence_of_another_customer")]
    assert book.subscription("c-1").expires_at == at(days=30)
    assert book.subscriptions("c-2") == {}


def test_c99_the_other_e_mail_turns_out_to_be_the_same_customer_s() -> None:
    book = Book().customer(*RATNA).give(licence("activated", at(days=30)))
    book.give(licence("renewed", at(days=60), payer_email="ratna@baru.id", occurred_at=at(5)))
    assert book.subscription("c-1").expires_at == at(days=30)
    book.customer("c-1", "ratna@baru.id")
    assert book.subscription("c-1").expires_at == at(days=60)


def test_c99_without_a_licence_the_member_id_is_the_key() -> None:
    row = Book().customer(*RATNA).give(member("activated")).subscription("c-1")
    assert (row.member_id, row.licence_code, row.status) == ("ABCD1234", None, "active")


def test_our_timer_announces_the_end_and_the_provider_may_be_earlier() -> None:
    book = Book().customer(*RATNA).give(licence("activated", at(days=30)))
    book.give(licence("expiring_soon", at(days=30), occurred_at=at(5)))
    assert len(book.of(d.SubscriptionExpiringSoon)) == 1
    book.wait(days=28)
    assert len(book.of(d.SubscriptionExpiringSoon)) == 1
    assert book.now == NOON + timedelta(days=28)


def test_a_licence_waits_for_its_customer() -> None:
    facts = [
        licence("activated", at(days=30)),
        f.CustomerRegistered(customer_id="c-1", email="ratna@contoh.id"),
    ]
    states = [Book().give(*arrival).end_state() for arrival in permutations(facts)]
    assert states[0] == states[1]
    assert states[0]["suspense"] == []


def test_c105_a_change_of_tier_heard_before_the_activation_it_changes() -> None:
    """These events carry no time; at the same end an announced change is the newer word."""
    activated = licence("activated", at(days=30), products=tier("klub-a"), occurred_at=at(10))
    changed = licence("tier_changed", at(days=30), products=tier("klub-b"), occurred_at=at(5))
    for arrival in permutations([activated, changed]):
        assert Book(catalog=club()).customer(*RATNA).give(*arrival).subscription("c-1").plan == "klub-b"


def test_a_cancellation_is_lifted_by_paying_for_a_later_period() -> None:
    facts = [
        licence("activated", at(days=30)),
        licence("cancelled", at(days=30), occurred_at=at(5)),
        licence("renewed", at(days=60), occurred_at=at(10)),
    ]
    for arrival in permutations(facts):
        row = Book().customer(*RATNA).give(*arrival).subscription("c-1")
        assert (row.status, row.expires_at, row.cancel_at_period_end) == ("active", at(days=60), False)


def test_a_detail_that_becomes_known_is_an_update_of_the_same_plan() -> None:
    book = Book(catalog=club()).customer(*RATNA).give(member("activated", products=tier("klub-a")))
    book.give(member("activated", licence_code="LCN-9", occurred_at=at(5)))
    assert [type(event) for event in book.of(d.SubscriptionDecision)][1:] == [d.SubscriptionUpdated]
    assert book.subscription("c-1").licence_code == "LCN-9"


def test_a_licence_that_waited_is_released_into_use_or_written_off() -> None:
    waiting = [Book().give(licence("activated", at(days=30))) for _ in range(2)]
    waiting[0].customer(*RATNA)
    waiting[1].write_off()
    released = [book.of(d.SuspenseReleased) for book in waiting]
    assert [[one.resolution for one in each] for each in released] == [["granted"], ["written_off"]]
    assert [book.reasons() for book in waiting] == [[], []]
    assert waiting[1].customer(*RATNA).subscriptions("c-1") == {}


def test_a_later_end_of_what_is_active_is_a_renewal() -> None:
    book = Book().customer(*RATNA).give(licence("activated", at(days=30)), licence("renewed", at(days=60)))
    assert [type(event) for event in book.of(d.SubscriptionDecision)] == [
        d.SubscriptionActivated,
        d.SubscriptionRenewed,
    ]


def mayar_policy(**policy: object) -> Catalog:
    """The club's catalogue with another policy of this provider."""
    catalog = club()
    changed = catalog.policy("mayar").model_copy(update=policy)
    return catalog.model_copy(update={"providers": {**catalog.providers, "mayar": changed}})


EARLY = [
    licence("activated", at(days=30), products=tier("klub-a")),
    licence("expired", at(days=30), occurred_at=at(days=10)),
]


@pytest.mark.parametrize("policy", ["keep", "end"])
def test_c103_an_early_end_follows_the_catalogue_and_operators_are_told_once(
    policy: Literal["keep", "end"],
) -> None:
    for arrival in permutations(EARLY):
        book = Book(catalog=mayar_policy(expired_early=policy)).customer(*RATNA).give(*arrival)
        book.wait(days=11).give(*arrival)
        row = book.subscription("c-1")
        if policy == "keep":
            assert (row.status, row.expires_at, book.tier("c-1")) == ("active", at(days=30), "pro")
        else:
            assert (row.status, row.access_until, book.tier("c-1")) == ("expired", at(days=10), "gratis")
        assert book.parked == [("LCN-1", "subscription_expired_early")]


@pytest.mark.parametrize("policy", ["keep", "end"])
@pytest.mark.parametrize(
    "lifting",
    [
        licence("renewed", at(days=60), occurred_at=at(days=12), products=tier("klub-a")),
        licence("activated", at(days=30), occurred_at=at(days=12), products=tier("klub-a")),
    ],
    ids=["renewed", "activated again"],
)
def test_c103_whatever_comes_after_it_lifts_an_early_end(
    policy: Literal["keep", "end"], lifting: f.SubscriptionReported
) -> None:
    ends = set()
    for arrival in permutations([*EARLY, lifting]):
        book = Book(catalog=mayar_policy(expired_early=policy)).customer(*RATNA).wait(days=13).give(*arrival)
        row = book.subscription("c-1")
        assert (row.status, book.tier("c-1")) == ("active", "pro")
        ends.add(row.access_until)
    assert len(ends) == 1


def test_c103_a_late_word_on_an_earlier_period_is_no_early_end() -> None:
    renewed = licence("renewed", at(days=60), occurred_at=at(days=29), products=tier("klub-a"))
    late = licence("expired", at(days=30), occurred_at=at(days=31))
    for arrival in permutations([EARLY[0], renewed, late]):
        book = Book(catalog=mayar_policy(expired_early="end")).customer(*RATNA).wait(days=32).give(*arrival)
        assert (book.subscription("c-1").status, book.tier("c-1")) == ("active", "pro")
        assert book.parked == []


def test_c103_a_word_that_comes_after_our_own_end_tells_operators_nothing() -> None:
    book = Book(catalog=mayar_policy(expired_early="keep")).customer(*RATNA).give(EARLY[0])
    book.wait(days=40).give(EARLY[1])
    assert (book.subscription("c-1").status, book.parked) == ("expired", [])


@pytest.mark.parametrize("days", [1, 7])
def test_expiring_soon_is_said_as_early_as_the_catalogue_wants_and_once_per_end(days: int) -> None:
    book = Book(catalog=mayar_policy(expiring_soon=f"{days} days")).customer(*RATNA)
    book.give(licence("activated", at(days=30)))
    assert book.wait(days=30 - days - 1).of(d.SubscriptionExpiringSoon) == []
    for _ in range(2):
        book.wait(days=1)
    assert [event.expires_at for event in book.of(d.SubscriptionExpiringSoon)] == [at(days=30)]
    book.give(licence("renewed", at(days=60), occurred_at=at(days=29)))
    book.wait(days=29)
    assert [event.expires_at for event in book.of(d.SubscriptionExpiringSoon)] == [at(days=30), at(days=60)]


def test_a_span_of_months_is_no_time_before_an_end() -> None:
    with pytest.raises(ValueError, match="months differ in length"):
        ProviderPolicy(expiring_soon="1 month")
