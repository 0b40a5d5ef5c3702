"""One client's requests: whole or in pieces, one after the other, each with its answer in its turn."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ingress import answers
from runtime.settings import Settings
from tests.unit.ingress.wire import Visit, chunked, post
from tests.waiting import until


@pytest.fixture
async def visit(settings: Callable[..., Settings]) -> Visit:
    return Visit(settings())


async def test_a_whole_request_is_taken_at_once_and_the_next_after_its_answer(visit: Visit) -> None:
    visit.send(post(b"one"))
    assert (visit.handler.bodies, visit.wire.said) == ([b"one"], [])
    visit.answer()
    (said,) = visit.wire.said
    assert said.startswith(b"HTTP/1.1 200 OK\r\n")
    assert said.endswith(answers.SUCCESS.body)
    visit.send(post(b"two"))
    assert visit.handler.bodies == [b"one", b"two"]


async def test_a_small_request_leaves_the_socket_alone(visit: Visit) -> None:
    visit.send(post(b"small"))
    visit.answer()
    assert visit.wire.switched == 0


@pytest.mark.parametrize(
    "request_", [post(b"in pieces"), chunked(b"in ", b"pieces")], ids=["length", "chunked"]
)
async def test_a_request_cut_anywhere_keeps_its_bytes(visit: Visit, request_: bytes) -> None:
    for cut in range(1, len(request_)):
        visit.send(request_[:cut])
        visit.send(request_[cut:])
        await until(lambda: visit.handler.bodies)
        assert visit.handler.bodies.pop() == b"in pieces"
        visit.answer()


async def test_a_request_of_single_bytes_keeps_them(visit: Visit) -> None:
    for byte in post(b"x" * 300):
        visit.send(bytes([byte]))
    await until(lambda: visit.handler.bodies == [b"x" * 300])


@pytest.mark.parametrize("size", [65_535, 65_536, 1_048_576])
async def test_a_large_request_keeps_its_bytes(visit: Visit, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    visit.send(post(body))
    await until(lambda: visit.handler.bodies == [body])


async def test_pipelined_requests_are_taken_in_their_order(visit: Visit) -> None:
    visit.send(post(b"1") + chunked(b"2") + post(b"3"))
    for number in (b"1", b"2", b"3"):
        assert visit.handler.bodies.pop() == number
        assert visit.handler.bodies == []
        visit.answer()
    assert len(visit.wire.said) == 3


async def test_a_head_that_came_before_the_answer_is_under_the_deadline_of_heads(visit: Visit) -> None:
    visit.send(post(b"first"))
    visit.send(post(b"second")[:20])
    visit.answer()
    assert visit.connection.phase.value == "slow_head"


async def test_what_comes_before_the_answer_is_read_after_it(visit: Visit) -> None:
    visit.send(post(b"first"))
    visit.send(post(b"second")[:20])
    assert not visit.wire.reading
    visit.send(post(b"second")[20:])
    assert visit.handler.bodies == [b"first"]
    visit.answer()
    assert visit.wire.reading
    assert visit.handler.bodies == [b"first", b"second"]
    assert len(visit.wire.said) == 1


async def test_a_client_that_left_is_not_told_and_not_counted(visit: Visit) -> None:
    visit.send(post(b"gone"))
    visit.send(post(b"more"))
    visit.connection.connection_lost(None)
    visit.answer()
    assert visit.wire.said == []
    assert visit.guard.open() == 0
    assert visit.guard.unverified.total == 0
    assert visit.handler.bodies == [b"gone"]


async def test_the_last_answer_says_so_and_ends_the_connection(visit: Visit) -> None:
    visit.send(post(b"last"))
    visit.answer(last=True)
    assert b"\r\nConnection: close\r\n" in visit.wire.said[0]
    assert visit.wire.closed


async def test_what_came_after_the_last_request_is_never_read(visit: Visit) -> None:
    visit.send(post(b"last"))
    visit.send(post(b"never read"))
    visit.answer(last=True)
    visit.send(post(b"nor this"))
    assert visit.handler.bodies == [b"last"]
    assert visit.wire.half_closed
    assert not visit.wire.closed, "closing now could cost the client its answer"
    assert visit.connection.eof_received() is False


async def test_who_closes_its_half_after_a_whole_request_gets_the_answer(visit: Visit) -> None:
    visit.send(post(b"one") + post(b"two"))
    assert visit.connection.eof_received() is True
    visit.answer()
    assert not visit.wire.closed
    visit.answer()
    assert visit.handler.bodies == [b"one", b"two"]
    assert visit.wire.statuses == [200, 200]
    assert visit.wire.closed


async def test_who_closes_its_half_inside_a_body_is_told(visit: Visit) -> None:
    visit.send(post(b"never whole")[:-1])
    visit.connection.eof_received()
    assert visit.handler.turned == ["broken_body"]
    assert visit.wire.statuses == [400]
    assert visit.wire.closed


@pytest.mark.parametrize("sent", [b"", post(b"x")[:10]], ids=["idle", "inside a head"])
async def test_who_closes_its_half_without_a_request_is_closed(visit: Visit, sent: bytes) -> None:
    visit.send(sent)
    assert visit.connection.eof_received() is False
    assert visit.wire.said == []


async def test_a_client_that_does_not_take_its_answers_is_not_read(visit: Visit) -> None:
    visit.connection.pause_writing()
    visit.send(post(b"x"))
    assert visit.handler.bodies == []
    assert visit.connection.phase.value == "slow_answer"
    visit.connection.resume_writing()
    assert visit.handler.bodies == [b"x"]


async def test_a_bug_behind_the_door_is_a_500_that_tells_nothing(visit: Visit) -> None:
    visit.handler.broken = True
    visit.send(post(b"x"))
    (said,) = visit.wire.said
    assert said.startswith(b"HTTP/1.1 500 ")
    assert b"detail" not in said
    assert visit.wire.closed


async def test_work_in_progress_is_under_the_deadline_of_work(visit: Visit) -> None:
    visit.send(post(b"x"))
    assert visit.connection.phase.value == "slow_answer"
    assert visit.guard.idle(for_seconds=-1) == []
    visit.answer()
    assert visit.guard.idle(for_seconds=-1) == [visit.connection]


async def test_a_body_gets_no_new_deadline_with_every_byte(visit: Visit) -> None:
    request = post(b"slowly")
    visit.send(request[:-3])
    visit.connection.since = -7.0
    visit.send(request[-3:-2])
    assert (visit.connection.phase.value, visit.connection.since) == ("slow_body", -7.0)


async def test_a_late_body_is_told_and_anything_else_that_is_late_is_cut(
    settings: Callable[..., Settings],
) -> None:
    body, head = Visit(settings()), Visit(settings())
    body.send(post(b"late")[:-1])
    head.send(post(b"late")[:9])
    for visit in (body, head):
        visit.connection.late()
    assert (body.wire.statuses, head.wire.statuses) == ([408], [])
    assert head.wire.closed
