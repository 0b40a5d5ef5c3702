"""Cases that wait for nothing are stored packed, where that is set: everything is decided as it was, and either form is read beside the other."""

from __future__ import annotations

import random

import pytest

from processor.fulfilment.catalog_source import publish_catalog
from processor.fulfilment.rebuild import rebuild, verify
from processor.fulfilment.rounds import CONSUMER, Fulfilment
from runtime.database import Pool
from schemas.event_model import EventModel
from tests.integration.processor.fulfilment.test_rebuild import busy
from tests.integration.processor.fulfilment.test_rounds import decided, write
from tests.unit.processor.cases.facts import capture, refund
from tests.unit.processor.policies.ledgerbook import club

FORMS = """SELECT c.state ->> 'z1' IS NOT NULL AS packed, EXISTS (SELECT FROM fulfilment_waits w WHERE w.case_key = c.case_key) AS waits
FROM fulfilment_cases c"""


@pytest.fixture
async def log(pool: Pool) -> Pool:
    await publish_catalog(pool, club())
    return pool


async def settled(pool: Pool, *, pack: bool) -> None:
    """Rounds by a fresh worker of that setting."""
    worker = Fulfilment(pool, limit=3, pack=pack)
    while (await worker.round(timers=True)).more:
        pass


async def forms(pool: Pool) -> set[tuple[bool, bool]]:
    """Whether it is packed, whether it waits."""
    return {(row["packed"], row["waits"]) for row in await pool.fetch(FORMS)}


async def differences(pool: Pool) -> list[str]:
    async with pool.acquire() as connection:
        return (await verify(connection, CONSUMER)).differences


async def test_what_waits_stays_readable_and_the_rest_is_packed(log: Pool) -> None:
    await write(log, *busy())
    await settled(log, pack=True)
    assert await forms(log) == {(True, False), (False, True)}
    assert await differences(log) == []


@pytest.mark.parametrize("seed", range(3))
async def test_workers_that_pack_and_those_that_do_not_decide_the_same_one_after_the_other(
    log: Pool, seed: int
) -> None:
    history, chance = busy(), random.Random(seed)
    chance.shuffle(history)
    for fact in history:
        await write(log, fact)
        await settled(log, pack=chance.random() < 0.5)
    assert await differences(log) == []


async def test_a_packed_payment_is_refunded_as_any_other(log: Pool) -> None:
    more: list[EventModel] = [capture("py-6", "pr-6"), refund("rfd-6", 50_000, "py-6", group_id="pr-6")]
    await write(log, *busy())
    await settled(log, pack=True)
    before = (await decided(log)).credit("c1")
    await write(log, more[0])
    await settled(log, pack=True)
    assert (await decided(log)).credit("c1") > before
    await write(log, more[1])
    await settled(log, pack=True)
    assert (await decided(log)).credit("c1") == before
    assert await differences(log) == []


async def test_a_rebuild_stores_all_of_them_as_it_is_set(log: Pool) -> None:
    await write(log, *busy())
    await settled(log, pack=False)
    assert await forms(log) == {(False, False), (False, True)}
    for pack in (True, False):
        async with log.acquire() as connection:
            await rebuild(connection, CONSUMER, pack=pack)
        assert await forms(log) == {(pack, False), (False, True)}
        await settled(log, pack=pack)
        assert await differences(log) == []
