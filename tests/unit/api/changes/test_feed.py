"""One reader for everybody who listens, however they come and go."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import ClassVar, Self

import pytest

from api.changes import feed as feed_module
from api.changes.feed import Feed
from api.changes.source import Changes, RowChange
from runtime.settings import Settings
from tests.waiting import turns, until


class Log:
    """A log that grows by one change at each look, and answers when the test says so."""

    def __init__(self) -> None:
        self.head, self.asked, self.broken = 10, 0, False
        self.may_answer = asyncio.Event()

    async def reached(self) -> tuple[int, int]:
        self.asked += 1
        await self.may_answer.wait()
        if self.broken:
            raise TimeoutError
        return self.head, self.head

    async def after(self, position: int, events: int = 500) -> Changes:
        through = self.head
        await turns(2)
        items = [
            RowChange(at, "enrollment", f"k{at}", "c", b"%d" % at, last=True)
            for at in range(position + 1, through + 1)
        ]
        return Changes(items, through, self.head)


class Silent:
    """Instead of LISTEN: word comes when the test gives it, and letting go takes until the test says so."""

    said: ClassVar[list[Silent]] = []

    def __init__(self, *_: object) -> None:
        self._word = asyncio.Event()
        self.leaving, self.may_go = False, asyncio.Event()
        Silent.said.append(self)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leaving = True
        if error is None:
            await self.may_go.wait()

    def tell(self) -> None:
        self._word.set()

    async def wait(self) -> bool:
        await self._word.wait()
        self._word.clear()
        return True


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    Silent.said = []
    monkeypatch.setattr(feed_module, "Notifications", Silent)
    return Log()


def feed_of(log: Log) -> Feed:
    return Feed(log, Settings(changes_read_share=1.0))  # type: ignore[arg-type]


async def test_s14_however_many_come_at_once_one_reads_and_nothing_is_told_twice(log: Log) -> None:
    feed = feed_of(log)
    async with AsyncExitStack() as listeners:
        coming = [asyncio.create_task(listeners.enter_async_context(feed.listening())) for _ in range(20)]
        await until(lambda: log.asked > 0)
        log.may_answer.set()
        await asyncio.gather(*coming)
        heard, place = b"", feed.through
        for _ in range(10):
            log.head += 3
            for each in Silent.said:
                each.tell()
            await until(lambda: feed.through == log.head)
            heard += feed.told(place, None)
            place = feed.through
        assert (log.asked, len(Silent.said)) == (1, 1)
        assert [int(line[6:]) for line in heard.splitlines() if line.startswith(b"data: ")] == [
            *range(11, 41)
        ]
    await feed.close()


async def test_who_comes_while_the_last_reader_lets_go_is_read_for(log: Log) -> None:
    feed = feed_of(log)
    log.may_answer.set()
    async with feed.listening():
        await until(lambda: Silent.said)
    Silent.said[0].tell()
    await until(lambda: Silent.said[0].leaving)
    async with feed.listening():
        await until(lambda: len(Silent.said) == 2)
        log.head += 1
        Silent.said[1].tell()
        await until(lambda: feed.through == log.head)
    await feed.close()


async def test_an_error_at_the_beginning_is_everybodys_and_the_next_one_tries_again(log: Log) -> None:
    feed = feed_of(log)
    log.broken = True

    async def listen() -> None:
        async with feed.listening():
            pass

    coming = [asyncio.create_task(listen()) for _ in range(5)]
    await until(lambda: log.asked > 0)
    coming[0].cancel()
    with suppress(asyncio.CancelledError):
        await coming[0]
    log.may_answer.set()
    outcomes = await asyncio.gather(*coming[1:], return_exceptions=True)
    assert [type(one) for one in outcomes] == [TimeoutError] * 4
    assert log.asked == 1
    log.broken = False
    await listen()
    assert log.asked == 2
    await feed.close()
