"""A wrong credential is told at the pace that strangers may cost. Whoever is told at once comes back at once, and all pay for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from prometheus_client import CollectorRegistry

from ingress import answers
from ingress.answers import Answer
from ingress.connection import Connection
from ingress.guard import REFUSAL_SECONDS, Guard
from ingress.metrics import Metrics
from ingress.request import Request
from ingress.turnstile import AHEAD_SECONDS
from runtime.settings import Settings
from tests.unit.ingress.jumping import at, play
from tests.unit.ingress.wire import Handler, Visit, post

Make = Callable[..., Settings]

AT_ONCE = int(AHEAD_SECONDS / REFUSAL_SECONDS) + 1
FORGED = post(b"x" * 300)
LARGE = post(b"x" * 1_048_576)[:16_000]  # what is read of it before it is refused


class Refusing(Handler):
    """Refuses everybody, as the door does: small ones when they are whole, large ones by their head."""

    def look(self, request: Request) -> str | None:
        request.limit = 65_536
        return "refused" if (request.length or 0) > request.limit else None

    def take(self, connection: Connection, request: Request) -> None:
        connection.suspect = request.body != b"genuine"
        connection.reply(answers.INVALID_SIGNATURE if connection.suspect else answers.SUCCESS, last=False)

    def turn_away(self, connection: Connection, request: Request, cause: str) -> Answer:
        connection.suspect = True
        return super().turn_away(connection, request, cause)


def flood(guard: Guard, settings: Settings, what: bytes, count: int) -> list[Visit]:
    visits = [Visit(settings, guard) for _ in range(count)]
    for visit in visits:
        visit.send(what)
    return visits


def guarded(settings: Settings) -> Guard:
    return Guard(cast(Handler, Refusing()), settings, Metrics(CollectorRegistry()))


def told(visits: list[Visit]) -> int:
    return sum(len(visit.wire.said) for visit in visits)


def test_so_many_new_clients_are_refused_as_their_share_pays_for(settings: Make) -> None:
    chosen = settings(ingress_stranger_share=0.25)

    async def scene() -> None:
        guard = guarded(chosen)
        visits = flood(guard, chosen, FORGED, 2000)
        assert told(visits) == AT_ONCE
        for second in (0.2, 0.4, 0.8):
            await at(second)
            assert abs(told(visits) - second * 0.25 / REFUSAL_SECONDS) < 10 + AT_ONCE

    play(scene)


def test_what_comes_to_be_thrown_away_is_paid_for_too(settings: Make) -> None:
    chosen = settings(ingress_stranger_share=0.25)

    async def scene() -> None:
        small, large = (flood(guarded(chosen), chosen, what, 500) for what in (FORGED, LARGE))
        await at(0.5)
        assert told(small) > 2 * told(large) > 0

    play(scene)


def test_a_genuine_webhook_waits_for_none_of_them(settings: Make) -> None:
    chosen = settings()

    async def scene() -> None:
        guard = guarded(chosen)
        flood(guard, chosen, FORGED, 500)
        (genuine,) = flood(guard, chosen, post(b"genuine"), 1)
        assert genuine.wire.statuses == [200]
        refused = flood(guard, chosen, FORGED, 1)[0]
        refused.send(post(b"genuine"))
        assert told([refused]) == 0, "in the order of its connection"
        await at(0.9)
        assert refused.wire.statuses == [401, 200]

    play(scene)


def test_one_wrong_credential_is_told_at_once(settings: Make) -> None:
    chosen = settings()

    async def scene() -> None:
        for what in (FORGED, LARGE):
            (visit,) = flood(guarded(chosen), chosen, what, 1)
            assert told([visit]) == 1

    play(scene)


def test_who_waits_for_a_refusal_gives_way_first_and_not_for_long(settings: Make) -> None:
    chosen = settings(ingress_connection_limit=100, ingress_farewell_seconds=0.1)

    async def scene() -> None:
        guard = guarded(chosen)
        idle = Visit(chosen, guard)
        visits = flood(guard, chosen, LARGE, 99)
        waiting = [visit for visit in visits if not visit.wire.said]
        assert guard.unverified.total <= 99 * len(LARGE)
        (genuine,) = flood(guard, chosen, post(b"genuine"), 1)
        assert (genuine.wire.statuses, idle.wire.closed) == ([200], False)
        assert sum(visit.wire.closed for visit in waiting) <= 1
        for visit in waiting:
            visit.connection.since -= 1.0
            visit.connection.late()
        assert all(visit.wire.closed for visit in waiting)

    play(scene)


def test_who_leaves_while_it_waits_is_forgotten(settings: Make) -> None:
    chosen = settings()

    async def scene() -> None:
        guard = guarded(chosen)
        visits = flood(guard, chosen, LARGE, 50)
        for visit in visits:
            visit.connection.connection_lost(None)
        assert (len(guard.turnstile), guard.open(), guard.unverified.total) == (0, 0, 0)
        before = told(visits)
        await at(1.0)
        assert told(visits) == before

    play(scene)
