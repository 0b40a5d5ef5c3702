"""A run that is killed by SIGKILL after it gave intake a page and before it wrote that down goes on there, and nothing counts twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from runtime.settings import Settings
from tests.integration.processor.reconciliation.stand import Branch, branch_of
from tests.unit.providers.fakes.stand import KEYS

LOST = 60
"""More than one page of Xendit's list."""


async def command(branch: Branch, broker_url: str, database_url: str, **more: str) -> tuple[int, Any]:
    """`lunas reconcile run xendit` as a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LUNAS_")} | {
        "LUNAS_ENV": "development",
        "LUNAS_DOTENV": os.devnull,
        "LUNAS_HOME": str(branch.settings.home),
        "LUNAS_DATABASE_URL": database_url,
        "LUNAS_BROKER_URL": broker_url,
        "XENDIT_BASE_URL": branch.fakes.bases["xendit"],
        "XENDIT_SECRET_KEY": KEYS["xendit"],
        "LUNAS_OUTGOING_XENDIT_PER_MINUTE": "1000000",
        **more,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console.main", "reconcile", "run", "xendit", "--since", "1d", "--json",
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    out, _ = await process.communicate()
    return int(process.returncode or 0), json.loads(out) if out else None


async def test_c135_a_run_that_is_killed_goes_on_and_nothing_counts_twice(
    settings: Callable[..., Settings], database_url: str, broker_url: str
) -> None:
    async with branch_of(settings, database_url, broker_url) as branch:
        await branch.register("budi")
        branch.door.lost = lambda _: True
        for number in range(LOST):
            request = await branch.xendit_payment(f"topup-{number}", 10_000, "budi")
            branch.world.act("xendit", request, "pay", None)
        await branch.told()

        code, _ = await command(branch, broker_url, database_url, LUNAS_FAULTS="reconcile.after_feed:2")
        assert code == -signal.SIGKILL
        left = await branch.pool.fetchrow("SELECT run_id, status, rows, fed FROM reconcile_runs")
        assert (left["status"], left["rows"], left["fed"]) == ("running", 50, 50)

        code, done = await command(branch, broker_url, database_url)
        assert code == 0, done
        assert (done["run_id"], done["rows"], done["complete"]) == (str(left["run_id"]), LOST, True)
        await branch.settled()
        assert await branch.tokens("budi") == LOST * 100_000
        assert await branch.pool.fetchval("SELECT count(*) FROM deliveries") == LOST
        assert await branch.pool.fetchval("SELECT count(*) FROM events WHERE type = 'credit.granted'") == LOST
