"""How much is known of money decides what is granted on it, in whatever order we hear of it."""

from __future__ import annotations

import itertools
import random
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processor.cases.keys import confirmation_key
from schemas import decisions as d
from schemas import facts as f
from schemas.attestation import LEVELS, RANK, Attestation
from schemas.attested import attested
from schemas.catalog import Catalog, GrantLimits, ProviderPolicy
from tests.unit.processor.cases.facts import at, capture, charge, cycle, order, paid
from tests.unit.processor.policies.ledgerbook import Book, balanced, shipped_catalog

RATNA = ("c-1", "ratna@contoh.id")
STABLE = settings(
    max_examples=200, derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # fmt: skip


def known(level: Attestation, amount: int = 900_000, **more: Any) -> Any:
    """A top-up of Xendit that somebody vouches for on this level."""
    kind = f.PaymentSettled if level == "settled" else f.PaymentSucceeded
    fact = capture(amount=amount, requested_amount=None, **more)
    said = kind(**fact.model_dump(exclude={"token_only", "attestation"}))
    return attested(said, "api_confirmed" if level == "settled" else level)


def limits(confirm_above: int = 500_000, **above: int) -> Catalog:
    """The shipped catalogue with these limits for every provider."""
    policy = ProviderPolicy(confirm_above_idr=confirm_above, grant_up_to_idr=GrantLimits(**above))
    return shipped_catalog().model_copy(
        update={"providers": dict.fromkeys(("xendit", "mayar", "scalev"), policy)}
    )


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_is_shown_and_grants_up_to_its_limit(level: Attestation) -> None:
    for amount, granted in ((100_000, True), (900_000, level != "token_only")):
        book = Book().customer(*RATNA).give(known(level, amount))
        assert (book.credit("c-1") == amount * 10, book.payment().attestation) == (granted, level)
        assert book.reasons() == ([] if granted else ["awaiting_confirmation"])


@pytest.mark.parametrize(
    ("level", "highest"),
    [("token_only", 100), ("signed", 200), ("api_confirmed", 300), ("settled", 400), ("operator", None)],
)
def test_every_level_has_a_limit_of_its_own(level: Attestation, highest: int | None) -> None:
    shop = limits(100, signed=200, api_confirmed=300, settled=400)
    enough = Book(catalog=shop).customer(*RATNA).give(known(level, highest or 10**9))
    assert (enough.reasons(), enough.credit("c-1") > 0) == ([], True)
    if highest is not None:
        more = Book(catalog=shop).customer(*RATNA).give(known(level, highest + 1))
        assert (more.reasons(), more.credit("c-1")) == (["awaiting_confirmation"], 0)
        assert shop.policy("xendit").needed_for(highest + 1) == LEVELS[RANK[level] + 1]


def test_a_limit_holds_for_the_weaker_levels_too() -> None:
    policy = limits(10**9, api_confirmed=300).policy("xendit")
    assert [policy.may_grant(level) for level in LEVELS] == [300, 300, 300, None, None]


@pytest.mark.parametrize("level", LEVELS[1:])
def test_whatever_knows_more_raises_it_whichever_came_first(level: Attestation) -> None:
    for arrival in permutations([known("token_only"), known(level)]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.payment().attestation) == (9_000_000, level)
        assert [e.amount_idr for e in book.of(d.CreditGranted)] == [900_000]


def test_a_token_that_says_settled_is_a_token() -> None:
    book = (
        Book()
        .customer(*RATNA)
        .give(attested(f.PaymentSettled(**known("token_only").model_dump()), "token_only"))
    )
    assert (book.payment().attestation, book.reasons()) == ("token_only", ["awaiting_confirmation"])


def test_a_forged_amount_under_the_name_of_a_genuine_payment_is_not_granted_and_is_told() -> None:
    forged = known("token_only", 9_000_000, occurred_at=at(60))
    genuine = [known("token_only", 10_000), known("api_confirmed", 10_000)]
    ends = []
    for arrival in permutations([forged, *genuine]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.payment().amount) == (100_000, 10_000)
        assert ("py-1 9000000", "amount_contradicted") in book.parked
        ends.append(book.end_state())
    assert all(one == ends[0] for one in ends)


def test_a_confirmation_without_an_amount_vouches_for_no_amount() -> None:
    bare = known("api_confirmed").amended(amount=None)
    for arrival in permutations([known("token_only", 9_000_000), bare]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.reasons()) == (0, ["awaiting_confirmation"])


@pytest.mark.parametrize(
    "forged",
    [{"customer_ref": "c-2"}, {"payer_email": "budi@contoh.id"}, {"payment_type": "paper_completion"}],
)
def test_a_token_says_nothing_new_of_money_that_its_provider_vouches_for(forged: dict[str, str]) -> None:
    later = known("token_only", 900_000, occurred_at=at(60), **forged)
    for arrival in permutations([later, known("api_confirmed")]):
        book = Book().customer(*RATNA).customer("c-2", "budi@contoh.id").give(*arrival)
        assert (book.credit("c-1"), book.credit("c-2"), book.reasons()) == (9_000_000, 0, [])


def test_a_payment_counts_as_a_whole_whatever_it_buys() -> None:
    shop = limits(signed=500_000)
    two = order([("variant_kelas_python", 1, 300_000), ("variant_kelas_python", 1, 300_000)], gross=600_000)
    book = Book(catalog=shop).customer(*RATNA).give(two, paid())
    assert book.reasons() == ["awaiting_confirmation", "duplicate_purchase"]
    assert book.courses("c-1") == set()
    assert Book().customer(*RATNA).give(two, paid()).courses("c-1") == {"kelas-python"}


@pytest.mark.parametrize(
    ("fact", "level"),
    [
        (capture(), "token_only"),
        (capture(token_only=False), "api_confirmed"),
        (f.PaymentSettled(**capture(token_only=False).model_dump()), "settled"),
        (capture(provider="manual", token_only=False), "operator"),
    ],
)
def test_facts_that_earlier_programs_stored_say_it_by_their_source(fact: Any, level: Attestation) -> None:
    assert fact.attestation is None
    assert Book().customer(*RATNA).give(fact).payment().attestation == level


def test_signed_orders_are_granted_in_any_amount_as_before() -> None:
    large = order(gross=9_000_000)
    book = Book().customer(*RATNA).give(large, paid())
    assert (book.payment().attestation, book.courses("c-1")) == ("signed", {"kelas-python"})


def test_an_operators_word_knows_most() -> None:
    book = Book().customer(*RATNA).give(known("token_only")).claim("c-1")
    assert (book.payment().attestation, book.credit("c-1")) == ("operator", 9_000_000)


def test_money_that_waits_is_found_by_who_asks_and_by_nobody_else() -> None:
    waits = (confirmation_key("xendit"), "xendit:py-1")
    held = Book().customer(*RATNA).give(known("token_only"))
    assert waits in held.tables.waits
    assert waits not in held.give(known("api_confirmed")).tables.waits
    asking_is_no_use = (
        Book(catalog=limits(api_confirmed=100_000)).customer(*RATNA).give(known("api_confirmed"))
    )
    assert asking_is_no_use.reasons() == ["awaiting_confirmation"]
    assert waits not in asking_is_no_use.tables.waits


def test_a_charge_of_a_plan_counts_as_far_as_its_level_allows() -> None:
    starts = at(days=-10)
    facts = [charge(1, starts, amount=900_000), cycle(1, starts, "activated", amount=900_000)]
    asked = [attested(charge(1, starts, amount=900_000), "api_confirmed"), attested(cycle(1, starts, "activated", amount=900_000), "api_confirmed")]  # fmt: skip
    for arrival in permutations([*facts, *asked]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.tier("c-1"), book.reasons()) == ("pro", [])
    low = Book(catalog=limits(api_confirmed=100_000)).customer(*RATNA).give(*facts, *asked)
    assert (low.tier("c-1"), low.reasons()) == ("gratis", ["awaiting_confirmation"])


AMOUNTS = st.sampled_from([10_000, 400_000, 900_000, 9_000_000])
SAID = st.tuples(st.sampled_from(LEVELS), AMOUNTS, st.integers(-60, 60), st.sampled_from(["c-1", "c-2"]))


@given(said=st.lists(SAID, min_size=1, max_size=5), seed=st.integers(0, 2**32))
@STABLE
def test_every_order_ends_alike_and_grants_no_more_than_the_levels_allow(
    said: list[tuple[Attestation, int, int, str]], seed: int
) -> None:
    shop = limits(500_000, signed=600_000, api_confirmed=5_000_000)
    facts = [
        known(level, amount, occurred_at=at(minute), paid_at=at(), customer_ref=who)
        for level, amount, minute, who in said
    ]
    shuffled = [*facts, *random.Random(seed).sample(facts, k=len(facts) // 2)]
    random.Random(seed).shuffle(shuffled)
    one, two = (Book(catalog=shop).customer("c-1").customer("c-2") for _ in range(2))
    one.give_together(*facts)
    two.give(*shuffled)
    assert one.end_state() == two.end_state()
    assert balanced(two)
    granted = (two.credit("c-1") + two.credit("c-2")) // 10
    stated = {
        amount: max(RANK[level] for level, told, *_ in said if told == amount) for _, amount, *_ in said
    }
    assert granted in (0, *stated)
    if granted:
        limit = shop.policy("xendit").may_grant(LEVELS[stated[granted]])
        assert limit is None or granted <= limit
    if any(level != "token_only" for level, *_ in said):
        assert granted in (0, *(amount for level, amount, *_ in said if level != "token_only"))


def test_levels_are_ordered_as_they_are_listed() -> None:
    assert LEVELS == ("token_only", "signed", "api_confirmed", "settled", "operator")
    assert all(RANK[one] < RANK[two] for one, two in itertools.pairwise(LEVELS))
