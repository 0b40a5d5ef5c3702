"""A running deployment under the witness's load: what is done to it, and what of it may be seen by those outside."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import asyncpg

from deploy.rabbitmq.make_definitions import VHOST
from tests.rehearsal.project import Project
from tests.rehearsal.steps import Note, StepFailed, Steps
from tests.torture.recovery import PROBED, Probe
from tests.torture.settling import settled
from tests.waiting import until
from tests.witness.load import Load
from tests.witness.record import Record
from tests.witness.verdict import Verdict, judge
from tests.witness.webhooks import CUSTOMERS, TOKENS_PER_IDR, Webhook, email, plan, signed_anew

PAYER = "payer"
"""A customer of whom the witness's plan knows nothing: tops up through the API, and pays at the fake."""
TOP_UP_IDR = 50_000
MOST_WEBHOOKS = 40_000
LEARNING_PROBES = 5
START_SECONDS = 240.0
VISIBLE_SECONDS = 120.0
WELL_AGAIN_SECONDS = 300.0
"""How long is waited; how long it took is said. A busy machine starts Python in ten times the usual time."""
USUAL_LEAST_SECONDS = 1.0
"""From webhook to balance: twice this is as before, however fast it was at first. What is looked for is a part that is away, not a machine that is busy."""


@dataclass
class Scene:
    """One deployment under load."""

    project: Project
    steps: Steps
    load: Load
    probe: Probe
    session: aiohttp.ClientSession
    record: Record
    plan: Sequence[Webhook]
    _running: asyncio.Task[None] | None = None
    _paid: list[str] = field(default_factory=list)
    """Ids of the top-ups that were paid at the fake."""

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.project.secret('api_key')}"}

    async def start_load(self) -> None:
        """Registers everybody, begins to send, and learns how fast webhooks are usually in balances."""
        for customer in (*CUSTOMERS, PROBED, PAYER):
            await self._register(customer)
        self._running = asyncio.create_task(self.load.run())
        await self.probe.learn(self.session, LEARNING_PROBES)

    async def _register(self, customer: str) -> None:
        async with self.session.put(
            f"{self.project.url('API')}/v1/customers/{customer}",
            json={"email": email(customer)},
            headers=self._headers,
        ) as answer:
            if answer.status not in (200, 201):
                raise StepFailed(f"{customer} could not be registered: {answer.status} {await answer.text()}")

    async def disturbed(
        self,
        name: str,
        disturb: Callable[[], Awaitable[object]],
        *,
        most: float | None = None,
        refused: float | None = None,
    ) -> None:
        """One step: something is done to the deployment, and webhooks sent afterwards must be in balances as before.
        `most`: seconds in which that must be so, counted from when it was done. `refused`: seconds between the first and the last answer but 200
        that are allowed."""
        async with self.steps.step(name) as note:
            place = len(self.load.troubles)
            await disturb()
            took = await self.probe.recovered(self.session)
            note.add(f"well again {took:.1f} s after it was done")
            seen = self.load.troubles[place:]
            note.add(told(seen))
            if most is not None and took > most:
                raise StepFailed(f"well again only after {took:.1f} s; {most:g} are allowed; {told(seen)}")
            if refused is not None and lasting(seen) > refused:
                raise StepFailed(f"{told(seen)}; {refused:g} s are allowed")

    async def top_up(self) -> None:
        """Through the API, paid at the fake provider, whose webhook comes in at the door; then read as a balance."""
        async with self.steps.step("a top-up through the API, paid at the fake") as note:
            number = len(self._paid) + 1
            began = time.monotonic()
            async with self.session.post(
                f"{self.project.url('API')}/v1/topups",
                json={"customer_id": PAYER, "amount": TOP_UP_IDR, "payment_method": "qris"},
                headers=self._headers | {"Idempotency-Key": f"rehearsal-{number}"},
            ) as answer:
                asked = await answer.json()
                if answer.status not in (200, 201):
                    raise StepFailed(f"the API answered {answer.status}: {asked}")
            payment = asked["payment_id"]
            async with self.session.post(
                f"{self.project.url('FAKES')}/fake/payments/xendit/{payment}/pay", json={}
            ) as answer:
                if answer.status >= 300:
                    raise StepFailed(f"the fake answered {answer.status}: {await answer.text()}")
            self._paid.append(payment)
            wanted = number * TOP_UP_IDR * TOKENS_PER_IDR
            await until(lambda: self._has(PAYER, wanted), VISIBLE_SECONDS)
            note.add(
                f"{TOP_UP_IDR * TOKENS_PER_IDR:,} tokens to be read {time.monotonic() - began:.1f} s after it was asked for"
            )

    async def balance(self, customer: str) -> int:
        """Tokens, through the API. Raises StepFailed when it does not say."""
        return int((await self.balance_of(customer))["credit_tokens"])

    async def balance_of(self, customer: str) -> dict[str, Any]:
        """The API's whole answer."""
        url = f"{self.project.url('API')}/v1/customers/{customer}/balance"
        async with self.session.get(url, headers=self._headers) as answer:
            if answer.status != 200:
                raise StepFailed(f"the balance of {customer} is answered {answer.status}")
            said: dict[str, Any] = await answer.json()
            return said

    async def _has(self, customer: str, tokens: int) -> bool:
        return await self.balance(customer) == tokens

    async def judged(self) -> None:
        """The load ends, everything comes to rest, and the witness judges; balances are read through the API besides."""
        if self._running is None:
            return
        async with self.steps.step("every webhook sent is answered 200 in the end") as note:
            self.load.end()
            done, _ = await asyncio.wait({self._running}, timeout=VISIBLE_SECONDS)
            self.load.give_up()
            await self._running
            said = ", ".join(f"{number} × {answer}" for answer, number in sorted(self.load.answers.items()))
            note.add(f"{self.load.sent} webhooks; answers {said}")
            if not done:
                raise StepFailed("some were not, and are left out")
        async with self.steps.step("the witness's verdict") as note:
            await settled(self.project.database_url, self._of_our_vhost)
            also = [*self.probe.accepted, *await self._told_by_the_fake()]
            verdict = await judge(self.record.path, self.plan, self.project.database_url, also=also)
            _tell(verdict, note)
        async with self.steps.step("balances, read through the API") as note:
            expected = await self._stored_balances()
            read = {customer: await self.balance(customer) for customer in expected}
            wrong = [
                f"{customer}: {read[customer]}, not {tokens}"
                for customer, tokens in expected.items()
                if read[customer] != tokens
            ]
            if wrong:
                raise StepFailed("; ".join(wrong[:5]))
            note.add(f"{len(read)} customers, {sum(read.values()):,} tokens")

    async def _of_our_vhost(self, *words: str) -> str:
        return await self.project.control_broker(*words, "-p", VHOST)

    async def _told_by_the_fake(self) -> list[bytes]:
        """Bodies of the top-ups' webhooks, which others sent: the payer's balance says whether they counted once."""
        found = []
        for payment in self._paid:
            rows = await self._rows(
                "SELECT body FROM deliveries WHERE position(convert_to($1, 'UTF8') IN body) > 0", payment
            )
            found += [row["body"] for row in rows]
        return found

    async def _stored_balances(self) -> dict[str, int]:
        rows = await self._rows("SELECT customer_id, credit_tokens FROM balances")
        return {row["customer_id"]: row["credit_tokens"] for row in rows}

    async def _rows(self, statement: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(
            self.project.database_url, server_settings={"search_path": "lunas"}
        )
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()


Troubles = Sequence[tuple[float, str]]
"""Answers but 200: when (monotonic seconds), and what was heard."""


def lasting(troubles: Troubles) -> float:
    """Seconds from the first to the last."""
    times = [at for at, _ in troubles]
    return max(times) - min(times) if times else 0.0


def told(troubles: Troubles) -> str:
    """What the witness heard in place of 200, and for how long."""
    if not troubles:
        return "every answer 200"
    counted = Counter(answer for _, answer in troubles)
    said = ", ".join(f"{number} × {answer}" for answer, number in sorted(counted.items()))
    return f"{said} within {lasting(troubles):.1f} s"


def _tell(verdict: Verdict, note: Note) -> None:
    if verdict.broken:
        raise StepFailed(
            "; ".join(f"{name}: {each}" for name, all_of in verdict.broken.items() for each in all_of)
        )
    figures = verdict.figures
    note.add(
        f"0 lost, 0 doubled, 0 invented: {figures['webhooks accepted']:,} accepted, {figures['of them different']:,} different,"
        f" {figures['deliveries stored']:,} deliveries, {figures['spends that counted']:,} spends, {figures['courses opened']:,} courses"
    )  # fmt: skip


@asynccontextmanager
async def scene(project: Project, steps: Steps, rate: float, seed: int) -> AsyncIterator[Scene]:
    """The scene of a deployment that is up; the load begins with `start_load`."""
    token, key = project.secret("xendit_webhook_secret"), project.secret("api_key")
    sent = signed_anew(plan(seed, MOST_WEBHOOKS), token, project.secret("scalev_webhook_secret"))
    timeout = aiohttp.ClientTimeout(total=20)
    async with (
        Record(project.home / "record.jsonl") as record,
        aiohttp.ClientSession(timeout=timeout) as session,
    ):
        door, api = project.url("INGRESS"), project.url("API")
        load = Load(sent, record, door, api, rate, seed, key)
        probe = Probe(
            door, api, token=token, api_key=key, longest=WELL_AGAIN_SECONDS, least=USUAL_LEAST_SECONDS
        )
        played = Scene(project, steps, load, probe, session, record, sent)
        try:
            yield played
        finally:
            load.give_up()
            if played._running is not None:
                await asyncio.gather(played._running, return_exceptions=True)


async def until_ready(project: Project) -> None:
    """Until ingress and the API say so themselves, at their doors."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:

        async def both() -> bool:
            return all([await _ready(session, project.url(door)) for door in ("INGRESS", "API")])

        await until(both, START_SECONDS)


async def _ready(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(f"{url}/readyz") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False
