"""Which payment a membership was for, at the edges of the day by which announcement and payment may lie apart (docs/adr/0035)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from processor.cases.customer import Membership
from processor.cases.paid_time import Announced
from processor.cases.reports import PayerReports, Stated
from processor.cases.subscription_state import Paid
from processor.grants.memberships import SLACK, announced_beside, links_of, paid_for, unpaid_since
from schemas.decision_model import Bought, PlanTerms
from schemas.periods import Period

PAID = datetime(2026, 3, 10, 5, tzinfo=UTC)
MONTH = Period.parse("1 month")
END = MONTH.after(PAID)
SECOND = timedelta(seconds=1)
BOUGHT = Bought(PAID, PlanTerms("1 month"))
PURCHASES = {"klub": {"mayar:trx-1 main": BOUGHT}}


def known(began: datetime, *, named: bool = True) -> Membership:
    return Membership("mayar", began, named, ["klub"] if named else [])


def linked(**memberships: Membership) -> list[str]:
    return list(links_of(PURCHASES, memberships).values())


@pytest.mark.parametrize("named", [True, False])
def test_a_membership_that_begins_up_to_a_day_after_the_paid_time_is_what_was_paid_for(named: bool) -> None:
    assert linked(one=known(END - SLACK, named=named)) == ["one"]
    assert linked(one=known(END, named=named)) == ["one"]
    assert linked(one=known(END + SLACK, named=named)) == ["one"]
    assert linked(one=known(END + SLACK + SECOND, named=named)) == []


def test_what_nobody_named_is_guessed_when_it_began_up_to_a_day_before_the_payment() -> None:
    assert linked(one=known(PAID - SLACK, named=False)) == ["one"]
    assert linked(one=known(PAID - SLACK - SECOND, named=False)) == []


def test_of_several_the_newest_that_had_begun_within_a_day_of_the_payment_else_the_first_after_it() -> None:
    before = known(PAID - timedelta(days=9))
    assert linked(one=before, two=known(PAID + SLACK)) == ["two"]
    assert linked(one=before, two=known(PAID + SLACK + SECOND)) == ["one"]
    assert linked(one=known(PAID + 2 * SLACK), two=known(PAID + 3 * SLACK)) == ["one"]


def beside(*stated: Stated) -> list[Announced]:
    return announced_beside([BOUGHT], stated)


def own(at: datetime) -> bool:
    """Whether the payment is for what was announced then: the announced period begins with it, instead of being one more."""
    ends = max(at, END) + timedelta(days=40)
    (found,) = beside(Stated(ends, at))
    refunded = Bought(PAID, BOUGHT.terms, refunded_at=PAID)
    gone = announced_beside([refunded], [Stated(ends, at)]) == []
    assert found == Announced(max(at, PAID) if gone else at, ends)
    return gone


def test_a_payment_is_for_what_was_announced_up_to_a_day_before_it_or_until_a_day_after_its_time() -> None:
    assert own(PAID - SLACK)
    assert own(PAID)
    assert own(PAID + SECOND)
    assert own(END - SLACK)
    assert own(END + SLACK)
    assert not own(PAID - SLACK - SECOND)
    assert not own(END + SLACK + SECOND)


def test_of_two_announcements_before_it_a_payment_is_for_the_newer_also_in_the_same_moment() -> None:
    earlier = Stated(PAID + timedelta(days=20), PAID - SECOND)
    now = Stated(PAID + timedelta(days=40), PAID)
    gone = announced_beside([Bought(PAID, BOUGHT.terms, refunded_at=PAID)], [earlier, now])
    assert gone == [Announced(PAID - SECOND, earlier.ends)]


def test_what_was_announced_as_over_is_no_time() -> None:
    assert beside(Stated(PAID, PAID)) == []
    assert beside(Stated(PAID + SECOND, PAID)) == [Announced(PAID, PAID + SECOND)]


def unpaid(bought: bool, *stated: Stated) -> datetime | None:
    reports = PayerReports(1, PAID, active_at=PAID, stated=list(stated))
    purchases = PURCHASES if bought else {}
    return unpaid_since("one", purchases, {"one": known(PAID)}, reports)


def test_what_is_usable_without_an_end_is_unpaid_when_no_payment_and_no_other_plan_was_told() -> None:
    assert unpaid(False) == PAID
    assert unpaid(True) is None
    changed = Stated(END, changed_at=PAID)
    assert unpaid(False, changed) is None
    assert unpaid(True, changed) is None


def called(*plans: str, purchases: dict[str, dict[str, Bought]] = PURCHASES) -> Paid:
    """What payments bought of a membership that was announced 20 days before, by these names."""
    began = PAID - timedelta(days=20)
    known = {"one": Membership("mayar", began, True, list(plans))}
    bought = paid_for("one", purchases, known, [Stated(MONTH.after(began), began)])
    assert bought is not None
    return bought


def test_periods_of_one_plan_append_to_what_was_announced_and_those_of_several_run_beside_it() -> None:
    """Another plan is another price."""
    assert called("klub").ends == MONTH.after(PAID - timedelta(days=20), 2)
    assert called("klub", "other").ends == END


def test_of_two_plans_that_end_in_the_same_moment_one_is_shown_always_the_same() -> None:
    a, b = ({name: {"mayar:trx-1 main": BOUGHT}} for name in ("a", "b"))
    assert called("a", "b", purchases=a | b).product == called("a", "b", purchases=b | a).product == "b"
