"""The API dies by `kill -9` at every step of a refund: what was reserved is asked for once, and its timers find what nobody told."""

from __future__ import annotations

import signal
from typing import Any

import aiohttp
import pytest

from processor.fulfilment.rounds import Fulfilment
from projections.feeder import Feeder
from providers.fakes.app import ServedFakes
from runtime.database import Pool
from tests.system.pipeline import Pipeline
from tests.system.test_top_up_crashes import KEYS, ask, fakes, shop, started
from tests.waiting import until

__all__ = ["fakes", "shop"]

pytestmark = pytest.mark.heavy


ASKED_FOR = {"pending", "succeeded"}
"""What becomes of a refund at the fakes within seconds of being asked for: how far it is depends on how quickly a process starts."""


async def decided(pool: Pool) -> None:
    """What stands in the log is decided on and shown; only the API is a process here."""
    worker = Fulfilment(pool, limit=100)
    while (await worker.round(timers=True)).more:
        pass
    async with pool.acquire() as connection:
        await Feeder(connection, batch_max=100).catch_up()


async def paid_top_up(shop: Pipeline, fakes: ServedFakes, pool: Pool) -> str:
    """No webhook tells of it: the provider is asked once its time is over, by the timers of the process."""
    await started(shop)
    await shop.register(["budi"])
    await decided(pool)
    _, made = await ask(shop)
    fakes.world.act("xendit", made["payment_id"], "pay", None)
    await pool.execute("UPDATE payment_requests SET expires_at = clock_timestamp() - interval '2 minutes'")

    async def told() -> bool:
        return bool(await pool.fetchval("SELECT count(*) FROM events WHERE type = 'payment.succeeded'"))

    await until(told)
    await decided(pool)
    await shop.kill("api")
    return str(made["payment_id"])


async def test_c72_killed_while_a_timer_asks_the_payment_is_told_once(
    shop: Pipeline, fakes: ServedFakes, pool: Pool
) -> None:
    await started(shop)
    await shop.register(["budi"])
    await decided(pool)
    _, made = await ask(shop)
    await shop.kill("api")
    fakes.world.act("xendit", made["payment_id"], "pay", None)
    await pool.execute("UPDATE payment_requests SET expires_at = clock_timestamp() - interval '2 minutes'")
    shop.start("api", LUNAS_FAULTS="request.before_record")
    assert await shop.dead("api") == -signal.SIGKILL, shop.log("api")[-3000:]
    paid = "SELECT count(*) FROM events WHERE type = 'payment.succeeded'"
    assert await pool.fetchval(paid) == 0
    await started(shop)

    async def told() -> bool:
        return bool(await pool.fetchval(paid))

    await until(told)
    await decided(pool)
    assert await pool.fetchval(paid) == 1
    assert await pool.fetchval("SELECT count(*) FROM events WHERE type = 'credit.granted'") == 1


async def refund(shop: Pipeline, payment_id: str) -> tuple[int, dict[str, Any]]:
    body = {"provider": "xendit", "provider_payment_id": payment_id, "reason": "duplicate"}
    async with (
        aiohttp.ClientSession(headers=KEYS | {"Idempotency-Key": "back"}) as session,
        session.post(f"{shop.api}/v1/refunds", json=body) as answer,
    ):
        return answer.status, await answer.json()


def given_back(fakes: ServedFakes) -> list[str]:
    kept: Any = fakes.world.providers["xendit"].memory()
    return [one.reference_id for one in kept.refunds.values()]


@pytest.mark.parametrize(("point", "made"), [("refund.reserved", 0), ("refund.before_record", 1)])
async def test_c78_killed_at_any_step_of_a_refund_gives_back_once(
    shop: Pipeline, fakes: ServedFakes, pool: Pool, point: str, made: int
) -> None:
    payment_id = await paid_top_up(shop, fakes, pool)
    await started(shop, LUNAS_FAULTS=point)
    with pytest.raises(aiohttp.ClientError):
        await refund(shop, payment_id)
    assert await shop.dead("api") == -signal.SIGKILL, shop.log("api")[-3000:]
    assert len(given_back(fakes)) == made
    # Whoever was killed had it for itself for a while; then the next process asks.
    await started(shop)

    async def known() -> bool:
        return await pool.fetchval("SELECT status FROM refunds") in ASKED_FOR

    await until(known)
    (refund_id,) = [row["refund_id"] for row in await pool.fetch("SELECT refund_id FROM refunds")]
    assert given_back(fakes) == [refund_id]
    status, again = await refund(shop, payment_id)
    assert (status, again["refund_id"]) == (201, refund_id)
    assert again["status"] in ASKED_FOR
    assert given_back(fakes) == [refund_id]
