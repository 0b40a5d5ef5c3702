"""A refund that was made at the provider's dashboard, and of which only a person tells: a fact like any other, once, with a way back."""

from __future__ import annotations

import json

import asyncpg
import pytest

from console import exits
from eventstore.append import append, log_transaction
from processor.fulfilment.catalog_source import publish_catalog
from projections.feeder import Feeder
from runtime.database import Pool
from tests.integration.console.conftest import Result, Run
from tests.integration.processor.fulfilment.test_rounds import settle as decide
from tests.integration.processor.fulfilment.test_rounds import write
from tests.integration.projections.decisions import registered
from tests.unit.processor.cases.facts import capture, refund
from tests.unit.processor.policies.ledgerbook import shipped_catalog


class Desk:
    """A payment of Rp 50,000 that bought 500,000 tokens."""

    def __init__(self, lunas: Run, store: asyncpg.Connection, pool: Pool) -> None:
        self.lunas, self.store, self.pool = lunas, store, pool

    async def open(self) -> None:
        await publish_catalog(self.pool, shipped_catalog())
        async with log_transaction(self.store):
            await append(self.store, [registered("c1")])
        await write(self.pool, capture(payment="py-9", customer_ref="c1", payer_email=None))
        await self.settled()
        assert await self.tokens() == 500_000

    async def settled(self) -> None:
        await decide(self.pool)
        await Feeder(self.store, batch_max=100).catch_up()

    async def tokens(self) -> int:
        state = "SELECT (state::jsonb ->> 'credit_tokens')::int FROM fulfilment_customers WHERE customer_id = 'c1'"
        return int(await self.store.fetchval(state) or 0)

    async def says(self, *words: str) -> Result:
        said = await self.lunas("payments", *words, "--reason", "seen at the dashboard", "--yes", "--json")
        await self.settled()
        return said

    async def facts(self) -> list[tuple[str, int]]:
        rows = await self.store.fetch("SELECT type, data FROM events WHERE type LIKE 'refund.%' ORDER BY position")  # fmt: skip
        return [(row["type"], json.loads(row["data"])["amount"]) for row in rows]


@pytest.fixture
async def desk(lunas: Run, store: asyncpg.Connection, pool: Pool) -> Desk:
    assert (await lunas("migrate")).code == exits.FINE
    made = Desk(lunas, store, pool)
    await made.open()
    return made


async def test_c79_what_a_person_tells_is_the_same_fact_with_the_same_clawback_once(desk: Desk) -> None:
    done = await desk.says("refunded", "xendit", "py-9", "--refund-id", "rfd-9")
    assert done.code == exits.FINE, done.err
    assert (await desk.facts(), await desk.tokens()) == ([("refund.succeeded", 50_000)], 0)
    assert await desk.store.fetchval("SELECT status FROM payments WHERE payment_id = 'py-9'") == "refunded"
    acts = await desk.store.fetch("SELECT actor, reason, after FROM operator_acts WHERE verb = 'payments.refunded'")  # fmt: skip
    assert [(row["actor"], row["reason"]) for row in acts] == [("sari", "seen at the dashboard")]
    assert json.loads(acts[0]["after"])["refund_id"] == "rfd-9"
    again = await desk.says("refunded", "xendit", "py-9", "--refund-id", "rfd-9")
    assert (again.code, "sari" in again.err) == (exits.REFUSED, True)
    # The provider's own telling comes after all: it is the same refund.
    await write(desk.pool, refund("rfd-9", payment="py-9"))
    await desk.settled()
    assert await desk.tokens() == 0
    assert await desk.store.fetchval("SELECT sum(amount_idr) FROM refunds") == 50_000
    assert await desk.store.fetchval("SELECT count(*) FROM dead_letters") == 0


async def test_c79_parts_take_their_share_and_never_more_than_is_left(desk: Desk) -> None:
    assert (await desk.says("refunded", "xendit", "py-9", "--amount", "20000")).code == exits.FINE
    assert await desk.tokens() == 300_000
    # Of a provider that names no refunds the same amount is the same one; another name is another.
    assert (await desk.says("refunded", "xendit", "py-9", "--amount", "20000")).code == exits.REFUSED
    second = await desk.says("refunded", "xendit", "py-9", "--amount", "20000", "--refund-id", "second")
    assert (second.code, await desk.tokens()) == (exits.FINE, 100_000)
    refused = await desk.says("refunded", "xendit", "py-9", "--amount", "10001", "--refund-id", "third")
    assert (refused.code, await desk.tokens()) == (exits.REFUSED, 100_000)


@pytest.mark.parametrize("by", ["command", "audit record"])
async def test_c79_what_was_recorded_by_mistake_is_granted_again(desk: Desk, by: str) -> None:
    made = await desk.says("refunded", "xendit", "py-9")
    (done,) = made.json["items"]
    assert await desk.tokens() == 0
    if by == "command":
        words = done["undo"].split()
        assert words[:4] == ["lunas", "payments", "unrefunded", "xendit"]
        back = await desk.says("unrefunded", "xendit", words[4])
    else:
        back = await desk.lunas("revert", done["act_id"], "--reason", "a mistake", "--yes", "--json")
        await desk.settled()
    assert (back.code, await desk.tokens()) == (exits.FINE, 500_000), back.err
    again = await desk.says("refunded", "xendit", "py-9")
    assert (again.code, await desk.tokens()) == (exits.FINE, 0), again.err


async def test_c79_what_its_provider_tells_too_is_not_taken_back(desk: Desk) -> None:
    await desk.says("refunded", "xendit", "py-9", "--refund-id", "rfd-9")
    await write(desk.pool, refund("rfd-9", payment="py-9"))
    await desk.settled()
    back = await desk.says("unrefunded", "xendit", "rfd-9")
    assert (back.code, await desk.tokens()) == (exits.REFUSED, 0)
    unknown = await desk.says("unrefunded", "xendit", "rfd-1")
    assert unknown.code == exits.REFUSED
