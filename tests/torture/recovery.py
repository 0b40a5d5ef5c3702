"""How long after the end of a fault everything is as before: webhooks posted now are in balances, read by the API, as fast as usual."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import aiohttp

from tests.witness.load import DEVELOPMENT_KEY
from tests.witness.webhooks import XENDIT_TOKEN

PROBED = "probe"
"""A customer whom the plan does not touch."""
IN_A_ROW = 3
USUAL_TIMES = 2.0
USUAL_LEAST_SECONDS = 0.15
LONGEST_SECONDS = 120.0
SLOW_SECONDS = 600.0
"""Where a machine may be so slow that webhooks which were sent before keep the ones that are asked about waiting."""
POLL_SECONDS = 0.02
NOT_THROUGH = float("inf")


class NeverAgain(Exception):
    """Nothing came through for LONGEST_SECONDS, and nothing moved that would be before it: somebody would have to come."""


async def nothing_moves() -> object:
    """Where nobody knows what else is worked on."""
    return None


class Probe:
    """Posts small top-ups and waits until their balance can be read."""

    def __init__(
        self,
        door: str,
        api: str,
        *,
        token: str = XENDIT_TOKEN,
        api_key: str = DEVELOPMENT_KEY,
        longest: float = LONGEST_SECONDS,
        least: float = USUAL_LEAST_SECONDS,
        moved: Callable[[], Awaitable[object]] = nothing_moves,
    ) -> None:
        """`least`: seconds that count as usual, however fast it is without a fault. `moved`: how far everything is; who is asked about waits behind what was
        sent before, as long as that gets anywhere."""
        self._moved = moved
        self._longest, self._least = longest, least
        self._door, self._api, self._token, self._api_key = door, api, token, api_key
        self._number = 0
        self._tokens = 0
        self.usual = least
        self.accepted: list[bytes] = []

    async def learn(self, session: aiohttp.ClientSession, times: int = 15) -> None:
        """What is usual without a fault: the slowest of some probes."""
        self.usual = max([self._least] + [await self._once(session) for _ in range(times)])

    async def recovered(self, session: aiohttp.ClientSession) -> float:
        """Seconds until the first of several probes in a row that were as fast as usual. Raises NeverAgain when the last ones did not come through at all:
        where they do, and a machine has more to do than when it was asked what is usual, that is usual from then on."""
        begin = time.monotonic()
        first, good = begin, 0
        last: list[float] = []
        deadline = begin + self._longest
        place: object = None  # asked for only where nothing came through for so long: asking takes time
        while good < IN_A_ROW:
            started = time.monotonic()
            if started > deadline:
                if NOT_THROUGH not in last and len(last) == IN_A_ROW:
                    self.usual = max(last)
                    return started - begin
                before, place = place, await self._moved()
                if place == before:
                    raise NeverAgain(
                        f"no webhook came through for {started - begin:.0f} s, and nothing moved"
                    )
                deadline = started + self._longest
            took = await self._once(session, deadline + 1)
            last = [*last, took][-IN_A_ROW:]
            if took > USUAL_TIMES * self.usual:
                good = 0
            else:
                first = first if good else started
                good += 1
        return first - begin

    async def _once(self, session: aiohttp.ClientSession, until: float = float("inf")) -> float:
        """Seconds until it could be read; NOT_THROUGH where that was not before `until`."""
        started = time.monotonic()
        self._number += 1
        self._tokens += 10_000
        body = self._body(self._number)
        while time.monotonic() < until:
            try:
                async with session.post(
                    f"{self._door}/webhooks/xendit",
                    data=body,
                    headers={"x-callback-token": self._token},
                    timeout=aiohttp.ClientTimeout(5),
                ) as answer:
                    if answer.status == 200:
                        self.accepted.append(body)
                        break
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(POLL_SECONDS)
        while time.monotonic() < until and await self._balance(session) < self._tokens:
            await asyncio.sleep(POLL_SECONDS)
        return time.monotonic() - started if time.monotonic() < until else NOT_THROUGH

    async def _balance(self, session: aiohttp.ClientSession) -> int:
        try:
            async with session.get(
                f"{self._api}/v1/customers/{PROBED}/balance",
                headers={"Authorization": f"Bearer {self._api_key}"},
                timeout=aiohttp.ClientTimeout(5),
            ) as answer:
                return int((await answer.json())["credit_tokens"]) if answer.status == 200 else -1
        except (aiohttp.ClientError, TimeoutError, OSError):
            return -1

    @staticmethod
    def _body(number: int) -> bytes:
        at = "2026-07-01T03:00:00.000Z"
        data = {
            "payment_id": f"py-probe-{number}",
            "payment_request_id": f"pr-probe-{number}",
            "reference_id": f"probe-{number}",
            "type": "PAY",
            "status": "SUCCEEDED",
            "country": "ID",
            "currency": "IDR",
            "request_amount": 1_000,
            "channel_code": "QRIS",
            "captures": [
                {"capture_id": f"cptr-probe-{number}", "capture_amount": 1_000, "capture_timestamp": at}
            ],
            "metadata": {"payment_type": "credit_topup", "customer_id": PROBED},
            "created": at,
            "updated": at,
        }
        return json.dumps(
            {
                "event": "payment.capture",
                "business_id": "test",
                "created": at,
                "api_version": "v3",
                "data": data,
            }
        ).encode()
