"""Switches, retries and the clock: what goes wrong on demand, for every provider alike."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest

from providers.fakes.provider import FakeProvider
from providers.fakes.world import FakeWorld
from tests.unit.providers.fakes.stand import Caller, WebhookDoor
from tests.unit.providers.fakes.test_xendit_requests import OVO, QRIS, VA, ask, create
from tests.waiting import until

PLACE = "/v3/payment_requests"


async def turn_on(caller: Caller, **switch: Any) -> dict[str, Any]:
    status, made = await caller.control("POST", "/switches", {"provider": "xendit", **switch})
    assert status == 200, made
    return dict(made)


@pytest.mark.parametrize("silence", ["timeout_after", "drop_after"])
async def test_no_answer_can_mean_that_the_work_was_done(caller: Caller, silence: str) -> None:
    await turn_on(caller, do=silence, method="POST", path=PLACE, times=1, seconds=0.05)
    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        await ask(caller, "POST", PLACE, QRIS)
    _, listed, _ = await ask(caller, "GET", "/payment_requests?reference_id=topup-1")
    assert len(listed["data"]) == 1
    assert (await ask(caller, "POST", PLACE, QRIS))[0] == 409  # the switch is used up, the reference too


async def test_no_answer_can_mean_that_nothing_was_done(caller: Caller) -> None:
    await turn_on(caller, do="timeout", method="POST", times=1, seconds=0.05)
    with pytest.raises(aiohttp.ClientError):
        await ask(caller, "POST", PLACE, QRIS)
    assert (await caller.control("GET", "/payments"))[1] == []
    assert (await create(caller))["status"] == "REQUIRES_ACTION"


async def test_a_silent_call_ends_when_its_caller_goes(caller: Caller) -> None:
    await turn_on(caller, do="timeout_after", times=1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await ask(caller, "POST", PLACE, QRIS)
    assert len((await caller.control("GET", "/payments"))[1]) == 1


@pytest.mark.parametrize(
    ("switch", "status", "code"),
    [
        ({"do": "refuse", "status": 503, "code": "CHANNEL_UNAVAILABLE"}, 503, "CHANNEL_UNAVAILABLE"),
        ({"do": "rate_limited"}, 429, "RATE_LIMIT_EXCEEDED"),
        ({"do": "answer", "status": 200, "body": {"error_code": "ODD"}}, 200, "ODD"),
    ],
)
async def test_an_answer_can_be_wished_for_so_many_times(
    caller: Caller, switch: dict[str, Any], status: int, code: str
) -> None:
    await turn_on(caller, times=2, **switch)
    for _ in range(2):
        given, said, _ = await ask(caller, "POST", PLACE, QRIS)
        assert (given, said["error_code"]) == (status, code)
    assert (await create(caller))["status"] == "REQUIRES_ACTION"


async def test_a_single_request_brings_its_switch_along(caller: Caller) -> None:
    wish = {"x-fake": "no_actions, latency seconds=0.01"}
    _, made, _ = await ask(caller, "POST", PLACE, QRIS | {"reference_id": "a"}, **wish)
    assert "actions" not in made
    gopay = QRIS | {"reference_id": "b", "channel_code": "GOPAY"}
    _, made, _ = await ask(caller, "POST", PLACE, gopay, **{"x-fake": "gopay_without_redirect"})
    assert made["actions"] == []
    expiring = QRIS | {"reference_id": "c", "channel_properties": {"expires_at": "2026-03-02T04:00:00Z"}}
    assert (await ask(caller, "POST", PLACE, expiring, **{"x-fake": "qris_takes_expires_at"}))[0] == 201


@pytest.mark.parametrize(
    "wish",
    [
        {"do": "sunshine"},
        {"do": "timeout", "colour": "red"},
        {},
        {"do": ["timeout"]},
        {"do": "timeout", "provider": "xendti"},
        {"do": "timeout", "method": "post"},
        {"do": "timeout", "path": 7},
        {"do": "timeout", "path": "v3"},
        {"do": "timeout", "times": "two"},
        {"do": "timeout", "times": 0},
        {"do": "timeout", "times": True},
        {"do": "latency", "seconds": "long"},
        {"do": "latency", "seconds": -1},
        {"do": "refuse", "status": "503"},
        {"do": "answer", "status": 99},
        {"do": "refuse", "code": 7},
    ],
)
async def test_a_switch_nobody_knows_is_refused(caller: Caller, wish: dict[str, Any]) -> None:
    status, said = await caller.control("POST", "/switches", wish)
    assert status == 400
    assert said["error"]
    assert (await caller.control("GET", "/switches"))[1]["on"] == []


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{", b"[]", b"\xff"])
async def test_a_wish_that_is_no_json_object_is_told(caller: Caller, body: bytes) -> None:
    for place in ("switches", "clock"):
        async with caller.session.post(f"{caller.served.address}/fake/{place}", data=body) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"]
    status, said = await caller.control("POST", "/switches", {"do": "\ud83d"})
    assert (status, "\ud83d" in said["error"]) == (400, True)


async def test_a_webhook_whose_answer_is_no_text_comes_again_like_any_other(
    caller: Caller, door: WebhookDoor
) -> None:
    door.answers, door.body = [500], b"\xff\xfe\x00"
    await create(caller)
    await caller.control("POST", "/payments/xendit/topup-1/pay", {})
    await until(lambda: len(door.taken) == 1)

    async def told() -> bool:
        [one] = (await caller.control("GET", "/webhooks"))[1]
        return [each["status"] for each in one["attempts"]] == [500] and one["next_at"] is not None

    await until(told)
    await caller.advance("15m")
    await until(lambda: len(door.taken) == 2)


async def test_a_wrong_header_is_told_instead_of_being_ignored(caller: Caller) -> None:
    status, said, _ = await ask(caller, "GET", f"{PLACE}/x", **{"x-fake": "sunshine"})
    assert status == 400
    assert "sunshine" in said


async def test_switches_go_off_one_by_one_or_all(caller: Caller) -> None:
    first = await turn_on(caller, do="no_actions")
    await turn_on(caller, do="pending")
    await caller.control("DELETE", f"/switches/{first['number']}")
    assert [one["do"] for one in (await caller.control("GET", "/switches"))[1]["on"]] == ["pending"]
    assert (await caller.control("DELETE", "/switches"))[1] == {"off": 1}


async def test_a_webhook_that_is_not_taken_comes_again_on_xendits_timetable(
    caller: Caller, door: WebhookDoor
) -> None:
    door.answers = [503] * 7
    await create(caller)
    await caller.control("POST", "/payments/xendit/topup-1/pay", {})
    minutes = 0
    for number, gap in enumerate((0, 15, 45, 120, 180, 360, 720), 1):
        if gap:
            await caller.advance(f"{gap * 60 - 1}s")
            assert len(door.taken) == number - 1
            await caller.advance("1s")
        await until(lambda wanted=number: len(door.taken) == wanted)
        minutes += gap
    _, (webhook,) = await caller.control("GET", "/webhooks")
    await until(lambda: door.answers == [])
    assert (webhook["state"], len(webhook["attempts"])) == ("given_up", 7)
    await caller.advance("31d")
    assert len(door.taken) == 7
    bodies = [one.document for one in door.taken]
    assert len({body["created"] for body in bodies}) == 7  # of the attempt
    assert len({str(body["data"]) for body in bodies}) == 1


async def test_a_leap_lets_everything_on_its_way_happen_in_its_order(
    caller: Caller, door: WebhookDoor
) -> None:
    door.answers = [500]
    await create(caller, **OVO)
    ends = {"display_name": "S", "expires_at": "2026-03-02T03:14:05.678Z"}
    await create(caller, **VA | {"channel_properties": ends, "reference_id": "topup-2"})
    await caller.advance("31d")
    told = [(one.document["event"], one.document["data"]["reference_id"]) for one in door.taken]
    assert told == [
        ("payment_request.expiry", "topup-1"),  # after 55 s; not taken
        ("payment_request.expiry", "topup-2"),  # after 10 min
        ("payment_request.expiry", "topup-1"),  # 15 min after the first attempt
    ]


async def test_webhooks_are_kept_back_doubled_and_sent_by_hand(caller: Caller, door: WebhookDoor) -> None:
    await create(caller)
    wish = {"amount": 50_000}
    _, made, _ = await ask(caller, "GET", "/payment_requests?reference_id=topup-1")
    path = f"{PLACE}/{made['data'][0]['id']}/simulate"
    await ask(caller, "POST", path, wish, **{"x-fake": "no_webhooks"})
    _, (held,) = await caller.control("GET", "/webhooks")
    assert (held["state"], door.taken) == ("held", [])
    await caller.control("POST", f"/webhooks/{held['number']}/resend")
    await until(lambda: len(door.taken) == 1)
    await create(caller, reference_id="topup-2")
    _, made, _ = await ask(caller, "GET", "/payment_requests?reference_id=topup-2")
    await ask(
        caller, "POST", f"{PLACE}/{made['data'][0]['id']}/simulate", wish, **{"x-fake": "double_webhooks"}
    )
    await until(lambda: len(door.taken) == 3)
    assert door.taken[1].document["data"] == door.taken[2].document["data"]


@pytest.mark.parametrize(
    "wish",
    [
        {"advance": "soon"},
        {"advance": ""},
        {"set": "2026-01-01"},
        {"set": "x"},
        {"advance": "4000d"},
        {"advance": "9" * 30 + "d"},
        {"set": "9999-12-31"},
        {},
        {"advance": "1d", "set": "2027-01-01"},
    ],
)
async def test_the_clock_moves_forward_only_and_by_what_it_understands(
    caller: Caller, wish: dict[str, str]
) -> None:
    before = (await caller.control("GET", "/clock"))[1]["now"]
    status, said = await caller.control("POST", "/clock", wish)
    assert status == 400, said
    assert (await caller.control("GET", "/clock"))[1]["now"] == before


async def test_the_clock_is_set(caller: Caller) -> None:
    _, said = await caller.control("POST", "/clock", {"set": "2027-01-01T00:00:00Z"})
    assert said["now"] == "2027-01-01T00:00:00+00:00"


async def test_what_falls_due_while_nobody_calls_happens_in_its_time() -> None:
    """A refund's end and a request's: nothing is sent when their alarms are set, and the loop has gone to sleep before."""
    world, rung = FakeWorld(), asyncio.Event()
    world.providers["shop"] = Mock(spec=FakeProvider, ring=lambda _kind, _key: rung.set())
    life = asyncio.create_task(world.run())
    await until(lambda: world.outbox.session is not None)
    await asyncio.sleep(0)
    world.clock.alarm(world.clock.now(), "shop", "refund", "r-1")
    await until(rung.is_set)
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)


async def test_an_answer_comes_while_the_door_is_away(caller: Caller, door: WebhookDoor) -> None:
    caller.served.world.providers["xendit"].webhook_url = lambda _event: "http://127.0.0.1:9/"  # type: ignore[method-assign]
    await create(caller)
    status, _ = await caller.control("POST", "/payments/xendit/topup-1/pay", {})
    assert status == 200
    assert door.taken == []
