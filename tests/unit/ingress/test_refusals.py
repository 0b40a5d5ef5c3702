"""Whoever is told no waits for it among others who are, and keeps nobody else waiting. None of it depends on how fast this machine is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ingress.guard import Guard
from runtime.settings import Settings
from tests.unit.ingress.jumping import at, now, play
from tests.unit.ingress.wire import Visit, post

Make = Callable[..., Settings]


def refused(guard: Guard | None, chosen: Settings) -> Visit:
    """A client that is told no while most of its body is still to come."""
    visit = Visit(chosen, guard)
    visit.handler.limit = 10
    visit.send(post(b"x" * 100_000)[:50_000])
    return visit


async def test_who_is_refused_with_an_unread_body_waits_for_its_answer_when_there_are_many(
    settings: Make,
) -> None:
    """And holds nothing meanwhile, is not read, and keeps nobody else waiting."""
    chosen = settings(ingress_refusals_per_second=20)
    first = refused(None, chosen)
    crowd = [first, *(refused(first.guard, chosen) for _ in range(50))]
    told = [visit for visit in crowd if visit.wire.said]
    assert [visit.wire.statuses for visit in told] == [[400]] * 2, "a tenth of a second's worth at once"
    assert not any(visit.wire.reading for visit in crowd if not visit.wire.said)
    assert first.guard.unverified.total == 0
    first.handler.limit = 1_048_576
    signed = Visit(chosen, first.guard)
    signed.send(post(b"x" * 300_000))
    whole = Visit(chosen, first.guard)
    whole.send(post(b"small"))
    assert [len(body) for body in first.handler.bodies] == [300_000, 5]


def test_the_refused_are_answered_in_order_and_no_more_of_them_than_the_rate_allows(settings: Make) -> None:
    answered: list[tuple[int, float]] = []

    async def scene() -> None:
        chosen = settings(ingress_refusals_per_second=100)
        first = refused(None, chosen)
        crowd = [first, *(refused(first.guard, chosen) for _ in range(149))]
        for moment in range(1, 200):
            await at(moment / 100)
            told = [number for number, visit in enumerate(crowd) if visit.wire.said]
            answered.extend((number, now()) for number in told[len(answered) :])
        assert all(visit.wire.statuses == [400] and visit.wire.half_closed for visit in crowd)

    play(scene)
    assert [number for number, _ in answered] == list(range(150))
    assert 95 <= sum(1 for _, moment in answered if moment <= 0.9) <= 105


async def test_who_asked_to_be_closed_after_a_refusal_waits_with_them(settings: Make) -> None:
    """Otherwise a new connection for each forged request would be the way around."""
    chosen = settings(ingress_refusals_per_second=10)
    first = Visit(chosen)
    crowd = [first, *(Visit(chosen, first.guard) for _ in range(9))]
    for visit in crowd:
        visit.send(post(b"small", fields=b"Connection: close\r\n"))
        visit.connection.suspect = True
        visit.answer()
    assert [len(visit.wire.said) for visit in crowd] == [1] + [0] * 9
    good = Visit(chosen, first.guard)
    good.send(post(b"small", fields=b"Connection: close\r\n"))
    good.answer()
    assert good.wire.statuses == [200]


async def test_who_waits_for_a_refusal_and_leaves_is_forgotten_and_gives_way_first(settings: Make) -> None:
    chosen = settings(ingress_refusals_per_second=1, ingress_connection_limit=5)
    first = refused(None, chosen)
    idle = Visit(chosen, first.guard)
    crowd = [refused(first.guard, chosen) for _ in range(3)]
    assert len(first.guard.refusals) == 3
    crowd[1].connection.connection_lost(None)
    assert len(first.guard.refusals) == 2
    for _ in range(3):
        Visit(chosen, first.guard)
    assert not idle.wire.closed, "whoever was refused goes before those who may still be honest"
    assert len(first.guard.refusals) == 1


async def test_a_good_credential_is_never_kept_waiting_for_a_no(settings: Make) -> None:
    chosen = settings(ingress_refusals_per_second=1)
    first = refused(None, chosen)
    crowd = [refused(first.guard, chosen) for _ in range(5)]
    first.handler.vouch = True
    known = refused(first.guard, chosen)
    assert known.wire.statuses == [400]
    assert not any(visit.wire.said for visit in crowd)


def test_who_waits_for_a_refusal_longer_than_a_body_may_take_is_told_then(settings: Make) -> None:
    async def scene() -> None:
        chosen = settings(ingress_refusals_per_second=1, ingress_body_deadline_seconds=2.0)
        first = refused(None, chosen)
        crowd = [refused(first.guard, chosen) for _ in range(20)]
        sweeping = asyncio.create_task(first.guard.sweep())
        await at(4.0)
        assert [visit.wire.statuses for visit in crowd] == [[400]] * 20
        sweeping.cancel()

    play(scene)
