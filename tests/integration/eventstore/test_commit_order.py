"""The promise behind every checkpoint: what commits later has a higher position."""

from __future__ import annotations

import asyncio
import random

from eventstore.append import append, lock_log
from eventstore.read import read_after, read_page
from runtime.database import Pool
from tests.integration.eventstore.samples import append_now, written_off
from tests.integration.eventstore.waits import somebody_waits
from tests.waiting import turns, until

APPENDERS = 6
TRANSACTIONS = 15


class _RolledBack(Exception):
    pass


async def _appender(pool: Pool, number: int, committed: set[str]) -> None:
    chance = random.Random(number)
    for turn in range(TRANSACTIONS):
        names = [f"{number}.{turn}.{n}" for n in range(chance.randint(1, 4))]
        await turns(chance.randint(0, 20))
        try:
            async with pool.acquire() as connection, connection.transaction():
                await turns(chance.randint(0, 10))
                await lock_log(connection)
                await append(connection, [written_off(f"a-{chance.randint(1, 5)}", name) for name in names])
                await turns(chance.randint(0, 20))
                if chance.random() < 0.3:
                    raise _RolledBack
        except _RolledBack:
            continue
        committed.update(names)


async def _tail(
    pool: Pool, writing: asyncio.Future[object], types: list[str] | None
) -> list[tuple[int, str]]:
    """Follow the log by position until the writers are done and nothing is left."""
    seen: list[tuple[int, str]] = []
    position = 0
    while True:
        last_look = writing.done()
        async with pool.acquire() as connection:
            page = await read_page(connection, position, types, limit=7)
        seen += [(event.position, event.decoded().model_dump()["reason"]) for event in page.events]
        position = page.through
        if last_look and not page.events:
            return seen
        await asyncio.sleep(0)


async def test_c140_reader_never_passes_an_event_that_commits_later(pool: Pool) -> None:
    committed: set[str] = set()
    writing = asyncio.gather(*(_appender(pool, number, committed) for number in range(APPENDERS)))
    everything, typed = await asyncio.gather(
        _tail(pool, writing, None), _tail(pool, writing, ["suspense.written_off"])
    )
    await writing
    for seen in (everything, typed):
        assert {name for _, name in seen} == committed
        assert len(seen) == len(committed)
        assert seen == sorted(seen)
    assert len(committed) > APPENDERS


async def test_an_event_of_a_slow_transaction_comes_before_those_that_waited_for_it(pool: Pool) -> None:
    locked = asyncio.Event()

    async def slow() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await lock_log(connection)
            await append(connection, [written_off("a-1", "slow")])
            locked.set()
            await until(lambda: somebody_waits(pool))

    async def fast() -> None:
        await locked.wait()
        async with pool.acquire() as connection:
            await append_now(connection, written_off("a-2", "fast"))

    await asyncio.gather(slow(), fast())
    async with pool.acquire() as connection:
        events = await read_after(connection, 0)
    assert [event.decoded().model_dump()["reason"] for event in events] == ["slow", "fast"]


async def test_a_page_says_how_far_the_reader_has_seen_even_when_nothing_was_for_it(pool: Pool) -> None:
    async with pool.acquire() as connection:
        last = (await append_now(connection, *(written_off("a-1") for _ in range(5)))).last
        empty = await read_page(connection, 0, ["payment.succeeded"], limit=2)
        full = await read_page(connection, 0, ["suspense.written_off"], limit=2)
        rest = await read_page(connection, full.through, ["suspense.written_off"], limit=10)
    assert (list(empty.events), empty.through) == ([], last)
    assert full.through == full.events[-1].position < last
    assert rest.through == last
    assert len(full.events) + len(rest.events) == 5
