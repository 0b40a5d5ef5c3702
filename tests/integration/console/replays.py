"""A processor without its queue, to replay into: what is published is taken in, decided on and shown at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import asyncpg

from console.replay import Replayer
from console.replaying.applying import go, resume
from console.replaying.planning import plan_document
from eventstore.append import NewEvent, append, log_transaction
from processor.app import interpreter_of
from processor.fulfilment.catalog_source import publish_catalog
from processor.fulfilment.inline import Inline
from processor.fulfilment.rounds import Fulfilment
from processor.intake.store import Store
from projections.feeder import Feeder
from projections.versions import ensure
from providers.provider import Provider
from providers.simulated import Buyer, SimulatedWebhook
from runtime.database import Pool
from runtime.ids import uuid7
from runtime.settings import Settings
from schemas.envelope import Envelope
from schemas.facts import CustomerRegistered
from tests.unit.processor.policies.ledgerbook import shipped_catalog

Views = dict[str, dict[str, Any]]


@dataclass
class Shop:
    """One database with everything that works on it, called step by step."""

    pool: Pool
    settings: Settings

    async def open(self) -> Shop:
        async with self.pool.acquire() as connection:
            await ensure(connection)
        await publish_catalog(self.pool, shipped_catalog())
        return self

    async def register(self, buyers: Sequence[Buyer]) -> None:
        events = [
            NewEvent(
                f"customer-{one.customer_id}",
                CustomerRegistered(customer_id=one.customer_id, email=one.email),
                {"correlation_id": "c"},
            )  # type: ignore[arg-type]
            for one in buyers
            if one.customer_id
        ]
        async with self.pool.acquire() as connection, log_transaction(connection):
            await append(connection, events)

    async def take_in(
        self, *envelopes: Envelope, broken: bool = False, providers: Mapping[str, Provider] | None = None
    ) -> list[str]:
        """Store as one batch; by a program that understands no provider when `broken`, or that knows these."""
        interpreter = interpreter_of(self.settings)
        if broken or providers is not None:
            interpreter = replace(interpreter, providers=providers or {})
        store = Store(self.pool, interpreter, 1000, 5.0, Inline(0))
        prepared = [interpreter.prepare(envelope) for envelope in envelopes]
        return [one.verdict.status for one in await store.store(prepared)]

    async def settle(self) -> None:
        """Decide on everything, and show it."""
        worker = Fulfilment(self.pool, limit=500)
        while (await worker.round(timers=True)).more:
            pass
        async with self.pool.acquire() as connection:
            await Feeder(connection, batch_max=500).catch_up()

    async def views(self) -> Views:
        """What readers see of every customer; of money nobody has, under an empty id."""
        found: Views = {}
        for statement, show in _VIEWS:
            for row in await self.pool.fetch(statement):
                name, said = show(row)
                found.setdefault(row["customer_id"] or "", {})[name] = said
        return found


class Direct(Replayer):
    """Publishes into the shop itself. `after` is called with the number of what was published so far."""

    def __init__(self, shop: Shop, after: Callable[[int], None] = lambda _: None) -> None:
        self._shop = shop
        self._after = after
        self.sent: list[Envelope] = []

    async def publish(self, envelope: Envelope) -> None:
        self.sent.append(envelope)
        await self._shop.take_in(envelope)
        self._after(len(self.sent))


class RunnerDied(BaseException):
    """The process is gone, and its session with it."""


@dataclass
class MortalRunner:
    """In the place of `fault_point`: dies with its session when it comes past a point for the second time."""

    session: asyncpg.Connection
    point: str
    passed: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> None:
        self.passed.append(name)
        if name == self.point and self.passed.count(name) == 2:
            self.session.terminate()
            raise RunnerDied


async def taken_over(shop: Shop, plan: uuid.UUID) -> dict[str, Any]:
    """Somebody else goes on with a plan whose runner died, once its time is over; the plan as it ends."""
    async with shop.pool.acquire() as other:
        await other.execute("UPDATE replay_plans SET runner_until = now() - interval '1 second'")
        run, _ = await resume(other, shop.settings, plan, rate=10_000, by="joko")
        assert await go(other, shop.settings, Direct(shop), run, lambda *_: None) == "done"
        await shop.settle()
        return await plan_document(other, plan)


def delivered(webhook: SimulatedWebhook) -> Envelope:
    """A simulated webhook as ingress would pass it on."""
    at = round(webhook.at.timestamp() * 1_000_000)
    return Envelope(
        str(uuid7()), webhook.provider, at, "static_token", "0123456789ab", webhook.path, webhook.body, {}
    )


def changes(before: Views, after: Views) -> Views:
    """What is different, as (before, after)."""
    found: Views = {}
    for customer in sorted({*before, *after}):
        was, will = before.get(customer, {}), after.get(customer, {})
        for name in sorted({*was, *will}):
            if was.get(name) != will.get(name):
                found.setdefault(customer, {})[name] = (was.get(name), will.get(name))
    return found


def previewed(document: Mapping[str, Any]) -> Views:
    """The same as a plan tells it."""
    return {
        one["customer_id"] or "": {
            name: (each["before"], each["after"]) for name, each in sorted(one["changes"].items())
        }
        for one in document["preview"]["customers"]
        if one["changes"]
    }


def _until(at: datetime | None) -> str | None:
    return at and at.isoformat()


_VIEWS: Sequence[tuple[str, Callable[[Any], tuple[str, Any]]]] = (
    (
        "SELECT customer_id, credit_tokens FROM balances_v1",
        lambda row: ("credit_tokens", row["credit_tokens"]),
    ),
    ("SELECT customer_id, chat_tokens FROM balances_v1", lambda row: ("chat_tokens", row["chat_tokens"])),
    (
        "SELECT customer_id, CASE WHEN tier_until <= now() THEN fallback_tier ELSE tier END AS tier FROM balances_v1",
        lambda row: ("tier", row["tier"]),
    ),
    (
        "SELECT * FROM subscriptions_v1 WHERE status NOT IN ('merged', 'withdrawn')",
        lambda row: (
            f"subscription {row['subscription_id']}",
            {
                "status": row["status"],
                "plan": row["plan"],
                "until": _until(row["access_until"] or row["expires_at"]),
            },
        ),
    ),
    (
        "SELECT * FROM enrollments_v1 WHERE status <> 'withdrawn'",
        lambda row: (f"course {row['course']}", row["status"]),
    ),
    (
        "SELECT * FROM suspense_v1",
        lambda row: (
            f"held {row['suspense_id']}",
            {"amount": row["amount"], "reason": row["reason"]}
            if row["status"] == "held"
            else {"resolution": row["resolution"]},
        ),
    ),
)
