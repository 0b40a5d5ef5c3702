"""A request that arrived whole may go the direct way; every other goes aiohttp's, and the client cannot tell them apart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest
from aiohttp import StreamReader, web
from aiohttp.http import RawRequestMessage
from prometheus_client import CollectorRegistry

from ingress import answers
from ingress.connection import WHOLE_BYTES, GuardedConnection, Phase
from ingress.guard import Guard
from ingress.metrics import Metrics
from runtime.settings import Settings

OTHER = answers.Answer(200, b'"the other way"')


def post(body: bytes, path: str = "/") -> bytes:
    return b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (path.encode(), len(body), body)


class Wire(asyncio.Transport):
    """The client's end."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[bytes] = []
        self.reading = True
        self.switched = 0
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said.append(bytes(data))

    def pause_reading(self) -> None:
        self.reading = False
        self.switched += 1

    def resume_reading(self) -> None:
        self.reading = True
        self.switched += 1

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


class Entrance:
    """Stands behind the guard: takes what it is told to, and notes what came which way."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.other: list[bytes] = []
        self.willing: Callable[[RawRequestMessage], bool] = lambda _message: True

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.other.append(await request.content.read())
        cast(GuardedConnection, request.protocol).enter(Phase.IDLE)
        return OTHER.response()

    def take(self, connection: GuardedConnection, message: RawRequestMessage, payload: StreamReader) -> bool:
        if not self.willing(message):
            return False
        connection.begin()
        self.taken.append(payload.read_nowait())
        return True


class Visit:
    """One open connection."""

    def __init__(self, entrance: Entrance, settings: Settings) -> None:
        self.entrance = entrance
        self.wire = Wire()
        self.guard = Guard(entrance, settings, Metrics(CollectorRegistry()))
        self.connection = cast(GuardedConnection, self.guard())

    async def send(self, data: bytes) -> None:
        self.connection.data_received(data)
        await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
async def visit(settings: Callable[..., Settings]) -> Visit:
    opened = Visit(Entrance(), settings())
    opened.connection.connection_made(opened.wire)
    await settle()
    return opened


async def test_a_whole_request_is_taken_and_answered_without_the_other_way(visit: Visit) -> None:
    await visit.send(post(b"one"))
    assert (visit.entrance.taken, visit.entrance.other, visit.wire.said) == ([b"one"], [], [])
    visit.connection.reply(answers.SUCCESS, last=False)
    (said,) = visit.wire.said
    assert said.startswith(b"HTTP/1.1 200 OK\r\n")
    assert said.endswith(answers.SUCCESS.body)
    await visit.send(post(b"two"))
    assert visit.entrance.taken == [b"one", b"two"]


@pytest.mark.parametrize("way", [True, False], ids=["direct", "other"])
async def test_reading_a_small_body_leaves_the_socket_alone(visit: Visit, way: bool) -> None:
    visit.entrance.willing = lambda _message: way
    await visit.send(post(b"small"))
    assert visit.entrance.taken + visit.entrance.other == [b"small"]
    assert visit.wire.switched == 0


async def test_a_body_that_stopped_the_reading_starts_it_again(visit: Visit) -> None:
    request = post(b"x" * 1_000_000)
    await visit.send(request[:100])
    visit.connection.pause_reading()
    await visit.send(request[100:])
    assert [len(body) for body in visit.entrance.other] == [1_000_000]
    assert visit.wire.reading


async def test_what_is_not_taken_reaches_the_other_way_untouched(visit: Visit) -> None:
    visit.entrance.willing = lambda _message: False
    await visit.send(post(b"body"))
    assert visit.entrance.other == [b"body"]
    assert visit.wire.said[0].endswith(OTHER.body)
    visit.entrance.willing = lambda _message: True
    await visit.send(post(b"next"))
    assert visit.entrance.taken == [b"next"]


@pytest.mark.parametrize("cut", [10, -1], ids=["inside the head", "inside the body"])
async def test_a_request_in_pieces_keeps_its_bytes_whichever_way_it_goes(visit: Visit, cut: int) -> None:
    request = post(b"in pieces")
    await visit.send(request[:cut])
    assert visit.entrance.taken == []
    await visit.send(request[cut:])
    assert visit.entrance.taken + visit.entrance.other == [b"in pieces"]


async def test_pipelined_requests_go_the_other_way(visit: Visit) -> None:
    await visit.send(post(b"1") + post(b"2"))
    assert (visit.entrance.taken, visit.entrance.other) == ([], [b"1", b"2"])


async def test_a_large_request_goes_the_other_way(visit: Visit) -> None:
    await visit.send(post(b"x" * WHOLE_BYTES))
    assert visit.entrance.taken == []
    assert [len(body) for body in visit.entrance.other] == [WHOLE_BYTES]


async def test_what_comes_before_the_answer_is_read_after_it(visit: Visit) -> None:
    await visit.send(post(b"first"))
    await visit.send(post(b"second")[:20])
    assert not visit.wire.reading
    await visit.send(post(b"second")[20:])
    assert visit.entrance.taken == [b"first"]
    visit.connection.reply(answers.SUCCESS, last=False)
    await settle()
    assert visit.wire.reading
    assert visit.entrance.taken == [b"first", b"second"]
    assert len(visit.wire.said) == 1


async def test_a_request_whose_head_came_before_the_answer_is_under_the_deadline_of_heads(
    visit: Visit,
) -> None:
    await visit.send(post(b"first"))
    await visit.send(post(b"second")[:20])
    visit.connection.reply(answers.SUCCESS, last=False)
    assert visit.connection.phase.value == "slow_head"


async def test_a_client_that_left_is_not_told_and_not_counted(visit: Visit) -> None:
    await visit.send(post(b"gone"))
    await visit.send(post(b"more"))
    visit.connection.connection_lost(None)
    visit.connection.reply(answers.SUCCESS, last=False)
    assert visit.wire.said == []
    assert visit.guard.open() == 0
    assert visit.entrance.taken == [b"gone"]


async def test_the_last_answer_says_so_and_ends_the_connection(visit: Visit) -> None:
    await visit.send(post(b"last"))
    await visit.send(post(b"never read"))
    visit.connection.reply(answers.SUCCESS, last=True)
    assert b"\r\nConnection: close\r\n" in visit.wire.said[0]
    assert visit.wire.closed
    assert visit.entrance.taken == [b"last"]


async def test_a_client_that_does_not_take_its_answers_waits_on_the_other_way(visit: Visit) -> None:
    visit.connection.pause_writing()
    await visit.send(post(b"x"))
    assert (visit.entrance.taken, visit.entrance.other) == ([], [b"x"])


async def test_a_bug_behind_the_door_is_a_500_that_tells_nothing(visit: Visit) -> None:
    def broken(_message: RawRequestMessage) -> bool:
        raise RuntimeError("a detail")

    visit.entrance.willing = broken
    await visit.send(post(b"x"))
    (said,) = visit.wire.said
    assert said.startswith(b"HTTP/1.1 500 ")
    assert b"detail" not in said
    assert visit.wire.closed


async def test_work_in_progress_is_under_the_deadline_of_work(visit: Visit) -> None:
    await visit.send(post(b"x"))
    assert visit.connection.phase.value == "slow_answer"
    assert visit.guard.idle(for_seconds=-1) == []
    visit.connection.reply(answers.SUCCESS, last=False)
    assert visit.guard.idle(for_seconds=-1) == [visit.connection]
