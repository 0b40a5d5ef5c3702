"""Processes die in the middle of the load, by `kill -9` and by SIGTERM; nothing that was answered 200 is lost or counted twice."""

from __future__ import annotations

import asyncio
import signal

import pytest

from console.player import Answered, play, shuffle
from tests.system.pipeline import (
    CUSTOMERS,
    Pipeline,
    Webhook,
    assert_every_answer_is_stored_once,
    expected_tokens,
    settle,
    top_up,
)

WEBHOOKS = [top_up(number, CUSTOMERS[number % len(CUSTOMERS)], 10_000 + number) for number in range(300)]
RATE = 60.0


def load() -> list[Webhook]:
    return shuffle(WEBHOOKS, duplicates=0.1, disorder=0.2, seed=4)


async def check(pipeline: Pipeline, playing: asyncio.Task[list[Answered]]) -> None:
    answers = await playing
    assert {answer.status for answer in answers} == {200}
    assert await settle(pipeline, expected_tokens(WEBHOOKS)) == expected_tokens(WEBHOOKS)
    await assert_every_answer_is_stored_once(pipeline, answers)


@pytest.mark.parametrize("name", ["ingress", "processor", "projections"])
async def test_kill_9_during_load_loses_and_doubles_nothing(pipeline: Pipeline, name: str) -> None:
    playing = asyncio.create_task(play(pipeline.ingress, load(), rate=RATE))
    for _ in range(3):
        await asyncio.sleep(0.5)
        await pipeline.kill(name)
        pipeline.start(name)
        await pipeline.wait_ready(name)
    await check(pipeline, playing)


@pytest.mark.parametrize("name", ["ingress", "processor", "projections", "api"])
async def test_sigterm_loses_nothing(pipeline: Pipeline, name: str) -> None:
    playing = asyncio.create_task(play(pipeline.ingress, load(), rate=RATE))
    await asyncio.sleep(1.0)
    assert await pipeline.terminate(name) == 0, pipeline.log(name)[-3000:]
    pipeline.start(name)
    await pipeline.wait_ready(name)
    await check(pipeline, playing)


@pytest.mark.parametrize("point", ["intake.before_commit", "intake.after_commit", "intake.before_ack"])
async def test_a_processor_that_dies_at_the_worst_moment_is_harmless(pipeline: Pipeline, point: str) -> None:
    await pipeline.terminate("processor")
    pipeline.start("processor", LUNAS_FAULTS=f"{point}:2")
    playing = asyncio.create_task(play(pipeline.ingress, load(), rate=RATE))
    assert await pipeline.dead("processor") == -signal.SIGKILL, pipeline.log("processor")[-3000:]
    pipeline.start("processor")
    await pipeline.wait_ready("processor")
    await check(pipeline, playing)
