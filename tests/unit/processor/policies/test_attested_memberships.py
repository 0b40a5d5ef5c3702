"""What a provider announces of a membership counts as far as somebody vouches for it: the limits of payments, against the price of the plan."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processor.cases.keys import confirmation_key
from schemas import decisions as d
from schemas import facts as f
from schemas.attestation import Attestation
from schemas.attested import attested
from schemas.catalog import Catalog, GrantLimits, ProviderPolicy
from schemas.periods import Period
from tests.unit.processor.cases.facts import at, charge, cycle, licence, package
from tests.unit.processor.policies.ledgerbook import NOON, Book, club, permutations
from tests.unit.processor.policies.test_licences import RATNA, tier
from tests.unit.processor.policies.test_subscriptions import plan

LIMIT, DEAR = 500_000, 900_000
MONTH = Period.parse("1 month")
ENDS, NEXT = MONTH.after(NOON), MONTH.after(NOON, 2)
AWAITED = "awaiting_confirmation"
STABLE = settings(max_examples=150, derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # fmt: skip


def shop(dear: int | None = DEAR, cheap: int | None = 75_000, limit: int = LIMIT, **above: int) -> Catalog:
    """The club, where klub-a (tier pro) is dear and klub-b (tier bpp) is not."""
    prices = {"klub-a": dear, "klub-b": cheap, "pro-bulanan": dear}
    products = tuple(
        one.model_copy(update={"price_idr": prices.get(one.id, one.price_idr)}) for one in club().products
    )
    policy = ProviderPolicy(confirm_above_idr=limit, grant_up_to_idr=GrantLimits(**above))
    return club().model_copy(update={"products": products, "providers": {"mayar": policy, "xendit": policy}})


def told(
    report: str = "activated",
    ends: datetime | None = ENDS,
    of: str | None = "klub-a",
    level: Attestation = "token_only",
    **more: Any,
) -> f.SubscriptionReported:
    return attested(licence(report, ends, products=tier(of) if of else (), **more), level)


def money(
    level: Attestation = "token_only",
    amount: int = DEAR,
    when: datetime = NOON,
    of: str = "klub-a",
    payment: str = "trx-1",
) -> Any:
    return attested(package(of, payment, amount, occurred_at=when, paid_at=when), level)


def book(catalog: Catalog | None = None) -> Book:
    return Book(catalog=catalog or shop()).customer(*RATNA)


def state(done: Book) -> tuple[str, str | None, datetime | None, str | None]:
    row = done.subscription("c-1")
    return row.status, row.plan, row.expires_at, row.held


@pytest.mark.parametrize("report", ["activated", "renewed", "tier_changed"])
def test_a_token_alone_begins_nothing_whose_price_is_above_its_limit(report: str) -> None:
    done = book().give(told(report))
    assert state(done) == ("pending", "klub-a", None, AWAITED)
    assert (done.tier("c-1"), done.reasons()) == ("gratis", [AWAITED])
    (held,) = done.of(d.SuspenseHeld)
    assert (held.payment_id, held.amount, held.customer_id) == ("LCN-1", None, "c-1")
    assert confirmation_key("mayar") in {key for key, _ in done.tables.waits}


@pytest.mark.parametrize("price", [LIMIT, None, 0])
def test_up_to_the_limit_and_without_a_price_it_begins_as_before(price: int | None) -> None:
    done = book(shop(price)).give(told())
    assert (state(done), done.reasons()) == (("active", "klub-a", ENDS, None), [])


def test_a_limit_of_nothing_grants_nothing_on_a_token_also_where_no_price_is_known() -> None:
    done = book(shop(None, limit=0)).give(told())
    assert (state(done)[0], done.reasons()) == ("pending", [AWAITED])
    assert state(book(shop(0, limit=0)).give(told()))[0] == "active"


@pytest.mark.parametrize("level", ["signed", "api_confirmed", "operator"])
def test_every_stronger_word_begins_it_in_every_order(level: Attestation) -> None:
    for arrival in permutations([told(), told(level=level)]):
        done = book().give(*arrival)
        assert (state(done), done.tier("c-1"), done.reasons()) == (
            ("active", "klub-a", ENDS, None),
            "pro",
            [],
        )
        assert confirmation_key("mayar") not in {key for key, _ in done.tables.waits}


def test_the_limits_of_the_levels_above_hold_too_and_then_asking_is_no_use() -> None:
    done = book(shop(api_confirmed=LIMIT)).give(told(level="api_confirmed"))
    assert (state(done)[0], done.reasons()) == ("pending", [AWAITED])
    assert confirmation_key("mayar") not in {key for key, _ in done.tables.waits}


def test_its_payment_vouches_for_it_once_that_is_known_enough() -> None:
    ends = ENDS + timedelta(hours=6)  # the provider counts to the end of the day
    for arrival in permutations([told(ends=ends), money()]):
        waiting = book().give(*arrival)
        assert (state(waiting)[0], waiting.reasons()) == ("pending", [AWAITED, AWAITED])
        done = waiting.give(money("api_confirmed"))
        assert (state(done), done.reasons()) == (("active", "klub-a", ends, None), [])
        assert (done.tier("c-1"), len(done.subscriptions("c-1"))) == ("pro", 1)


def test_a_renewal_that_only_a_token_tells_moves_no_end_until_it_is_paid_or_confirmed() -> None:
    begun = [told(level="api_confirmed")]
    renewal = told("renewed", NEXT, occurred_at=at(days=20))
    for products in ("klub-a", None):
        claimed = told("renewed", NEXT, products, occurred_at=at(days=20))
        done = book().give(*begun).wait(days=20).give(claimed)
        assert (state(done), done.reasons()) == (("active", "klub-a", ENDS, AWAITED), [AWAITED])
    asked = attested(renewal, "api_confirmed")
    assert state(done.give(asked)) == ("active", "klub-a", NEXT, None)
    paid = book().give(*begun).wait(days=20).give(renewal, money("api_confirmed", when=at(days=20)))
    assert (state(paid), paid.reasons()) == (("active", "klub-a", NEXT, None), [])


def test_an_upgrade_that_only_a_token_tells_leaves_what_was_granted() -> None:
    for arrival in permutations(
        [told(of="klub-b"), told("tier_changed", ENDS + timedelta(hours=1), occurred_at=at(5))]
    ):
        done = book().give(*arrival)
        assert (state(done), done.tier("c-1")) == (("active", "klub-b", ENDS, AWAITED), "bpp")
    done.give(told("tier_changed", ENDS + timedelta(hours=1), level="api_confirmed", occurred_at=at(5)))
    assert (state(done)[1:], done.tier("c-1")) == (("klub-a", ENDS + timedelta(hours=1), None), "pro")


@pytest.mark.parametrize("name", ["created", "expiring_soon"])
def test_what_opens_nothing_by_itself_names_no_dearer_plan_either(name: str) -> None:
    done = book().give(told(of="klub-b"), told(name, NEXT, occurred_at=at(5)))
    assert (state(done)[:3], done.tier("c-1")) == (("active", "klub-b", ENDS), "bpp")
    alone = book().give(told("created"))
    assert (state(alone), alone.reasons()) == (("pending", "klub-a", ENDS, None), [])


def test_a_cheaper_name_lengthens_no_dearer_plan() -> None:
    """An old date keeps the dear name in force, and the cheap one states a later end."""
    forged = told("renewed", NEXT, "klub-b", occurred_at=at(-60), timed=True)
    sure = told(level="api_confirmed", timed=True)
    for arrival in permutations([sure, forged]):
        assert state(book().give(*arrival)) == ("active", "klub-a", ENDS, AWAITED)


def test_a_plan_that_only_payments_name_is_not_lengthened_by_a_nameless_word() -> None:
    done = book().give(
        money("api_confirmed"),
        told("activated", of=None),
        told("renewed", NEXT, None, occurred_at=at(days=20)),
    )
    assert state(done.wait(days=21)) == ("active", "klub-a", ENDS, AWAITED)


def test_somebody_of_ours_vouches_for_what_was_announced_until_then_and_can_take_it_back() -> None:
    done = book().give(told())
    held = done.held(None)
    done.claim("c-1", "klub-a")
    assert (state(done), done.reasons()) == (("active", "klub-a", ENDS, None), [])
    done.wait(days=20).give(told("renewed", NEXT, occurred_at=at(days=20)))
    assert (state(done), done.reasons()) == (("active", "klub-a", ENDS, AWAITED), [AWAITED])
    assert state(done.unclaim(held))[0] != "active"


def test_it_ends_by_a_tokens_word_as_before() -> None:
    done = book().give(told(level="api_confirmed"), told("cancelled", None, None, occurred_at=at(5)))
    assert state(done)[0] == "cancelled"


def test_a_plan_with_charges_is_not_usable_before_the_first_of_them_on_a_tokens_word() -> None:
    done = book().give(plan("activated"))
    assert (done.subscription("c-1").status, done.tier("c-1")) == ("pending", "gratis")
    done.give(
        attested(charge(1, NOON, amount=DEAR), "api_confirmed"),
        attested(cycle(1, NOON, "activated", amount=DEAR), "api_confirmed"),
    )
    assert (done.subscription("c-1").status, done.tier("c-1")) == ("active", "pro")
    assert book(shop(LIMIT)).give(plan("activated")).tier("c-1") == "pro"


WORDS = st.tuples(
    st.sampled_from(["activated", "renewed", "tier_changed", "created", "expiring_soon"]),
    st.sampled_from([ENDS, NEXT, None]),
    st.sampled_from(["klub-a", "klub-b", None]),
    st.integers(0, 90),
    st.booleans(),
)


@given(words=st.lists(WORDS, min_size=1, max_size=5), seed=st.integers(0, 2**32))
@STABLE
def test_whatever_tokens_say_in_whatever_order_the_dear_plan_is_nobodys(words: list[Any], seed: int) -> None:
    facts = [
        told(report, ends, of, occurred_at=at(minute), timed=timed)
        for report, ends, of, minute, timed in words
    ]
    shuffled = [*facts, *random.Random(seed).sample(facts, k=len(facts) // 2)]
    random.Random(seed).shuffle(shuffled)
    one, two = book().give(*facts), book().give(*shuffled)
    assert state(one) == state(two)
    assert one.tier("c-1") != "pro"
    sure = book().give(told(level="api_confirmed", timed=True), *facts)
    if all(of != "klub-b" for _, _, of, *_ in words):
        assert sure.subscription("c-1").expires_at == ENDS
