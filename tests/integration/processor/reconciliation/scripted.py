"""A provider that lists and answers what a test says, intake without a broker before it, and fulfilment by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from processor.fulfilment.catalog_source import publish_catalog
from processor.fulfilment.inline import Inline
from processor.fulfilment.rounds import Fulfilment
from processor.intake.interpreter import Interpreter
from processor.intake.store import Store
from processor.reconciliation.book import RunState
from processor.reconciliation.run import ProviderRun, RunLimits
from providers.outgoing import CallFailed
from providers.reconciling import ListedPayment, ListPage, Told, UnreadableRow, as_webhook
from providers.registry import PROVIDERS
from runtime.database import Pool
from runtime.ids import utc_now, uuid7
from schemas.envelope import Envelope
from tests.integration.processor.reconciliation.people import registered
from tests.unit.processor.policies.ledgerbook import shipped_catalog

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SINCE = NOW - timedelta(days=400)


def captured(name: str, amount: int, customer: str = "budi", **more: Any) -> dict[str, Any]:
    """A payment as Xendit shows it."""
    at = "2026-10-31T03:00:00Z"
    return {
        "payment_id": name, "payment_request_id": name.replace("py-", "pr-"), "status": "SUCCEEDED", "currency": "IDR", "type": "PAY",
        "request_amount": amount, "channel_code": "QRIS", "metadata": {"payment_type": "credit_topup", "customer_id": customer},
        "captures": [{"capture_id": name.replace("py-", "cap-"), "capture_amount": amount, "capture_timestamp": at}], "updated": at,
    } | more  # fmt: skip


def webhook_of(payment: dict[str, Any], event: str = "payment.capture") -> bytes:
    return as_webhook({"event": event, "business_id": "test", "data": payment})


def listed(name: str, amount: int | None, **more: Any) -> ListedPayment:
    return ListedPayment(**({"names": (name,), "status": "paid", "amount": amount, "at": NOW} | more))


def said(payment: dict[str, Any], amount: int | None = None) -> Told:
    return Told(status="paid", amount=amount or payment["request_amount"], body=webhook_of(payment))


@dataclass
class ScriptedProvider:
    """`rows` in pages of `size`; `answers` by name, where a failure is raised once. `endless`: what the page behind the last one is."""

    rows: Sequence[ListedPayment | UnreadableRow] = ()
    answers: dict[str, Told] = field(default_factory=dict)
    size: int = 10
    endless: Callable[[int], ListPage] | None = None
    troubles: list[CallFailed] = field(default_factory=list)
    pages: list[str | None] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    lists = ("transactions",)

    async def page(self, listing: str, since: datetime, cursor: str | None) -> ListPage:
        if self.troubles:
            raise self.troubles.pop(0)
        self.pages.append(cursor)
        start = int(cursor or 0)
        if self.endless is not None and start >= len(self.rows):
            return self.endless(len(self.pages))
        end = start + self.size
        more = end < len(self.rows) or self.endless is not None
        return ListPage(rows=tuple(self.rows[start:end]), following=str(end) if more else None)

    async def ask(self, row: ListedPayment) -> Told | None:
        self.asked.append(row.name)
        return next((self.answers[name] for name in row.names if name in self.answers), None)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Till:
    """Our side: what was taken in, and runs over it."""

    pool: Pool
    store: Store
    worker: Fulfilment
    fed: list[Envelope] = field(default_factory=list)

    async def feed(self, envelopes: Sequence[Envelope]) -> None:
        """As the queue would: intake takes it in."""
        self.fed += envelopes
        await self.store.store([self.store.interpreter.prepare(one) for one in envelopes])

    async def hear(self, body: bytes, scheme: str = "static_token") -> None:
        """A webhook that came."""
        await self.store.store([self.store.interpreter.prepare(self.delivery(body, scheme))])
        await self.settle()

    def delivery(self, body: bytes, scheme: str = "static_token") -> Envelope:
        at = round(utc_now().timestamp() * 1_000_000)
        return Envelope(str(uuid7()), "xendit", at, scheme, "", "/webhooks/xendit", body)

    async def settle(self) -> None:
        while (await self.worker.round(timers=True)).more:
            pass

    async def run(self, provider: ScriptedProvider, **limits: Any) -> tuple[RunState, str | None]:
        done = await self.prepared(provider, **limits).go(SINCE, "test")
        await self.settle()
        return done

    def prepared(
        self, provider: ScriptedProvider, stop: asyncio.Event | None = None, **limits: Any
    ) -> ProviderRun:
        given = {
            "patience": 60.0,
            "pages": 1000,
            "asks": 1000,
            "open_for": timedelta(),
            "settle": 5.0,
        } | limits
        return ProviderRun(
            self.pool, "xendit", provider, self, self.store.interpreter, RunLimits(**given), stop or asyncio.Event()  # type: ignore[arg-type]
        )  # fmt: skip

    async def found(self) -> dict[tuple[str, str], str]:
        """Open differences, and why."""
        rows = await self.pool.fetch("SELECT kind, payment_id, reason FROM reconcile_findings WHERE resolved_at IS NULL")  # fmt: skip
        return {(row["kind"], row["payment_id"]): row["reason"] for row in rows}

    async def tokens(self, customer: str = "budi") -> int:
        state = await self.pool.fetchval("SELECT state ->> 'credit_tokens' FROM fulfilment_customers WHERE customer_id = $1", customer)  # fmt: skip
        return int(state or 0)


async def till_of(pool: Pool, *customers: str) -> Till:
    interpreter = Interpreter(PROVIDERS, {}, production=False, future_tolerance=timedelta(days=4000))
    await publish_catalog(pool, shipped_catalog())
    await registered(pool, customers or ("budi",))
    till = Till(pool, Store(pool, interpreter, 100, 60.0, Inline(0)), Fulfilment(pool, limit=100))
    await till.settle()
    return till
