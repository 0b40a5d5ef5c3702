"""How long after the end of a fault everything is as before: webhooks posted now are in balances, read by the API, as fast as usual."""

from __future__ import annotations

import asyncio
import json
import time

import aiohttp

from tests.witness.webhooks import XENDIT_TOKEN

PROBED = "probe"
"""A customer whom the plan does not touch."""
IN_A_ROW = 3
USUAL_TIMES = 2.0
USUAL_LEAST_SECONDS = 0.15
LONGEST_SECONDS = 120.0
POLL_SECONDS = 0.02


class NeverAgain(Exception):
    """Nothing came through for LONGEST_SECONDS: somebody would have to come."""


class Probe:
    """Posts small top-ups and waits until their balance can be read."""

    def __init__(self, door: str, api: str) -> None:
        self._door, self._api = door, api
        self._number = 0
        self._tokens = 0
        self.usual = USUAL_LEAST_SECONDS
        self.accepted: list[bytes] = []

    async def learn(self, session: aiohttp.ClientSession, times: int = 15) -> None:
        """What is usual without a fault: the slowest of some probes."""
        self.usual = max([USUAL_LEAST_SECONDS] + [await self._once(session) for _ in range(times)])

    async def recovered(self, session: aiohttp.ClientSession) -> float:
        """Seconds until the first of several probes in a row that were as fast as usual. Raises NeverAgain."""
        begin = time.monotonic()
        first, good = begin, 0
        while good < IN_A_ROW:
            started = time.monotonic()
            if started - begin > LONGEST_SECONDS:
                raise NeverAgain(f"no webhook came through for {LONGEST_SECONDS:g} s")
            took = await self._once(session, begin + LONGEST_SECONDS + 1)
            if took > USUAL_TIMES * self.usual:
                good = 0
            else:
                first = first if good else started
                good += 1
        return first - begin

    async def _once(self, session: aiohttp.ClientSession, until: float = float("inf")) -> float:
        started = time.monotonic()
        self._number += 1
        self._tokens += 10_000
        body = self._body(self._number)
        while time.monotonic() < until:
            try:
                async with session.post(
                    f"{self._door}/webhooks/xendit",
                    data=body,
                    headers={"x-callback-token": XENDIT_TOKEN},
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
        return time.monotonic() - started

    async def _balance(self, session: aiohttp.ClientSession) -> int:
        try:
            async with session.get(
                f"{self._api}/v1/customers/{PROBED}/balance",
                headers={"Authorization": "Bearer dev-api-key"},
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
