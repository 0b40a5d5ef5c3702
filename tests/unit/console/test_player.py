"""Order, duplicates and retries of a simulated provider."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from console import player
from console.exits import CommandError
from tests.unit.ingress.jumping import at, now, play


@dataclass(frozen=True)
class Webhook:
    body: bytes
    path: str = "/webhooks/xendit"
    headers: Mapping[str, str] = field(default_factory=dict)


WEBHOOKS = [Webhook(b"%d" % number) for number in range(200)]


def test_without_duplicates_and_disorder_the_order_stays() -> None:
    assert player.shuffle(WEBHOOKS, duplicates=0, disorder=0, seed=1) == WEBHOOKS


def test_shuffling_loses_nothing_and_repeats_with_its_seed() -> None:
    shuffled = player.shuffle(WEBHOOKS, duplicates=0.3, disorder=0.5, seed=7)
    assert {webhook.body for webhook in shuffled} == {webhook.body for webhook in WEBHOOKS}
    assert len(shuffled) > len(WEBHOOKS)
    assert shuffled != WEBHOOKS
    assert shuffled == player.shuffle(WEBHOOKS, duplicates=0.3, disorder=0.5, seed=7)
    assert shuffled != player.shuffle(WEBHOOKS, duplicates=0.3, disorder=0.5, seed=8)


@pytest.fixture
async def door():  # type: ignore[no-untyped-def]
    seen: list[bytes] = []
    answers: dict[bytes, list[int]] = {}

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        seen.append(body)
        return web.Response(status=answers.get(body, []).pop(0) if answers.get(body) else 200)

    async def live(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/webhooks/xendit", take), web.get("/livez", live)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}", seen, answers
    await runner.cleanup()


async def test_a_delivery_is_sent_until_it_is_answered(door, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    address, seen, answers = door
    monkeypatch.setattr(player, "RETRY_PAUSES_SECONDS", (0.0, 0.0, 0.0))
    answers[b"1"] = [503, 503]
    answers[b"2"] = [401]
    answers[b"3"] = [503] * 10
    told: list[int] = []
    given = await player.play(address, WEBHOOKS[:4], progress=lambda done, of: told.append(done))
    assert [(answer.status, answer.attempts) for answer in given] == [(200, 1), (200, 3), (401, 1), (503, 4)]
    assert seen.count(b"1") == 3
    assert sorted(told) == [1, 2, 3, 4]


async def test_a_rate_is_kept(door) -> None:  # type: ignore[no-untyped-def]
    address, seen, _ = door
    started = asyncio.get_running_loop().time()
    await player.play(address, WEBHOOKS[:11], rate=50)
    assert asyncio.get_running_loop().time() - started >= 0.2
    assert len(seen) == 11


async def test_nobody_at_the_door_is_one_sentence() -> None:
    with pytest.raises(CommandError, match="make run"):
        await player.play("http://127.0.0.1:1", WEBHOOKS[:1])


@pytest.mark.parametrize("status", [503, 0])
async def test_who_has_patience_gives_up_on_a_door_that_takes_nothing(
    status: int, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on one that answers, and refuses again and again."""
    alive, looked = asyncio.Event(), player.check_door

    async def is_there(address: str, _patience: float) -> None:
        await looked(address, 60.0)

    monkeypatch.setattr(player, "check_door", is_there)

    async def take(request: web.Request) -> web.Response:
        if not status:
            await alive.wait()
        return web.Response(status=status or 200)

    async def live(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/webhooks/xendit", take), web.get("/livez", live)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    started = asyncio.get_running_loop().time()
    with pytest.raises(CommandError, match=r"0 of 3 done.*lunas status"):
        await player.play(f"http://127.0.0.1:{unused_tcp_port}", WEBHOOKS[:3], patience=0.3)
    assert asyncio.get_running_loop().time() - started < 60  # there were minutes
    alive.set()
    await runner.cleanup()


def test_patience_is_for_waiting_not_for_a_slow_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a time that jumps: what is sent is answered well before patience ends, and the next is sent long after."""
    sent: list[bytes] = []

    async def is_there(_address: str, _patience: float) -> None:
        return None

    async def answered(_session: object, _address: str, delivery: Webhook) -> player.Answered:
        await at(now() + 10)
        sent.append(delivery.body)
        return player.Answered(delivery, 200, 1)

    monkeypatch.setattr(player, "check_door", is_there)
    monkeypatch.setattr(player, "_deliver", answered)

    async def scene() -> None:
        await player.play("http://door.example", WEBHOOKS[:4], rate=0.01, patience=15.0)

    play(scene)
    assert sent == [b"0", b"1", b"2", b"3"]
