"""Budgets refill with time, never beyond the burst, and strangers do not use up a provider's."""

from __future__ import annotations

from collections.abc import Callable

from ingress.limits import Limits, TokenBucket
from runtime.settings import Settings


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def taken(bucket: TokenBucket, tries: int) -> int:
    return sum(bucket.take() for _ in range(tries))


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    clock = Clock()
    bucket = TokenBucket(rate=10, burst=5, clock=clock)
    assert taken(bucket, 20) == 5
    clock.now += 0.35
    assert taken(bucket, 20) == 3


def test_a_quiet_hour_saves_up_no_more_than_the_burst() -> None:
    clock = Clock()
    bucket = TokenBucket(rate=10, burst=5, clock=clock)
    clock.now += 3600
    assert taken(bucket, 20) == 5


def test_failed_verifications_do_not_use_up_the_budget_of_good_ones(
    settings: Callable[..., Settings],
) -> None:
    limits = Limits(
        settings(ingress_failed_rate_burst=3, ingress_rate_burst=7), ("xendit", "mayar"), clock=Clock()
    )
    assert sum(limits.failed("xendit") for _ in range(50)) == 3
    assert sum(limits.verified("xendit") for _ in range(50)) == 7


def test_providers_have_budgets_of_their_own(settings: Callable[..., Settings]) -> None:
    limits = Limits(settings(ingress_rate_burst=2), ("xendit", "mayar"), clock=Clock())
    assert sum(limits.verified("xendit") for _ in range(9)) == 2
    assert sum(limits.verified("mayar") for _ in range(9)) == 2
