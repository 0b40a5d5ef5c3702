"""A part of the money goes back: courses and plans keep, shorten or end as the catalogue said on the day they were sold; tokens go by shares."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import decisions as d
from schemas import facts as f
from schemas.catalog import Catalog
from schemas.periods import Period
from tests.unit.processor.cases.facts import at, charge, cycle, order, paid, refund
from tests.unit.processor.policies.ledgerbook import NOON, Book, balanced, shipped_catalog
from tests.unit.processor.policies.test_own_plans import NAMELESS, PRO, opened
from tests.unit.processor.policies.test_plan_payments import once

STABLE = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

RATNA = ("c-1", "ratna@contoh.id")
PRICE = 150_000
MONTH_ENDS = Period.parse("1 month").after(NOON)
MONTH = MONTH_ENDS - NOON


def shop(part_refund: str) -> Catalog:
    """The shipped catalogue; what has no end that could come earlier keeps instead of shortening."""
    catalog = shipped_catalog()
    words = {"course": part_refund if part_refund != "shorten" else "keep", "plan": part_refund}
    products = tuple(
        one.model_copy(update={"part_refund": words.get(one.kind, "keep")}) for one in catalog.products
    )
    return catalog.model_copy(update={"products": products})


def book(part_refund: str) -> Book:
    return Book(catalog=shop(part_refund)).customer(*RATNA)


def of_order(refund_id: str, amount: int, days: float = 1) -> f.RefundSucceeded:
    about: dict[str, Any] = {"provider": "scalev", "payment_key": "260504AAAAAA", "group_id": None}
    return refund(refund_id, amount, None, **about, occurred_at=at(days=days))


def of_plan(refund_id: str, amount: int, days: float = 1) -> f.RefundSucceeded:
    return refund(refund_id, amount, "py-1", group_id="pr-py-1", occurred_at=at(days=days))


def undone(told: f.RefundSucceeded, days: float) -> f.RefundFailed:
    return f.RefundFailed(**told.model_dump() | {"occurred_at": told.occurred_at + timedelta(days=days)})


def a_plan() -> f.PaymentSucceeded:
    return once(amount=200_000, reference_id="sub-pro-1")


@pytest.mark.parametrize(
    ("policy", "back", "courses"),
    [("keep", [149_999], {"kelas-python"}), ("keep", [PRICE], set()), ("end", [1], set()), ("end", [70_000, 80_000], set())],
)  # fmt: skip
def test_c76_a_course_stays_or_closes_as_the_catalogue_says(
    policy: str, back: list[int], courses: set[str]
) -> None:
    refunds = [of_order(f"r-{number}", amount) for number, amount in enumerate(back)]
    done = book(policy).give(order(), paid(), *refunds)
    assert done.courses("c-1") == courses
    assert len(done.of(d.CourseRevoked)) == (0 if courses else 1)
    assert done.balance("sales:kelas-python") == PRICE - sum(back)
    assert balanced(done)


@pytest.mark.parametrize(
    ("policy", "status", "ends"),
    [
        ("keep", "active", MONTH_ENDS),
        ("shorten", "active", MONTH_ENDS - MONTH / 4),
        ("end", "cancelled", NOON),
    ],
)
def test_c76_a_plan_stays_gets_shorter_or_ends_as_the_catalogue_says(
    policy: str, status: str, ends: datetime
) -> None:
    done = book(policy).give(a_plan(), of_plan("r-1", 50_000, days=0))
    row = done.subscription("c-1")
    assert (row.status, row.expires_at) == (status, ends)
    assert done.balance("sales:pro-bulanan") == 150_000


def test_c75_a_plan_whose_money_all_went_back_ends_under_every_policy() -> None:
    for policy in ("keep", "shorten", "end"):
        done = book(policy).give(a_plan(), of_plan("r-1", 150_000, days=-0.5), of_plan("r-2", 50_000, days=0))
        assert (done.subscription("c-1").status, done.tier("c-1")) == ("cancelled", "gratis")


def test_c76_the_terms_of_the_day_stay_when_the_catalogue_changes() -> None:
    done = book("keep").give(a_plan(), order(), paid()).change_catalog(shop("end")).look_again()
    done.give(of_plan("r-1", 1), of_order("r-2", 1))
    assert (done.subscription("c-1").expires_at, done.courses("c-1")) == (MONTH_ENDS, {"kelas-python"})


def test_c76_a_course_that_a_part_refund_closed_can_be_bought_again() -> None:
    again = [order(key="260504BBBBBB"), paid(key="260504BBBBBB", occurred_at=at(days=2))]
    done = book("end").give(order(), paid(), *again)
    assert done.reasons() == ["duplicate_purchase"]
    done.give(of_order("r-1", 10_000, days=3))
    assert (done.courses("c-1"), done.reasons()) == ({"kelas-python"}, [])


@pytest.mark.parametrize(
    ("policy", "ends"),
    [("keep", at(days=61)), ("shorten", at(days=61) - timedelta(days=31) / 4), ("end", at(days=30))],
)
def test_c76_a_charge_of_a_recurring_plan_follows_the_terms_of_its_plan(policy: str, ends: datetime) -> None:
    """20 November to 20 December, and to 20 January: a quarter of the second month's money goes back."""
    sold = PRO.model_copy(update={"part_refund": policy})
    news: list[Any] = [opened(sold)]
    for number, day in ((1, 0), (2, 30)):
        more = {**NAMELESS, "customer_ref": "c-1"}
        news.append(charge(number, at(days=day), **more))
        news.append(cycle(number, at(days=day), "activated" if number == 1 else "renewed", **NAMELESS))
    news.append(refund("r-1", 50_000, "py-cycle-2", group_id=None, occurred_at=at(days=31)))
    for arrival in (news, news[::-1], [news[-1], *news[:-1]]):
        done = Book(catalog=shop("keep")).customer(*RATNA).give(*arrival)
        assert done.subscription("c-1").expires_at == ends


