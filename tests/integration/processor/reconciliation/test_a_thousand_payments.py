"""A thousand payments over three providers, three of ten webhooks lost, one of twenty doubled: one run makes it as if nothing had been lost.

Also when it is killed by SIGKILL in between and gone on with.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import timedelta
from random import Random

from pydantic import SecretStr

from runtime.database import open_pool
from runtime.ids import utc_now
from runtime.settings import Settings
from tests import services
from tests.integration.processor.reconciliation.control import control_run, shown
from tests.integration.processor.reconciliation.stand import Branch, branch_of
from tests.integration.processor.reconciliation.test_crashes import command
from tests.unit.providers.fakes.stand import COURSE, SILVER

BUYERS = 334
PROVIDERS = ("xendit", "scalev", "mayar")


async def bought(branch: Branch, buyers: list[str]) -> None:
    """Each tops up, buys the course and a package of tokens."""
    for number, buyer in enumerate(buyers):
        request = await branch.xendit_payment(f"topup-{number}", 25_000 + number, buyer)
        branch.world.act("xendit", request, "pay", None)
        order = await branch.scalev_order(buyer, COURSE.variant_id)
        branch.world.act("scalev", order, "pay", None)
        branch.world.providers["mayar"].sell(
            {"product": SILVER.title, "email": f"{buyer}@example.com", "name": buyer}
        )
    await branch.told()


async def test_c130_c134_one_run_makes_it_as_if_nothing_had_been_lost_and_a_second_one_writes_nothing(
    settings: Callable[..., Settings], database_url: str, broker_url: str, postgres: services.DatabaseServer
) -> None:
    dice = Random(12)
    fate = [dice.random() for _ in range(10_000)]
    more = {"scalev_variant_unique_id": COURSE.variant_id}
    async with branch_of(settings, database_url, broker_url, **more) as branch:
        buyers = [f"buyer-{number}" for number in range(BUYERS)]
        await branch.register(*buyers)
        branch.door.lost = lambda number: fate[number] < 0.3
        branch.door.doubled = lambda number: fate[number] > 0.95
        await bought(branch, buyers)
        await branch.settled()
        assert len(branch.door.dropped) > BUYERS

        other = postgres.create_migrated()
        try:
            async with open_pool(
                branch.settings.model_copy(update={"database_url": SecretStr(other)}), "control"
            ) as pool:
                whole = sorted([*branch.door.sent, *branch.door.dropped], key=lambda one: one.delivery_id)
                await control_run(pool, branch.settings, buyers, whole)
                control = await shown(pool)
        finally:
            postgres.drop(other)
        assert await shown(branch.pool) != control

        killed, _ = await command(branch, broker_url, database_url, LUNAS_FAULTS="reconcile.after_feed:2")
        assert killed == -signal.SIGKILL
        left = await branch.pool.fetchval("SELECT run_id FROM reconcile_runs WHERE status = 'running'")
        for provider in PROVIDERS:
            run, code = await branch.run(provider, utc_now() - timedelta(hours=12))
            assert (run.run_id == left) is (provider == "xendit")
            assert (run.fed > 0, code, await branch.found(provider)) == (True, None, [])
        seen = await shown(branch.pool)
        for view, rows in control.items():
            more = [row for row in seen[view] if row not in rows]
            less = [row for row in rows if row not in seen[view]]
            assert (view, more[:1], less[:1]) == (view, [], [])

        head = await branch.pool.fetchval("SELECT max(position) FROM events")
        deliveries = await branch.pool.fetchval("SELECT count(*) FROM deliveries")
        for provider in PROVIDERS:
            run, code = await branch.run(provider)
            assert (run.fed, run.found, code) == (0, 0, None)
        assert await branch.pool.fetchval("SELECT max(position) FROM events") == head
        assert await branch.pool.fetchval("SELECT count(*) FROM deliveries") == deliveries
