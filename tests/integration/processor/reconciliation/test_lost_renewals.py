"""Charges of recurring plans whose webhooks were lost: found as the renewals they are, not only as money."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from runtime.settings import Settings
from tests.integration.processor.reconciliation.stand import Branch, branch_of

PRICE = 200_000
LOST_CYCLE, LOST_MONEY = b'"event":"recurring.', b'"event":"payment.'


async def subscription(branch: Branch) -> tuple[str, str, timedelta] | None:
    """Customer, status, and for how long it runs."""
    row = await branch.pool.fetchrow(
        "SELECT customer_id, status, expires_at - started_at AS runs FROM subscriptions"
    )
    return None if row is None else (row["customer_id"], row["status"], row["runs"])


async def money(branch: Branch) -> list[tuple[str, str, str | None]]:
    rows = await branch.pool.fetch("SELECT status, payment_type, held FROM payments ORDER BY paid_at, record")
    return [(row["status"], row["payment_type"], row["held"]) for row in rows]


async def subscribed(branch: Branch) -> str:
    plan = await branch.xendit_plan("sub-pro-1", PRICE, "budi")
    await branch.act("xendit", plan, "link")
    await branch.settled()
    return plan


def losing(branch: Branch, *what: bytes) -> None:
    """From now on webhooks with these words go nowhere."""
    branch.door.loses = lambda body: any(word in body.replace(b" ", b"") for word in what)


async def nothing_more(branch: Branch) -> None:
    """A second run gives intake nothing and writes nothing to the log."""
    head = await branch.pool.fetchval("SELECT max(position) FROM events")
    run, code = await branch.run("xendit")
    assert (run.fed, run.found, code) == (0, 0, None)
    assert await branch.pool.fetchval("SELECT max(position) FROM events") == head


@pytest.mark.parametrize(
    "lost", [(LOST_CYCLE,), (LOST_CYCLE, LOST_MONEY)], ids=["its money was told", "nothing was told"]
)
async def test_c101_c130_a_lost_renewal_is_found_and_its_period_appended(
    settings: Callable[..., Settings], database_url: str, broker_url: str, lost: tuple[bytes, ...]
) -> None:
    async with branch_of(settings, database_url, broker_url) as branch:
        await branch.register("budi")
        plan = await subscribed(branch)
        first = await subscription(branch)
        assert first is not None
        assert first[:2] == ("budi", "active")

        losing(branch, *lost)
        await branch.charge_now(plan)
        await branch.settled()
        assert await subscription(branch) == first

        run, code = await branch.run("xendit")
        assert code is None
        assert run.fed >= 1
        renewed = await subscription(branch)
        assert renewed is not None
        assert renewed[:2] == ("budi", "active")
        assert renewed[2] - first[2] >= timedelta(days=28)
        assert await money(branch) == [
            ("succeeded", "subscription_initial", None),
            ("succeeded", "subscription_renewal", None),
        ]
        assert await branch.found("xendit") == []
        await nothing_more(branch)

        # What was on its way all the while comes at last, and changes nothing.
        branch.door.loses = lambda _: False
        branch.world.outbox.again(1)
        await branch.told()
        await branch.settled()
        assert await subscription(branch) == renewed
        assert len(await money(branch)) == 2


async def test_c130_a_plan_of_which_nothing_was_ever_heard_is_found_by_its_first_charge(
    settings: Callable[..., Settings], database_url: str, broker_url: str
) -> None:
    async with branch_of(settings, database_url, broker_url) as branch:
        await branch.register("budi")
        losing(branch, b"")
        await subscribed(branch)
        assert await subscription(branch) is None

        run, code = await branch.run("xendit")
        assert (run.fed, code) == (1, None)
        found = await subscription(branch)
        assert found is not None
        assert found[:2] == ("budi", "active")
        assert await money(branch) == [("succeeded", "subscription_initial", None)]
        await nothing_more(branch)


async def test_a_charge_that_failed_and_the_end_of_its_plan_are_found_too(
    settings: Callable[..., Settings], database_url: str, broker_url: str
) -> None:
    async with branch_of(settings, database_url, broker_url) as branch:
        await branch.register("budi")
        plan = await subscribed(branch)
        losing(branch, b"")
        await branch.xendit("POST", f"/recurring/plans/{plan}/deactivate", {})
        await branch.told()

        run, code = await branch.run("xendit")
        assert (run.fed, code) == (1, None)
        found = await subscription(branch)
        assert found is not None
        assert found[1] == "cancelled"
        await nothing_more(branch)


async def test_a_plan_that_the_provider_does_not_know_or_tell_of_ends_no_run(
    settings: Callable[..., Settings], database_url: str, broker_url: str
) -> None:
    async with branch_of(settings, database_url, broker_url) as branch:
        await branch.register("budi", "wati")
        plan = await subscribed(branch)
        state: Any = branch.world.providers["xendit"]
        del state.ledger.state.plans[plan]
        branch.door.lost = lambda _: True
        request = await branch.xendit_payment("topup-1", 50_000, "wati")
        await branch.act("xendit", request)
        run, code = await branch.run("xendit")
        assert (run.fed, code) == (1, None)
        assert await branch.tokens("wati") == 500_000