@st.composite
def splits(draw: st.DrawFn, price: int) -> tuple[list[int], list[int]]:
    """Parts that go back, with an order of arrival for them and the purchase."""
    parts = draw(st.lists(st.integers(1, price // 4), min_size=1, max_size=4))
    return parts, draw(st.permutations(range(len(parts) + 2)))


@STABLE
@given(data=splits(200_000), policy=st.sampled_from(["keep", "shorten", "end"]))
def test_c76_any_split_in_any_order_ends_alike_for_a_plan(
    data: tuple[list[int], list[int]], policy: str
) -> None:
    parts, arrival = data
    refunds = [of_plan(f"r-{number}", amount) for number, amount in enumerate(parts)]
    news = [a_plan(), *refunds, *refunds[:1]]
    done = book(policy).give(*(news[one] for one in arrival))
    whole = book(policy).give(a_plan(), of_plan("r-whole", sum(parts)))
    assert done.end_state() == whole.end_state()


@STABLE
@given(data=splits(PRICE), policy=st.sampled_from(["keep", "end"]))
def test_c76_any_split_in_any_order_ends_alike_for_a_course(
    data: tuple[list[int], list[int]], policy: str
) -> None:
    parts, arrival = data
    refunds = [of_order(f"r-{number}", amount) for number, amount in enumerate(parts)]
    news = [paid(), *refunds, order()]
    done = book(policy).give(*(news[one] for one in arrival))
    whole = book(policy).give(order(), paid(), of_order("r-whole", sum(parts)))
    assert done.end_state() == whole.end_state()


@STABLE
@given(
    arrival=st.permutations(range(5)),
    policy=st.sampled_from(["keep", "shorten", "end"]),
    amount=st.sampled_from([1, 50_000, 199_999, 200_000]),
    later=st.sampled_from([-1.0, 0.0, 1.0]),
)
def test_c78_a_refund_that_fails_afterwards_is_undone_whenever_that_is_heard(
    arrival: list[int], policy: str, amount: int, later: float
) -> None:
    """What counts is the provider's last word by its own clock: an older one, and one of the same time, undoes nothing."""
    first = of_plan("r-1", amount)
    news = [
        a_plan(),
        first,
        undone(first, later),
        first,
        of_plan("r-2", 1_000) if amount < 199_000 else first,
    ]
    kept = [
        one for one in (news[0], *([] if later > 0 else [first]), news[4]) if not (later > 0 and one is first)
    ]
    done = book(policy).give(*(news[one] for one in arrival))
    assert done.end_state() == book(policy).give(*kept).end_state()
    assert balanced(done)


def test_c78_a_refund_told_again_after_it_failed_counts_again() -> None:
    first = of_plan("r-1", 200_000)
    again = first.model_copy(update={"occurred_at": first.occurred_at + timedelta(days=2)})
    news = [a_plan(), first, undone(first, 1), again]
    for arrival in (news, news[::-1]):
        assert book("keep").give(*arrival).tier("c-1") == "gratis"


def test_c78_a_claimed_plan_is_there_again_when_its_refund_failed() -> None:
    held = once(
        amount=200_000, reference_id="inv-1", payment_type="paper_completion", products=(), payer_email=None
    )
    back = of_plan("r-1", 200_000)
    done = book("keep").give(held).claim("c-1", "pro-bulanan").give(back)
    assert done.tier("c-1") == "gratis"
    done.give(undone(back, 1))
    assert (done.tier("c-1"), done.balance("sales:pro-bulanan")) == ("pro", 200_000)


@pytest.mark.parametrize(("policy", "days"), [("keep", 2), ("shorten", 2), ("end", 1)])
def test_a_plan_whose_money_went_back_bit_by_bit_ended_with_the_last_of_it_or_as_the_catalogue_says_the_first(
    policy: str, days: int
) -> None:
    done = book(policy).give(a_plan()).wait(days=3)
    done.give(of_plan("r-1", 150_000, days=1), of_plan("r-2", 50_000, days=2))
    row = done.subscription("c-1")
    assert (row.status, row.access_until) == ("cancelled", at(days=days))


def test_a_charge_is_known_to_its_plan_by_its_own_id_whatever_the_payment_is_called() -> None:
    money = charge(1, at(), payment_key="pr-9", group_id="pr-9", payer_email=RATNA[1])
    done = Book(catalog=shop("keep")).customer(*RATNA).give(money, cycle(1, at(), "activated"))
    assert done.tier("c-1") == "pro"
    done.give(refund("r-1", 200_000, "py-cycle-1", payment_key="pr-9", group_id="pr-9"))
    assert (list(done.record("c-1").charges.items()), done.tier("c-1")) == (
        [("py-cycle-1", "refunded")],
        "gratis",
    )


@pytest.mark.parametrize("back", [True, False])
def test_a_course_of_the_same_order_is_needed_twice_only_when_the_money_of_the_first_went_back(
    back: bool,
) -> None:
    """An operator says that a line which nobody knows was this course, too."""
    lines = [("variant_kelas_python", 1, PRICE), ("variant_mystery", 1, 50_000)]
    done = book("keep").give(order(lines, PRICE + 50_000), paid())
    done.give(*([of_order("r-1", PRICE)] if back else []))
    done.claim("c-1", "kelas-python", "unmapped_product")
    assert done.reasons() == ([] if back else ["duplicate_purchase"])
    assert (len(done.of(d.CourseEnrolled)), done.courses("c-1")) == (1 + back, {"kelas-python"})
