"""How much one provider may send. Verified and failed requests have separate budgets, so that strangers cannot use up
the budget of the provider they pretend to be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from runtime.settings import Settings


class TokenBucket:
    """`rate` tokens per second, at most `burst` saved up. The clock only has to be monotonic, in seconds."""

    __slots__ = ("_burst", "_clock", "_rate", "_then", "_tokens")

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._then = clock()

    def take(self, tokens: float = 1.0) -> bool:
        """Takes so many tokens; False, and none taken, when there are fewer."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._then) * self._rate)
        self._then = now
        if self._tokens < tokens:
            return False
        self._tokens -= tokens
        return True


class Limits:
    """Two budgets per provider."""

    def __init__(
        self, settings: Settings, providers: Iterable[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        names = tuple(providers)
        self._verified = {
            name: TokenBucket(settings.ingress_rate_limit_per_second, settings.ingress_rate_burst, clock)
            for name in names
        }
        self._failed = {
            name: TokenBucket(
                settings.ingress_failed_rate_limit_per_second, settings.ingress_failed_rate_burst, clock
            )
            for name in names
        }

    def verified(self, provider: str) -> bool:
        """Whether one more verified request is within the limit."""
        return self._verified[provider].take()

    def failed(self, provider: str) -> bool:
        """Whether one more failed verification is within the limit."""
        return self._failed[provider].take()
