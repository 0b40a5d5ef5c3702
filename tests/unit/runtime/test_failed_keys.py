"""Wrong keys are slowed, logged and counted; the right one is never locked out for longer than one of them takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from runtime import failed_keys
from runtime.failed_keys import Keyhole, TooManyKeys
from runtime.settings import Settings

KEY = "the-right-key-of-this-door"
STRANGER, APPLICATION = "203.0.113.9", "10.0.0.7"

Clock = list[float]


@pytest.fixture
def clock() -> Clock:
    return [1000.0]


@pytest.fixture
async def keyhole(settings: Callable[..., Settings], clock: Clock) -> Any:
    registry = CollectorRegistry()
    given = settings(failed_keys_max=3, failed_key_seconds=2.0, failed_key_addresses=5)
    made = Keyhole(KEY, given, registry, door="api", clock=lambda: clock[0])
    yield made, registry
    made.close()


def guesses(keyhole: Keyhole, number: int, remote: str = STRANGER) -> Iterator[object]:
    """For each guess: False for a wrong key, seconds for one that was not looked at."""
    for n in range(number):
        try:
            yield keyhole.opens(remote, f"guess-{n}")
        except TooManyKeys as error:
            yield int(error.retry_after)


async def test_an_address_may_offer_a_few_wrong_keys_and_then_one_at_a_time(
    keyhole: Any, clock: Clock
) -> None:
    hole, _ = keyhole
    assert list(guesses(hole, 5)) == [False, False, False, 2, 2]
    clock[0] += 2.0
    assert list(guesses(hole, 3)) == [False, 2, 2]
    clock[0] += 3600
    assert list(guesses(hole, 4)) == [False, False, False, 2]


async def test_the_right_key_is_taken_after_the_told_time_from_an_address_that_guesses(
    keyhole: Any, clock: Clock
) -> None:
    hole, _ = keyhole
    list(guesses(hole, 50))
    with pytest.raises(TooManyKeys) as told:
        hole.opens(STRANGER, KEY)
    clock[0] += int(told.value.retry_after)
    assert hole.opens(STRANGER, KEY) is True


async def test_where_the_right_key_was_offered_before_nobody_locks_it_out(keyhole: Any) -> None:
    hole, _ = keyhole
    assert hole.opens(APPLICATION, KEY) is True
    assert list(guesses(hole, 5, APPLICATION)) == [False, False, False, 2, 2]
    assert hole.opens(APPLICATION, KEY) is True
    assert list(guesses(hole, 1, APPLICATION)) == [2]
    # Nor do strangers from ever new addresses make it forgotten.
    for n in range(200):
        list(guesses(hole, 4, f"198.51.100.{n}"))
    assert list(guesses(hole, 1, APPLICATION)) in ([2], [False])
    assert hole.opens(APPLICATION, KEY) is True


async def test_one_address_does_not_slow_another(keyhole: Any) -> None:
    hole, _ = keyhole
    list(guesses(hole, 50))
    assert hole.opens(APPLICATION, KEY) is True


@pytest.mark.parametrize(("one", "other", "same"), [
    ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True), ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ("::ffff:203.0.113.9", STRANGER, True), ("fe80::1%eth0", "fe80::2", True), ("203.0.113.8", STRANGER, False),
])  # fmt: skip
async def test_the_addresses_of_one_ipv6_site_are_one(keyhole: Any, one: str, other: str, same: bool) -> None:
    hole, _ = keyhole
    list(guesses(hole, 3, one))
    assert list(guesses(hole, 1, other)) == [2 if same else False]


async def test_of_ever_new_addresses_the_newest_are_remembered(keyhole: Any) -> None:
    hole, _ = keyhole
    for n in range(6):
        list(guesses(hole, 3, f"198.51.100.{n}"))
    assert list(guesses(hole, 1, "198.51.100.1")) == [2]
    assert list(guesses(hole, 1, "198.51.100.0")) == [False]


async def test_wrong_keys_are_counted_and_told_in_few_lines_without_any_of_them(keyhole: Any) -> None:
    hole, registry = keyhole
    with capture_logs() as lines:
        list(guesses(hole, 40))
        hole.close()
    assert [(line["action"], line["door"], line["refused"]) for line in lines] == [
        ("key.refused", "api", 1),
        ("key.refused", "api", 39),
    ]
    assert "guess" not in repr(lines)
    counted = [
        registry.get_sample_value("lunas_refused_keys_total", {"door": "api", "reason": reason})
        for reason in ("wrong", "too_many")
    ]
    assert counted == [3, 37]


@pytest.mark.parametrize("offered", ["", KEY[:-1], KEY + "x", "\udcff", "ü" * 40])
async def test_what_is_not_the_key_does_not_open(keyhole: Any, offered: str) -> None:
    hole, _ = keyhole
    assert hole.opens(APPLICATION, offered) is False


def test_keys_are_compared_as_digests_in_constant_time() -> None:
    source = inspect.getsource(failed_keys.Keyhole.opens)
    assert "hmac.compare_digest(digest, self._expected)" in source
    assert "==" not in source
