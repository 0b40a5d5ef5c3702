"""The key of a door: compared in constant time; wrong ones are slowed by address, logged and counted, and never kept.

An address may offer a few wrong keys, then one at a time. What it offers beyond that is not looked at, so guessing is as slow from there as
the setting says. The exception is an address that has offered the right key since the process began: a stranger behind the same proxy must
not lock our applications out, so its keys are always looked at, and only wrong ones are turned away.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter

from runtime.allowances import Allowances, remember, site_of
from runtime.logs import get_logger
from schemas.errors import LunasError

if TYPE_CHECKING:
    from runtime.settings import Settings

LOG_SECONDS = 10.0
"""One line tells of all wrong keys of this time: a flood of guesses must not become a flood of lines."""

log = get_logger(__name__)


class TooManyKeys(LunasError):
    """An address has offered too many wrong keys. `seconds` until the next one is looked at."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many wrong keys")
        self.retry_after = str(max(1, math.ceil(seconds)))


class Keyhole:
    """One door's key and who tried others. `door` names it in logs and metrics."""

    def __init__(
        self,
        key: str,
        settings: Settings,
        registry: CollectorRegistry,
        *,
        door: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._expected = hashlib.sha256(key.encode()).digest()
        self._addresses = settings.failed_key_addresses
        self._wrong = Allowances(
            settings.failed_keys_max, settings.failed_key_seconds, self._addresses, clock
        )
        self._door = door
        self._known: OrderedDict[str, None] = OrderedDict()
        self._refused = Counter(
            "lunas_refused_keys",
            "Wrong keys offered at a door; `too_many` were turned away without another look.",
            ("door", "reason"),
            registry=registry,
        )
        self._untold = 0
        self._telling: asyncio.TimerHandle | None = None

    def opens(self, remote: str | None, offered: str) -> bool:
        """Whether this is the key. Raises TooManyKeys when the address has offered too many others."""
        site = site_of(remote)
        waits = self._wrong.waits(site)
        if waits and site not in self._known:
            self._refuse("too_many")
            raise TooManyKeys(waits)
        # aiohttp keeps bytes that are no UTF-8 as lone surrogates: they are part of a wrong key, not an error of ours.
        digest = hashlib.sha256(offered.encode("utf-8", "surrogateescape")).digest()
        if hmac.compare_digest(digest, self._expected):
            remember(self._known, site, None, self._addresses)
            return True
        if waits:
            self._refuse("too_many")
            raise TooManyKeys(waits)
        self._wrong.count(site)
        self._refuse("wrong")
        return False

    def close(self) -> None:
        """Tells what was not told yet."""
        if self._telling is not None:
            self._telling.cancel()
        self._tell()

    def _refuse(self, reason: str) -> None:
        self._refused.labels(self._door, reason).inc()
        self._untold += 1
        if self._telling is None:
            self._tell()

    def _tell(self) -> None:
        self._telling = None
        if self._untold:
            log.warning("keys were refused", action="key.refused", door=self._door, refused=self._untold)
            self._untold = 0
            self._telling = asyncio.get_running_loop().call_later(LOG_SECONDS, self._tell)
