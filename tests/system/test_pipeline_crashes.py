"""Processes die in the middle of the load, by `kill -9` and by SIGTERM; nothing that was answered 200 is lost or counted twice."""

from __future__ import annotations

import asyncio
import signal

import aio_pika
import asyncpg
import pytest

from console.player import play, shuffle
from schemas.topology import DEAD
from tests.system.pipeline import (
    CUSTOMERS,
    Pipeline,
    assert_every_answer_is_stored_once,
    expected_tokens,
    settle,
    top_up,
)
from tests.waiting import until

pytestmark = pytest.mark.heavy

WEBHOOKS = [top_up(number, CUSTOMERS[number % len(CUSTOMERS)], 10_000 + number) for number in range(300)]
RATE = 60.0


class Load:
    """Webhooks that are sent from now on, some twice and some out of order; how many are answered so far."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.answered = 0
        webhooks = shuffle(WEBHOOKS, duplicates=0.1, disorder=0.2, seed=4)
        self.playing = asyncio.create_task(
            play(pipeline.ingress, webhooks, rate=RATE, progress=self._progress)
        )

    def _progress(self, done: int, _of: int) -> None:
        self.answered = done


async def check(pipeline: Pipeline, load: Load) -> None:
    answers = await load.playing
    assert {answer.status for answer in answers} == {200}
    assert await settle(pipeline, expected_tokens(WEBHOOKS)) == expected_tokens(WEBHOOKS)
    await assert_every_answer_is_stored_once(pipeline, answers)


@pytest.mark.parametrize("name", ["ingress", "processor", "projections"])
async def test_kill_9_during_load_loses_and_doubles_nothing(pipeline: Pipeline, name: str) -> None:
    load = Load(pipeline)
    for answered in (30, 90, 150):
        await until(lambda least=answered: load.answered >= least)
        await pipeline.kill(name)
        pipeline.start(name)
        await pipeline.wait_ready(name)
    await check(pipeline, load)


@pytest.mark.parametrize("name", ["ingress", "processor", "projections", "api"])
async def test_c163_sigterm_loses_nothing(pipeline: Pipeline, name: str) -> None:
    load = Load(pipeline)
    await until(lambda: load.answered >= 60)
    assert await pipeline.terminate(name) == 0, pipeline.log(name)[-3000:]
    pipeline.start(name)
    await pipeline.wait_ready(name)
    await check(pipeline, load)


@pytest.mark.parametrize("point", ["intake.before_commit", "intake.after_commit", "intake.before_ack"])
async def test_a_processor_that_dies_at_the_worst_moment_is_harmless(pipeline: Pipeline, point: str) -> None:
    await pipeline.terminate("processor")
    pipeline.start("processor", LUNAS_FAULTS=f"{point}:2")
    load = Load(pipeline)
    assert await pipeline.dead("processor") == -signal.SIGKILL, pipeline.log("processor")[-3000:]
    pipeline.start("processor")
    await pipeline.wait_ready("processor")
    await check(pipeline, load)


async def test_a_processor_that_dies_after_it_sent_a_delivery_round_is_harmless(pipeline: Pipeline) -> None:
    await pipeline.terminate("processor")
    pipeline.start("processor", LUNAS_FAULTS="intake.after_detour", LUNAS_DATABASE_LOCK_TIMEOUT_MS="200")
    await pipeline.wait_ready("processor")
    connection = await asyncpg.connect(pipeline.database_url, server_settings={"search_path": "lunas"})
    try:
        async with connection.transaction():
            # Busy beyond the patience for a lock: a delivery that is alone goes round through a retry queue.
            await connection.execute("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE")
            answers = await play(pipeline.ingress, WEBHOOKS[:1], rate=RATE)
            assert await pipeline.dead("processor") == -signal.SIGKILL, pipeline.log("processor")[-3000:]
    finally:
        await connection.close()
    pipeline.start("processor")
    await pipeline.wait_ready("processor")
    assert await settle(pipeline, expected_tokens(WEBHOOKS[:1])) == expected_tokens(WEBHOOKS[:1])
    await assert_every_answer_is_stored_once(pipeline, answers)


async def test_a_processor_that_dies_between_a_letter_and_its_acknowledgement_keeps_one_letter(
    pipeline: Pipeline, broker_url: str
) -> None:
    await pipeline.terminate("processor")
    pipeline.start("processor", LUNAS_FAULTS="parker.before_ack")
    await pipeline.wait_ready("processor")
    broker = await aio_pika.connect(broker_url)
    async with broker:
        channel = await broker.channel()
        exchange = await channel.get_exchange(DEAD, ensure=False)
        await exchange.publish(aio_pika.Message(b"rubbish"), routing_key="")
        assert await pipeline.dead("processor") == -signal.SIGKILL, pipeline.log("processor")[-3000:]
    pipeline.start("processor")
    await pipeline.wait_ready("processor")
    connection = await asyncpg.connect(pipeline.database_url, server_settings={"search_path": "lunas"})
    try:

        async def seen_twice() -> bool:
            return bool(await connection.fetchval("SELECT deliveries >= 2 FROM dead_letters"))

        await until(seen_twice)
        assert await connection.fetchval("SELECT count(*) FROM dead_letters") == 1
    finally:
        await connection.close()
