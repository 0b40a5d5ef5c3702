"""A webhook that never came is found at its provider, goes through the queue like any other, and counts once."""

from __future__ import annotations

from collections.abc import Callable

from runtime.settings import Settings
from tests.integration.processor.reconciliation.stand import branch_of


async def test_c130_a_lost_webhook_is_found_and_its_customer_has_the_money(
    settings: Callable[..., Settings], database_url: str, broker_url: str
) -> None:
    async with branch_of(settings, database_url, broker_url) as branch:
        await branch.register("budi")
        branch.door.lost = lambda _: True
        request = await branch.xendit_payment("topup-1", 50_000, "budi")
        await branch.act("xendit", request)
        assert len(branch.door.dropped) == 1
        assert await branch.tokens("budi") == 0

        run, code = await branch.run("xendit")
        assert (run.fed, code) == (1, None)
        assert await branch.tokens("budi") == 500_000
        assert await branch.found("xendit") == []
        source = "SELECT metadata ->> 'source' FROM events WHERE type = 'payment.succeeded'"
        assert await branch.pool.fetchval(source) == "reconciled"

        head = await branch.pool.fetchval("SELECT max(position) FROM events")
        again, code = await branch.run("xendit")
        assert (again.fed, again.found, code) == (0, 0, None)
        assert await branch.pool.fetchval("SELECT max(position) FROM events") == head

        branch.door.lost = lambda _: False
        branch.world.outbox.again(1)
        await branch.told()
        await branch.settled()
        assert [one.provider for one in branch.door.sent] == ["xendit"]
        assert await branch.tokens("budi") == 500_000


async def test_c130_money_of_a_lost_invoice_finds_its_payer(
    settings: Callable[..., Settings], database_url: str, broker_url: str
) -> None:
    async with branch_of(settings, database_url, broker_url) as branch:
        await branch.register("wati")
        branch.door.lost = lambda _: True
        invoice = await branch.xendit_invoice("somebodys-own-1", 75_000, "wati")
        await branch.act("xendit", invoice)
        assert len(branch.door.dropped) == 1
        run, _ = await branch.run("xendit")
        assert run.fed == 1
        payer = "SELECT customer_id, status, amount FROM payments"
        assert tuple(await branch.pool.fetchrow(payer)) == ("wati", "succeeded", 75_000)

        branch.door.lost = lambda _: False
        branch.world.outbox.again(1)
        await branch.told()
        await branch.settled()
        assert [tuple(row) for row in await branch.pool.fetch(payer)] == [("wati", "succeeded", 75_000)]
