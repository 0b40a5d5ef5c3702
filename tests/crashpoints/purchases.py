"""What leads the API to each step of a top-up, a refund and a subscription at a provider, and what must have come of each at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from providers.fakes.app import ServedFakes
from tests.crashpoints.rounds import PATIENCE_SECONDS, Leading, Step
from tests.waiting import until

BEARER = {"Authorization": "Bearer dev-api-key"}
AMOUNT = 50_000
LOST_NAME = "lost-"
"""Begins the references of payments that others made at the fake, and no webhook told of."""
QUICK = {
    "LUNAS_CHECKOUT_LEASE_SECONDS": "1",
    "LUNAS_CHECKOUT_RESOLVE_SECONDS": "0.1",
    "LUNAS_PROVIDER_CALL_TIMEOUT_SECONDS": "20",
    "LUNAS_PROVIDER_CALL_BUDGET_SECONDS": "30",
    "LUNAS_OUTGOING_XENDIT_PER_MINUTE": "1000000",
}
LATE = (
    "UPDATE payment_requests SET expires_at = clock_timestamp() - interval '2 minutes' WHERE request_id = $1"
)
PAID = "SELECT count(*) FROM events WHERE type = 'payment.succeeded' AND data->>'reference_id' = $1"
Act = Callable[["Buying"], Awaitable[None]]


def of_fakes(fakes: ServedFakes, key: str) -> dict[str, str]:
    """What a process is told so that its provider is the fake."""
    return {
        "XENDIT_BASE_URL": fakes.bases["xendit"],
        "XENDIT_SECRET_KEY": key,
        "PAYMENT_PROVIDER": "xendit",
    } | QUICK


@dataclass
class Buying:
    """Customers of the API whose calls may be cut off anywhere. `calls`: path and body by idempotency key, to be repeated until answered."""

    leading: Leading
    fakes: ServedFakes
    number: int = 0
    calls: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    async def top_up(self) -> None:
        await self._ready()
        await self._until_dead(*await self._topping())

    async def timer(self) -> None:
        """No webhook tells of a payment: its provider is asked once its time is over."""
        await self._ready()
        await self._paid_and_late()

    async def refund(self) -> None:
        """A payment that is known, and then the call for the money."""
        await self._ready()
        made = await self._paid_and_late()
        body = {"provider": "xendit", "provider_payment_id": made, "reason": "duplicate"}
        await self._until_dead(*self._call("refunds", body))

    async def subscribe(self) -> None:
        await self._ready()
        customer = await self._customer()
        await self._until_dead(*self._call("subscriptions", {"customer_id": customer, "plan": "pro-bulanan"}))

    async def all_answered(self) -> list[str]:
        """Every call repeated with its key until it is answered; what was charged, given back or made twice, in words."""
        wrong = []
        answers: dict[str, dict[str, Any]] = {}
        for key, (path, body) in self.calls.items():
            answered = await self._until_answered(key, path, body)
            if answered is None:
                wrong.append(f"{path} {key} is not answered")
            else:
                answers[key] = answered
        kept: Any = self.fakes.world.providers["xendit"].memory()
        charged = Counter(
            one.reference_id for one in kept.requests.values() if not one.reference_id.startswith(LOST_NAME)
        )
        back = Counter(one.reference_id for one in kept.refunds.values())
        wrong += [f"charged {times} times: {one}" for one, times in (charged + back).items() if times > 1]
        asked = Counter(path for path, _ in self.calls.values())
        made = Counter(topups=len(charged), refunds=len(back), subscriptions=len(kept.plans))
        wrong += [
            f"{made[path]} {path} at the provider, {asked[path]} asked for"
            for path in asked
            if made[path] != asked[path]
        ]
        return wrong

    async def _ready(self) -> None:
        pipeline = self.leading.stage.pipeline
        await pipeline.wait_ready("api")

    async def _customer(self) -> str:
        self.number += 1
        await self.leading.stage.pipeline.register([f"buyer-{self.number}"])
        return f"buyer-{self.number}"

    async def _topping(self) -> tuple[str, str, dict[str, Any]]:
        body = {"customer_id": await self._customer(), "amount": AMOUNT, "payment_method": "qris"}
        return self._call("topups", body)

    def _call(self, path: str, body: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
        key = f"{path}-{self.number}"
        self.calls[key] = (path, body)
        return key, path, body

    async def _paid_and_late(self) -> str:
        """A payment that nobody told of; the provider's name for it."""
        key, path, body = await self._topping()
        made = await self._until_answered(key, path, body)
        assert made is not None
        self.fakes.world.act("xendit", made["payment_id"], "pay", None)
        async with self.leading.database() as database:
            await database.execute(LATE, made["payment_id"])

            async def told() -> bool:
                return self._dead() or bool(await database.fetchval(PAID, made["payment_id"]))

            await until(told, PATIENCE_SECONDS)
        return str(made["payment_id"])

    async def _until_dead(self, key: str, path: str, body: dict[str, Any]) -> None:
        """Again and again: a payment may not be known yet."""

        async def dead() -> bool:
            await self._try(key, path, body)
            return self._dead()

        await until(dead, PATIENCE_SECONDS)

    def _dead(self) -> bool:
        return self.leading.stage.pipeline.running["api"].poll() is not None

    async def _until_answered(self, key: str, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        answers: list[dict[str, Any]] = []

        async def answered() -> bool:
            status, answer = await self._try(key, path, body)
            answers.extend([answer] if status in (200, 201) else [])
            return bool(answers)

        try:
            await until(answered, PATIENCE_SECONDS)
        except TimeoutError:
            return None
        return answers[0]

    async def _try(self, key: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and answer; 0 where none was heard."""
        try:
            async with self.leading.session.post(
                f"{self.leading.stage.pipeline.api}/v1/{path}",
                json=body,
                headers=BEARER | {"Idempotency-Key": key},
                timeout=aiohttp.ClientTimeout(20),
            ) as answer:
                return answer.status, await answer.json()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0, {}


def purchase_steps(buying: Buying) -> list[Step]:
    """Steps of the API. They are led to by calls, so the first pass kills."""

    def step(point: str, act: Act) -> Step:
        async def lead(_leading: Leading) -> None:
            await act(buying)

        return Step("api", point, lead, {}, 1)

    return [
        *(step(f"checkout.{one}", Buying.top_up) for one in ("recorded", "claimed", "answered", "stored")),
        *(
            step(f"plan.{one}", Buying.subscribe)
            for one in ("recorded", "claimed", "answered.opened", "stored.opened")
        ),
        step("request.before_record", Buying.timer),
        *(step(f"refund.{one}", Buying.refund) for one in ("reserved", "before_record")),
    ]
