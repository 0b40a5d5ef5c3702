"""Sends the plan as providers do: at a rate, again after every answer but 2xx, sometimes twice, sometimes much later; and spends meanwhile."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

from tests.witness.record import Record
from tests.witness.webhooks import SPENDERS, Webhook

IN_FLIGHT = 96
ANSWER_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 4.0
SHARE_OF_DUPLICATES = 0.06
SHARE_OF_LATE = 0.01
SPENDS_PER_SECOND = 4.0
UNKNOWN = 0
"""In place of a status: nobody knows whether it was done."""
DEVELOPMENT_KEY = "dev-api-key"
SPENT_SECONDS = 300.0  # after nothing is sent any more: a spend that was not answered by then never will be


@dataclass
class Load:
    """One run. `answers` counts by status, or by what was heard in place of one; `troubles` are those but 200 and 401, with when (monotonic seconds)."""

    plan: Sequence[Webhook]
    record: Record
    door: str
    api: str
    rate: float
    seed: int
    api_key: str = DEVELOPMENT_KEY
    answers: Counter[str] = field(default_factory=Counter)
    troubles: list[tuple[float, str]] = field(default_factory=list)
    sent: int = 0
    unanswered: list[str] = field(default_factory=list)
    """References of spends that nobody answered, not even long after the last webhook."""
    stopping: bool = False
    spending: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a spend is being asked for: who holds it knows that none is under way, and that none begins."""
    _enough: bool = False
    _over: bool = False
    _gave_up: float = float("inf")

    async def run(self) -> None:
        """Until every genuine webhook is answered 2xx, or `give_up` was called."""
        connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as tasks:
            spending = tasks.create_task(self._spend(session))
            places = asyncio.Semaphore(IN_FLIGHT)
            dice = random.Random(self.seed + 1)
            late: list[Webhook] = []
            begin = time.monotonic()
            async with asyncio.TaskGroup() as sending:
                for place, webhook in enumerate(self.plan):
                    if self.stopping or self._enough:
                        break
                    await asyncio.sleep(max(0.0, begin + place / self.rate - time.monotonic()))
                    await places.acquire()
                    sending.create_task(self._deliver(session, webhook, places))
                    self.sent += 1
                    if webhook.genuine and dice.random() < SHARE_OF_DUPLICATES:
                        await places.acquire()
                        sending.create_task(self._deliver(session, webhook, places, dice.random() * 5))
                    if webhook.genuine and dice.random() < SHARE_OF_LATE:
                        late.append(webhook)
                for webhook in late:
                    await places.acquire()
                    sending.create_task(self._deliver(session, webhook, places))
            self._over = True
            await spending

    def end(self) -> None:
        """Nothing new is sent; what was sent is sent again until it is answered 2xx."""
        self._enough = True

    def give_up(self) -> None:
        """Nothing is sent again from now on."""
        self.stopping = True
        self._gave_up = time.monotonic()

    async def _deliver(
        self, session: aiohttp.ClientSession, webhook: Webhook, places: asyncio.Semaphore, after: float = 0.0
    ) -> None:
        try:
            await asyncio.sleep(after)
            attempt = 0
            while not self.stopping:
                attempt += 1
                status = await self._post(session, webhook, attempt)
                if 200 <= status < 300 or (not webhook.genuine and status == 401):
                    return
                await asyncio.sleep(min(LONGEST_PAUSE_SECONDS, 0.2 * 2 ** min(attempt, 10)))
        finally:
            places.release()

    async def _post(self, session: aiohttp.ClientSession, webhook: Webhook, attempt: int) -> int:
        key = {"digest": webhook.digest, "attempt": attempt}
        await self.record.keep(what="sent", genuine=webhook.genuine, **key)
        status, patience, said = UNKNOWN, None, ""
        try:
            async with session.post(
                self.door + webhook.path,
                data=webhook.body,
                headers=webhook.headers,
                timeout=aiohttp.ClientTimeout(ANSWER_SECONDS),
            ) as answer:
                status, patience = answer.status, answer.headers.get("Retry-After")
                await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            said = type(error).__name__
        self.answers[str(status or said)] += 1
        if status not in (200, 401):
            self.troubles.append((time.monotonic(), str(status or said)))
        await self.record.keep(what="answered", status=status, retry_after=patience, error=said, **key)
        return status

    async def _spend(self, session: aiohttp.ClientSession) -> None:
        """Spends a little of what comes in. A spend whose answer was lost is sent again with its reference until it is known."""
        dice = random.Random(self.seed + 2)
        number = 0
        while not self._over:
            await asyncio.sleep(dice.expovariate(SPENDS_PER_SECOND))
            number += 1
            customer, tokens = dice.choice(SPENDERS), dice.randrange(1, 200_000)
            async with self.spending:
                await self._spend_once(session, f"spend-{self.seed}-{number}", customer, tokens)

    async def _spend_once(
        self, session: aiohttp.ClientSession, reference: str, customer: str, tokens: int
    ) -> None:
        while True:
            status = await self._ask_to_spend(session, reference, customer, tokens)
            if status != UNKNOWN and status < 500 and status != 429:
                return
            if time.monotonic() - self._gave_up > SPENT_SECONDS:
                self.unanswered.append(reference)
                return
            await asyncio.sleep(0.2)

    async def _ask_to_spend(
        self, session: aiohttp.ClientSession, reference: str, customer: str, tokens: int
    ) -> int:
        key = {"reference": reference, "customer": customer, "tokens": tokens}
        await self.record.keep(what="spending", **key)
        status, said = UNKNOWN, ""
        try:
            async with session.post(
                f"{self.api}/v1/customers/{customer}/spends",
                json={"tokens": tokens, "reference": reference, "reason": "torture"},
                headers={"Authorization": f"Bearer {self.api_key}", "Idempotency-Key": reference},
                timeout=aiohttp.ClientTimeout(ANSWER_SECONDS),
            ) as answer:
                status = answer.status
                said = (await answer.text())[:300] if status >= 400 else ""
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            said = type(error).__name__
        await self.record.keep(what="spent", status=status, said=said, **key)
        return status
