"""What a process has in hand: ordinary work side by side, a suspicious message with nothing beside it."""

from __future__ import annotations

import asyncio

import pytest

from processor.intake.hands import Hands


async def _settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_ordinary_work_goes_on_side_by_side() -> None:
    hands = Hands()
    async with hands.beside(), hands.beside():
        assert not hands.taken


async def test_a_suspicious_message_waits_for_what_is_in_hand_and_keeps_what_comes_waiting() -> None:
    hands, order = Hands(), []
    ended = asyncio.Event()

    async def ordinary(name: str) -> None:
        async with hands.beside():
            order.append(f"{name} begins")
            await ended.wait()
            order.append(f"{name} ends")

    async def suspicious() -> None:
        async with hands.alone():
            order.append("suspicious")
            await _settled()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(ordinary("first"))
        await _settled()
        tasks.create_task(suspicious())
        await _settled()
        tasks.create_task(ordinary("second"))
        await _settled()
        assert (order, hands.taken) == (["first begins"], True)
        ended.set()
    assert order == ["first begins", "first ends", "suspicious", "second begins", "second ends"]
    assert not hands.taken


async def test_suspicious_messages_of_many_queues_take_turns() -> None:
    hands, at_once, most = Hands(), 0, 0

    async def suspicious() -> None:
        nonlocal at_once, most
        async with hands.alone():
            at_once += 1
            most = max(most, at_once)
            await _settled()
            at_once -= 1

    await asyncio.gather(*(suspicious() for _ in range(5)))
    assert most == 1


async def test_one_that_fails_frees_the_hands() -> None:
    hands = Hands()
    with pytest.raises(ZeroDivisionError):
        async with hands.alone():
            raise ZeroDivisionError
    async with hands.beside():
        assert not hands.taken
