"""Behind each path of the door: whose webhooks arrive there, what they are checked with, and what is counted for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from multidict import MultiMapping, istr
from prometheus_client import Counter

from ingress.metrics import Metrics
from ingress.routing import Routing
from providers.known_secrets import KnownSecrets
from providers.provider import Provider
from providers.verification import Rejected, Verified
from runtime.ids import utc_now, uuid7_text
from runtime.settings import Settings
from schemas.envelope import KEPT_HEADERS, Envelope

ENVELOPE_HEADERS = tuple(istr(name) for name in KEPT_HEADERS)
ENVELOPE_HEADER_LIMIT = 512  # characters; enough for any honest value


class Entrance:
    """One path of one provider."""

    __slots__ = (
        "_answered",
        "_by_head",
        "_dated",
        "_metrics",
        "_now",
        "_provider",
        "_routing",
        "_secrets",
        "_verify",
        "name",
        "path",
    )

    def __init__(
        self,
        path: str,
        provider: Provider,
        settings: Settings,
        metrics: Metrics,
        now: Callable[[], datetime] = utc_now,
        routing: Routing | None = None,
    ) -> None:
        self.path = path
        self.name = provider.name
        self._provider = provider
        self._routing = routing or Routing(settings.broker_partitions)
        self._verify = provider.verify
        self._by_head = provider.by_head
        known = KnownSecrets.of(settings, provider.name)
        # Without times nobody looks at the clock: the usual configuration costs what it did.
        self._secrets, self._dated, self._now = known.values, known if known.times else None, now
        self._metrics = metrics
        # Finding a counter by its labels costs more than counting.
        self._answered: dict[int, Counter] = {}

    def verify(self, headers: MultiMapping[str], body: bytes) -> Verified | Rejected:
        """Whether the provider sent this."""
        return self._verify(
            headers, body, self._secrets if self._dated is None else self._dated.at(self._now())
        )

    def by_head(self, headers: MultiMapping[str]) -> Verified | Rejected | None:
        """The same as far as the head alone decides it."""
        return self._by_head(headers, self._secrets if self._dated is None else self._dated.at(self._now()))

    def envelope(self, verdict: Verified, headers: MultiMapping[str], body: bytes) -> Envelope:
        """The delivery as it travels on."""
        return Envelope(
            delivery_id=uuid7_text(),
            provider=self.name,
            received_at=time.time_ns() // 1000,
            scheme=verdict.scheme,
            secret_id=verdict.secret_id,
            path=self.path,
            body=body,
            headers=kept_headers(headers),
        )

    def partition(self, body: bytes) -> int:
        """Number of the work queue that a delivery goes to."""
        return self._routing.number(self._provider, body)

    def count(self, status: int) -> None:
        """One more request answered."""
        counter = self._answered.get(status)
        if counter is None:
            counter = self._answered[status] = self._metrics.requests.labels(self.name, str(status))
        counter.inc()


def kept_headers(headers: MultiMapping[str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name in ENVELOPE_HEADERS:
        value = headers.get(name)
        if value is not None:
            kept[name] = value[:ENVELOPE_HEADER_LIMIT]
    return kept
