"""What strangers may cost: pieces, memory, time, and what is read for nothing. None of it depends on how fast this machine is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from ingress.door import Door
from ingress.limits import Limits
from ingress.metrics import Metrics
from ingress.request import SLICE
from ingress.turnstile import Turnstile
from ingress.unverified import MUCH_BYTES, UnverifiedBytes, trim
from providers.registry import PROVIDERS
from runtime.settings import Settings
from tests.unit.ingress.jumping import at, now, play
from tests.unit.ingress.wire import Visit, chunked, post

Make = Callable[..., Settings]


async def test_a_body_in_crumbs_is_answered_and_not_parsed_any_further(settings: Make) -> None:
    visit = Visit(settings(ingress_pieces_free=100, ingress_piece_bytes_min=64))
    visit.handler.vouch = True
    visit.send(chunked(*[b"x"] * 50_000))
    assert visit.handler.turned == ["crumbs"]
    assert visit.wire.statuses == [400]
    visit.send(b"1\r\nx\r\n" * 50_000)
    assert len(visit.wire.said) == 1


@pytest.mark.parametrize("chunk", [1, 7, 63])
async def test_crumbs_are_counted_against_size(settings: Make, chunk: int) -> None:
    """As many as are free, whatever their size; beyond them only chunks that carry something."""
    visit = Visit(settings(ingress_pieces_free=1000, ingress_piece_bytes_min=64))
    visit.handler.vouch = True
    visit.send(chunked(*[b"x" * chunk] * 600))
    assert visit.handler.bodies == [b"x" * chunk * 600]
    visit.answer()
    visit.send(chunked(*[b"x" * 5000] * 200))
    assert visit.handler.turned == []


async def test_chunk_extensions_count_as_crumbs(settings: Make) -> None:
    visit = Visit(settings(ingress_pieces_free=100))
    visit.handler.vouch = True
    head, _, _ = chunked().partition(b"0\r\n")
    visit.send(head + (b"1;" + b"e" * 60 + b"\r\nx\r\n") * 200)
    assert visit.handler.turned == ["crumbs"]


async def test_reads_count_as_crumbs(settings: Make) -> None:
    visit = Visit(settings(ingress_pieces_free=100))
    visit.handler.vouch = True
    visit.send(post(b"x" * 1000)[:-1000])
    for _ in range(200):
        visit.send(b"x")
    assert visit.handler.turned == ["crumbs"]


async def test_an_endless_head_is_refused(settings: Make) -> None:
    limits = {"ingress_header_limit_bytes": 2000, "ingress_header_field_limit_bytes": 1000}
    visit = Visit(settings(**limits))
    visit.send(
        b"POST / HTTP/1.1\r\n" + b"".join(b"h%d: %s\r\n" % (number, b"v" * 900) for number in range(20))
    )
    assert visit.wire.statuses == [431]


async def test_a_head_in_crumbs_is_refused(settings: Make) -> None:
    visit = Visit(settings(ingress_pieces_free=16, ingress_stranger_share=1.0))
    for byte in post(b"")[:30]:
        visit.send(bytes([byte]))
    assert visit.wire.statuses == [431]


async def test_the_budget_turns_away_the_biggest_and_slowest_and_is_free_again_after(settings: Make) -> None:
    chosen = settings(ingress_unverified_bytes=1_048_576)
    first = Visit(chosen)
    visits = [first, *(Visit(chosen, first.guard) for _ in range(4))]
    small, *others = visits
    small.send(post(b"x" * 1000)[:-1])
    for visit in others:
        visit.send(post(b"x" * 250_000)[:-1])
    assert first.guard.unverified.total == sum((999, 249_999 * 4))
    others[2].connection.since -= 100.0
    late = Visit(chosen, first.guard)
    late.send(post(b"x" * 200_000)[:-1])
    assert others[2].wire.statuses == [503]
    assert [visit.wire.said for visit in (small, late)] == [[], []], "the small and the new one may stay"
    assert first.guard.unverified.total <= 1_048_576
    small.send(b"x")
    assert small.handler.bodies == [b"x" * 1000]
    small.answer()
    for visit in [*others, late]:
        visit.connection.connection_lost(None)
    assert first.guard.unverified.total == 0


async def test_any_number_of_unfinished_bodies_stays_within_the_budget(settings: Make) -> None:
    chosen = settings(ingress_unverified_bytes=2_000_000)
    first = Visit(chosen)
    for _ in range(300):
        Visit(chosen, first.guard).send(post(b"x" * 60_000)[:-1])
        assert first.guard.unverified.total <= 2_000_000
    honest = Visit(chosen, first.guard)
    honest.send(post(b"whole"))
    assert first.handler.bodies == [b"whole"]
    assert set(first.handler.turned) == {"crowded"}


def test_memory_is_given_back_once_after_a_flood() -> None:
    given: list[int] = []
    budget = UnverifiedBytes(100 * MUCH_BYTES, lambda: 0.0)
    holders = [Visitor() for _ in range(9)]
    for holder in holders:
        budget.hold(holder, MUCH_BYTES)
        budget.give_back(lambda: given.append(1))
    assert given == [], "not while it is needed"
    for holder in holders[1:]:
        budget.leave(holder)
    for _ in range(5):
        budget.give_back(lambda: given.append(1))
    assert given == [1]
    trim()


class Visitor:
    """Holds bytes, and lets go of none."""

    since = 0.0
    vouched = False

    def relieve(self) -> None:
        raise AssertionError


async def test_whose_head_is_good_goes_last(settings: Make) -> None:
    chosen = settings(ingress_unverified_bytes=1_048_576)
    good = Visit(chosen)
    good.handler.vouch = True
    good.send(post(b"x" * 900_000)[:-1])
    good.handler.vouch = False
    for _ in range(20):
        Visit(chosen, good.guard).send(post(b"x" * 60_000)[:-1])
    good.send(b"x")
    assert [len(body) for body in good.handler.bodies] == [900_000]


async def test_what_is_sent_ahead_of_an_answer_is_in_the_budget_too(settings: Make) -> None:
    chosen = settings(ingress_unverified_bytes=1_048_576)
    first = Visit(chosen)
    visits = [first, *(Visit(chosen, first.guard) for _ in range(9))]
    for visit in visits:
        visit.send(post(b"x"))
        visit.send(post(b"y" * 250_000))
        assert first.guard.unverified.total <= 1_048_576
    for visit in visits:
        visit.answer()
        assert visit.wire.statuses == [200], "what was taken is answered whatever else was sent"


async def test_heads_that_never_end_are_in_the_budget(settings: Make) -> None:
    visit = Visit(settings())
    visit.send(b"POST / HTTP/1.1\r\nh: " + b"v" * 3000)
    assert visit.guard.unverified.total > 3000


async def test_a_stranger_gets_no_more_than_a_slice_before_others_have_their_turn(settings: Make) -> None:
    """Its time is used up with the first slice; what is left waits, and the socket is not read."""
    visit = Visit(settings())
    clock = iter(range(1000))
    visit.guard.turnstile.clock = lambda: float(next(clock))
    visit.send(chunked(*[b"x" * 100] * 200))
    assert not visit.wire.reading
    assert visit.handler.bodies == []
    assert visit.guard.unverified.total > 100 * 200 - 2 * SLICE
    other = Visit(settings(), visit.guard)
    other.send(post(b"small"))
    assert visit.handler.bodies == [b"small"], "a small request never waits"


async def test_who_was_just_refused_waits_its_turn_with_the_next(settings: Make) -> None:
    visit = Visit(settings())
    visit.guard.turnstile.spend(3600.0)
    visit.connection.suspect = True
    visit.send(post(b"again"))
    assert visit.handler.bodies == []
    assert len(visit.guard.turnstile) == 1
    visit.connection.connection_lost(None)
    assert len(visit.guard.turnstile) == 0


async def test_requests_sent_in_rows_take_turns_behind_the_first(settings: Make) -> None:
    """Small ones never wait; hundreds that one read brought did not either, and nobody else was served in between."""
    visit = Visit(settings())
    visit.guard.turnstile.spend(3600.0)
    visit.send(post(b"1") + post(b"2") + post(b"3"))
    assert visit.handler.bodies == [b"1"]
    visit.answer()
    assert visit.handler.bodies == [b"1"]
    assert len(visit.guard.turnstile) == 1


async def test_who_waits_for_each_answer_or_shows_a_credential_sends_as_much_as_it_likes(
    settings: Make,
) -> None:
    for vouch, sent in (
        (False, [post(b"1"), post(b"2"), post(b"3")]),
        (True, [post(b"1") + post(b"2") + post(b"3")]),
    ):
        visit = Visit(settings())
        visit.guard.turnstile.spend(3600.0)
        visit.handler.vouch = vouch
        for number in range(3):
            if number < len(sent):
                visit.send(sent[number])
            visit.answer()
        assert visit.handler.bodies == [b"1", b"2", b"3"]


@pytest.mark.parametrize(
    ("asked", "suspect"),
    [
        (b"GET /webhooks/nobody HTTP/1.1", True),
        (b"GET /webhooks/xendit HTTP/1.1", True),
        (b"POST /livez HTTP/1.1", True),
        (b"GET /livez HTTP/1.1", False),
    ],
)
async def test_who_asks_for_what_is_not_there_takes_turns_with_the_next(
    settings: Make, asked: bytes, suspect: bool
) -> None:
    chosen = settings()
    visit = Visit(chosen)
    visit.guard.door = Door(
        chosen,
        paths={"/webhooks/xendit": PROVIDERS["xendit"]},
        durable=cast(Any, None),
        quarantine=cast(Any, None),
        limits=Limits(chosen, ["xendit"]),
        health=cast(Any, SimpleNamespace(draining=False)),
        metrics=Metrics(CollectorRegistry()),
        trusted=(),
    )
    visit.guard.turnstile.spend(3600.0)
    visit.send(asked + b"\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert len(visit.wire.statuses) == 1
    assert visit.connection.suspect is suspect
    visit.send(asked + b"\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert len(visit.wire.statuses) == 1 + (not suspect)


async def test_a_body_of_a_stranger_beyond_a_usual_one_waits_its_turn(settings: Make) -> None:
    for size, limit, taken in (
        (16_384, {}, True),
        (16_385, {}, False),
        (16_385, {"ingress_quick_body_bytes": 20_000}, True),
    ):
        visit = Visit(settings(**limit))
        visit.guard.turnstile.spend(3600.0)
        visit.send(post(b"x" * size))
        assert bool(visit.handler.bodies) is taken, (size, limit)


async def test_a_good_head_never_waits(settings: Make) -> None:
    visit = Visit(settings())
    visit.guard.turnstile.spend(3600.0)
    visit.handler.vouch = True
    visit.send(chunked(*[b"x" * 5000] * 100))
    assert [len(body) for body in visit.handler.bodies] == [500_000]


async def test_no_more_is_thrown_away_than_the_rate_allows(settings: Make) -> None:
    visit = Visit(settings(ingress_discard_bytes_per_second=1_048_576))
    visit.handler.limit = 10
    visit.send(post(b"x" * 1_000_000)[:200_000])
    assert visit.handler.turned == ["too_large"]
    assert visit.wire.half_closed
    visit.send(b"x" * 200_000)
    assert visit.wire.reading
    for _ in range(6):
        visit.send(b"x" * 200_000)
    assert not visit.wire.reading


class Worker:
    """Wants so much time, in steps."""

    def __init__(
        self, turnstile: Turnstile, steps: int, seconds: float, done: list[tuple[object, float]]
    ) -> None:
        self._turnstile, self._steps, self._seconds, self._done = turnstile, steps, seconds, done

    def proceed(self) -> None:
        while self._steps and self._turnstile.admits(self):
            self._steps -= 1
            self._turnstile.spend(self._seconds)
            self._done.append((self, now()))


def test_strangers_together_get_their_share_and_each_its_turn() -> None:
    done: list[tuple[object, float]] = []

    async def scene() -> None:
        turnstile = Turnstile(0.5, asyncio.get_running_loop())
        workers = [Worker(turnstile, 1000, 0.001, done) for _ in range(4)]
        for worker in workers:
            worker.proceed()
        await at(1.0)

    play(scene)
    assert 490 <= len(done) <= 510, "half a second's worth in a second"
    counts = [sum(1 for who, _ in done if who is worker) for worker in {who for who, _ in done}]
    assert len(counts) == 4
    assert max(counts) - min(counts) <= 10
