"""So many at once, then one in a while; of everybody apart, and of a bounded number of them."""

from __future__ import annotations

import pytest

from runtime.allowances import Allowances, site_of


def taken(allowances: Allowances, who: str) -> float:
    wait = allowances.waits(who)
    if not wait:
        allowances.count(who)
    return wait


def test_so_many_go_through_at_once_and_then_one_in_a_while() -> None:
    now = [100.0]
    allowances = Allowances(4, 0.25, 10, lambda: now[0])
    assert [taken(allowances, "a") for _ in range(4)] == [0.0] * 4
    assert taken(allowances, "a") == pytest.approx(0.25)
    assert taken(allowances, "b") == 0.0
    now[0] += 0.25
    assert (taken(allowances, "a"), taken(allowances, "a") > 0) == (0.0, True)
    now[0] += 60
    assert [taken(allowances, "a") for _ in range(4)] == [0.0] * 4
    assert taken(allowances, "a") > 0


@pytest.mark.parametrize("rate", [1, 3, 7, 49, 1000])
def test_a_rate_that_no_binary_fraction_holds_lets_exactly_so_many_through(rate: int) -> None:
    allowances = Allowances(rate, 1 / rate, 1, lambda: 12_345.678)
    assert [taken(allowances, "k") for _ in range(rate)] == [0.0] * rate
    assert taken(allowances, "k") > 0


def test_whoever_comes_under_ever_new_names_fills_no_memory_and_the_newest_are_remembered() -> None:
    allowances = Allowances(1, 10.0, 2, lambda: 0.0)
    for who in ("a", "b", "c"):
        allowances.count(who)
    assert (allowances.waits("a"), allowances.waits("b") > 0, allowances.waits("c") > 0) == (0.0, True, True)


@pytest.mark.parametrize(
    ("remote", "site"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        (None, ""),
        ("a name", ""),
    ],
)
def test_an_address_stands_for_its_site(remote: str | None, site: str) -> None:
    assert site_of(remote) == site
