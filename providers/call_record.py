"""What became of calls to providers: counted for metrics, and collected by who must write down what was asked for a payment.

Of a call it holds names, numbers and codes of ours: nothing that was sent or received.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
BREAKER_STATES = {"closed": 0, "half_open": 1, "open": 2}

_collected: ContextVar[list[CallMade] | None] = ContextVar("calls made", default=None)


@dataclass(frozen=True, slots=True)
class CallMade:
    """One try of one call. `outcome`: answered, refused, unknown or not_sent; `code`: the provider's where it has one, else ours."""

    provider: str
    operation: str
    began_at: datetime
    outcome: str
    status: int | None
    code: str | None
    milliseconds: int


@contextmanager
def calls_collected() -> Iterator[list[CallMade]]:
    """What this task and its children call while the block runs, in the order in which the calls ended."""
    made: list[CallMade] = []
    token = _collected.set(made)
    try:
        yield made
    finally:
        _collected.reset(token)


def collect(call: CallMade) -> None:
    """For whoever collects, if anybody does."""
    made = _collected.get()
    if made is not None:
        made.append(call)


class CallMetrics:
    """Calls by provider, operation and outcome, how long they took, and breakers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "lunas_provider_calls",
            "Calls to providers, each try counted.",
            ("provider", "operation", "outcome"),
            registry=registry,
        )
        self._seconds = Histogram(
            "lunas_provider_call_seconds",
            "How long a try took that was sent.",
            ("provider", "operation"),
            buckets=SECONDS,
            registry=registry,
        )
        self._refused = Counter(
            "lunas_provider_keys_refused",
            "Calls that a provider did not take our key for. Nothing works there until it is put right.",
            ("provider",),
            registry=registry,
        )
        self._breaker = Gauge(
            "lunas_provider_breaker",
            "0: calls pass; 1: one call tries whether the provider is back; 2: the provider is left alone.",
            ("provider",),
            registry=registry,
        )

    def made(self, call: CallMade) -> None:
        self._calls.labels(call.provider, call.operation, call.outcome).inc()
        if call.outcome != "not_sent":
            self._seconds.labels(call.provider, call.operation).observe(call.milliseconds / 1000)

    def key_refused(self, provider: str) -> None:
        """It says that our key is wrong, or that it has expired."""
        self._refused.labels(provider).inc()

    def watch(self, provider: str, state: Callable[[], str]) -> None:
        """`state`: asked whenever somebody looks, because a pause ends without any call."""
        self._breaker.labels(provider).set_function(lambda: BREAKER_STATES[state()])
