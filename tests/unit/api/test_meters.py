"""Units of a meter become whole tokens by the rate in force, and no part of a token is lost or made, however use is cut into pieces."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.credit.account import Account, TierHeld
from api.credit.acts import CreditMoment, Use
from api.credit.lots import Lot
from api.credit.meters import metered
from api.credit.orders import repeats
from schemas.catalog import Catalog, parse_catalog
from schemas.credit_events import MeteredUse, UsageRecorded
from schemas.errors import CatalogError
from schemas.problems import Problem
from schemas.published_catalog import published_catalog

CHANGE = datetime(2027, 1, 1, tzinfo=UTC)
BEFORE, AFTER = CHANGE - timedelta(seconds=1), CHANGE


def catalog(rates: str) -> Catalog:
    tiers = '[[tiers]]\nid = "gratis"\nmonthly_tokens = 1000000\n[[tiers]]\nid = "bpp"\ncredit_based = true\n'
    return parse_catalog(f"[credit]\nspend_rates = [{rates}]\n{tiers}")


CHEAP = '{ meter = "chat", tokens = 30, units = 1000 }'
DEAR = '{ meter = "chat", since = 2027-01-01T00:00:00Z, tokens = 7, units = 90 }'
TWO = catalog(f'{CHEAP}, {DEAR}, {{ meter = "draw", tokens = 50 }}')


def used(parts: list[tuple[int, datetime]], meter: str = "chat") -> list[tuple[int, MeteredUse]]:
    """What each use came to, in turn."""
    carried: tuple[int, int] | None = None
    told: list[tuple[int, MeteredUse]] = []
    for units, at in parts:
        told.append(metered(TWO, meter, units, carried, at))
        carried = told[-1][1].carried
    return told


def test_c69_three_rupiah_for_a_thousand_is_that_to_the_token() -> None:
    [(tokens, use)] = used([(1_000_000, BEFORE)])
    assert (tokens, use.carried) == (30_000, (0, 1))
    assert (use.meter, use.units, use.tokens, use.per, use.since) == ("chat", 1_000_000, 30, 1000, None)
    assert use.catalog_version == TWO.version


@given(st.lists(st.integers(1, 5_000), min_size=1, max_size=60))
def test_c69_cut_into_pieces_it_comes_to_the_same(parts: list[int]) -> None:
    told = used([(units, BEFORE) for units in parts])
    [(whole, use)] = used([(sum(parts), BEFORE)])
    assert (sum(tokens for tokens, _ in told), told[-1][1].carried) == (whole, use.carried)


@given(st.lists(st.tuples(st.integers(1, 5_000), st.booleans()), min_size=1, max_size=60))
def test_c69_over_a_change_of_the_rate_nothing_is_lost_or_made(parts: list[tuple[int, bool]]) -> None:
    told = used([(units, AFTER if late else BEFORE) for units, late in parts])
    due = sum(
        (Fraction(units * 7, 90) if late else Fraction(units * 30, 1000) for units, late in parts),
        Fraction(0),
    )
    counted = sum(tokens for tokens, _ in told)
    assert Fraction(*told[-1][1].carried) == due - counted
    assert 0 <= due - counted < 1


def test_c69_each_use_says_by_which_rate_it_was_counted() -> None:
    told = [use for _, use in used([(100, BEFORE), (100, AFTER)])]
    assert [(use.tokens, use.per, use.since) for use in told] == [(30, 1000, None), (7, 90, CHANGE)]


def test_c69_the_log_holds_the_rates_as_they_were_published() -> None:
    again = published_catalog(json.loads(json.dumps(TWO.model_dump(mode="json"))))
    assert (again, again.version) == (TWO, TWO.version)
    assert TWO.version != catalog(CHEAP).version


def test_c69_meters_are_apart_and_one_without_a_rate_is_refused() -> None:
    assert used([(3, BEFORE)], "draw")[0][0] == 150
    with pytest.raises(Problem) as refused:
        metered(TWO, "sing", 1, None, BEFORE)
    assert (refused.value.kind.code, refused.value.field) == ("invalid_body", "meter")
    later = catalog(DEAR)
    with pytest.raises(Problem):
        metered(later, "chat", 1, None, BEFORE)


@pytest.mark.parametrize("wrong", [f"{DEAR}, {CHEAP}", f"{CHEAP}, {CHEAP}", f"{DEAR}, {DEAR}", '{ meter = "chat", tokens = 0 }', '{ meter = "chat", tokens = 1.5 }'])  # fmt: skip
def test_c69_rates_of_a_meter_follow_each_other_and_are_whole(wrong: str) -> None:
    with pytest.raises(CatalogError):
        catalog(wrong)


def spending(account: Account, units: int, at: datetime = BEFORE, reference: str = "answer") -> UsageRecorded:
    event = Use("u-1", 0, 0, reference, "chat", units).decide(account, CreditMoment(at, TWO))
    assert isinstance(event, UsageRecorded)
    account.apply(event)
    return event


def test_c69_what_is_left_is_carried_by_the_account_and_the_log_alone_tells_it() -> None:
    events = [spending(mine, 50) for mine in [Account("budi")] for _ in range(41)]
    assert sum(event.tokens for event in events) == 61  # 41 * 50 * 30 / 1000 = 61.5
    account = Account("budi")
    for event in events:
        account.apply(event)
    assert account.carried == {"chat": (1, 2)}
    assert account.used.month_tokens == 61


def test_c69_on_credit_the_tokens_come_out_of_the_lots() -> None:
    account = Account("budi", lots=[Lot(1, "case main", 1000, 100)], tier=TierHeld("bpp", None, "gratis"))
    event = spending(account, 1000)
    assert (event.paid_by, event.tokens, event.idr, account.credit) == ("credit", 30, 3, 970)


def test_c69_the_same_report_is_the_same_whatever_the_rate_is_by_now() -> None:
    event = spending(Account("budi"), 1000)
    asked = Use("u-2", 0, 0, "answer", "chat", 1000)
    assert repeats(asked, event)
    others = [Use("u-2", 0, 0, "answer", "chat", 999), Use("u-2", 30, 0, "answer"), Use("u-2", 0, 1, "answer", "chat", 1000)]  # fmt: skip
    assert [repeats(other, event) for other in others] == [False] * 3
