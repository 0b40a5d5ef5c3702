"""The catalogue in force is the leader's own, whoever published last: processors of two releases may run beside each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from eventstore.append import NewEvent, append, log_transaction
from eventstore.leadership import Leadership
from processor.fulfilment.catalog_source import newest_catalog, publish_catalog
from processor.fulfilment.inline import Inline
from processor.fulfilment.runner import JOB, run_fulfilment
from runtime.database import Pool
from runtime.settings import Settings
from schemas.catalog import Catalog
from schemas.facts import CatalogPublished
from schemas.streams import CATALOG
from tests.integration.processor.fulfilment.test_rounds import decided, log, ratna, settle, write
from tests.unit.processor.cases.facts import capture
from tests.unit.processor.policies.ledgerbook import shipped_catalog
from tests.waiting import until

__all__ = ["log"]


def another() -> Catalog:
    return shipped_catalog().model_copy(update={"products": ()})


async def in_force(pool: Pool) -> str:
    async with pool.acquire() as connection:
        newest = await newest_catalog(connection)
    assert newest is not None
    return newest.version


@asynccontextmanager
async def fulfilling(pool: Pool, settings: Settings, catalog: Catalog) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_fulfilment(pool, settings, stop, CollectorRegistry(), Inline(0), catalog)
    )
    try:
        yield
    finally:
        stop.set()
        await running


async def test_c163_who_takes_the_lead_puts_its_own_catalogue_in_force(
    log: Pool, settings: Callable[..., Settings], database_url: str
) -> None:
    ours = shipped_catalog()
    await publish_catalog(log, another())

    async def is_ours() -> bool:
        return await in_force(log) == ours.version

    async with fulfilling(log, settings(database_url=database_url), ours):
        await until(is_ours)


async def test_c163_who_waits_for_the_lead_leaves_the_leaders_catalogue_in_force(
    log: Pool, settings: Callable[..., Settings], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(database_url=database_url, leadership_retry_seconds=0.01)
    tries = 0
    one_try = Leadership._try

    async def counted(self: Leadership) -> bool:
        nonlocal tries
        tries += 1
        return await one_try(self)

    await publish_catalog(log, another())
    stop = asyncio.Event()
    async with Leadership(chosen, "processor", JOB) as leader:
        assert await leader.wait(stop)
        monkeypatch.setattr(Leadership, "_try", counted)
        async with fulfilling(log, chosen, shipped_catalog()):
            await until(lambda: tries > 2)
            assert await in_force(log) == another().version
            await leader.release()

            async def is_theirs() -> bool:
                return await in_force(log) == shipped_catalog().version

            await until(is_theirs)


async def test_c163_a_newer_releases_catalogue_ends_nobody(log: Pool) -> None:
    content = shipped_catalog().model_dump(mode="json")
    content["credit"]["said_since_tomorrow"] = "hold"
    newer = CatalogPublished(version="newer", content=content)
    async with log.acquire() as connection, log_transaction(connection):
        await append(connection, [NewEvent(CATALOG, newer, {"correlation_id": None, "causation_id": None})])
    await write(log, ratna(), capture())
    await settle(log)
    assert (await decided(log)).credit("c1") == 500_000
