"""The control interface of the fakes, for tests and for `lunas fake`: clock, switches, payments, webhooks. JSON under `/fake`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from providers.fakes.bills import FakeBill
from providers.fakes.calls import ApiRefusal
from providers.fakes.clock import moment, span
from providers.fakes.outbox import OutgoingWebhook
from providers.fakes.world import FakeWorld

FARTHEST_LEAP = timedelta(days=3660)
"""Everything on the way happens; further than this it would take hours."""

Handling = Callable[[web.Request], Awaitable[web.Response]]


class ControlDoor:
    """What a test may do to the world of the fakes."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/fake/clock", _said(self._clock)),
            web.post("/fake/clock", _said(self._move_clock)),
            web.get("/fake/switches", _said(self._switches)),
            web.post("/fake/switches", _said(self._turn_on)),
            web.delete("/fake/switches", _said(self._turn_off)),
            web.delete("/fake/switches/{number:\\d+}", _said(self._turn_off)),
            web.get("/fake/payments", _said(self._payments)),
            web.get("/fake/payments/{provider}/{name}", _said(self._payment)),
            web.post("/fake/payments/{provider}/{name}/{act}", _said(self._act)),
            web.post("/fake/sales/{provider}", _said(self._sell)),
            web.get("/fake/webhooks", _said(self._webhooks)),
            web.post("/fake/webhooks/test/{provider}", _said(self._greet)),
            web.post("/fake/webhooks/{number:\\d+}/resend", _said(self._resend)),
        ]

    async def _clock(self, _request: web.Request) -> Any:
        due = self._world.clock.next_due()
        return {"now": self._world.clock.now(), "next_due": due, "waiting": len(self._world.clock.waiting())}

    async def _move_clock(self, request: web.Request) -> Any:
        wish = await _document(request)
        if wish.keys() not in ({"advance"}, {"set"}):
            raise ValueError("say either advance, a span like 31d, or set, a moment")
        now = self._world.clock.now()
        try:
            target = now + span(str(wish["advance"])) if "advance" in wish else moment(str(wish["set"]))
        except OverflowError:
            target = now + 2 * FARTHEST_LEAP
        if not now <= target <= now + FARTHEST_LEAP:
            raise ValueError(f"the clock only moves forward, ten years at most: it is {now.isoformat()}")
        await self._world.advance_to(target)
        return await self._clock(request)

    async def _switches(self, _request: web.Request) -> Any:
        return {
            "on": [asdict(switch) for switch in self._world.switches.all()],
            "known": self._world.known_switches(),
        }

    async def _turn_on(self, request: web.Request) -> Any:
        wish = await _document(request)
        if wish.get("provider") not in (None, *self._world.providers):
            raise ValueError(f"provider is one of {', '.join(self._world.providers)}")
        return asdict(self._world.switches.turn_on(wish, self._world.known_switches()))

    async def _turn_off(self, request: web.Request) -> Any:
        number = request.match_info.get("number")
        return {"off": self._world.switches.turn_off(None if number is None else int(number))}

    async def _payments(self, request: web.Request) -> Any:
        wanted = request.query.get("provider")
        return [
            shown_bill(bill)
            for name, provider in self._world.providers.items()
            if wanted in (None, name)
            for bill in provider.bills()
        ]

    async def _payment(self, request: web.Request) -> Any:
        return shown_bill(found_bill(self._world, request))

    async def _act(self, request: web.Request) -> Any:
        wish = await _document(request)
        bill = found_bill(self._world, request)
        amount = wish.get("amount")
        if not (amount is None or type(amount) is int):
            raise ValueError("amount is whole rupiah")
        self._world.act(bill.provider, bill.key, request.match_info["act"], amount)
        return shown_bill(found_bill(self._world, request))

    async def _sell(self, request: web.Request) -> Any:
        return shown_bill(
            self._world.providers[request.match_info["provider"]].sell(await _document(request))
        )

    async def _webhooks(self, request: web.Request) -> Any:
        subject = request.query.get("payment")
        found = self._world.outbox.of(request.query.get("provider"), subject)
        return [shown_webhook(webhook) for webhook in found]

    async def _greet(self, request: web.Request) -> Any:
        provider = self._world.providers[request.match_info["provider"]]
        provider.greet()
        return shown_webhook(self._world.outbox.of(provider.name)[-1])

    async def _resend(self, request: web.Request) -> Any:
        return shown_webhook(self._world.outbox.again(int(request.match_info["number"])))


def found_bill(world: FakeWorld, request: web.Request) -> FakeBill:
    """The payment that a path names. Raises KeyError."""
    bill = world.providers[request.match_info["provider"]].bill(request.match_info["name"])
    if bill is None:
        raise KeyError(request.match_info["name"])
    return bill


def shown_bill(bill: FakeBill) -> dict[str, Any]:
    return asdict(bill) | {"paid": bill.paid, "page": f"/fake/pay/{bill.provider}/{bill.key}"}


def shown_webhook(webhook: OutgoingWebhook) -> dict[str, Any]:
    return asdict(webhook)


async def _document(request: web.Request) -> dict[str, Any]:
    body = await request.read()
    try:
        read = json.loads(body) if body else {}
    except RecursionError:
        raise ValueError("the body is nested too deeply") from None
    if not isinstance(read, dict):
        raise ValueError("the body is no JSON object")  # noqa: TRY004 - one kind of error for everything a caller gets wrong
    return read


def _said(handle: Callable[[web.Request], Awaitable[Any]]) -> Handling:
    """Answers as JSON; what cannot be becomes 400, 404 or 409 with one sentence."""

    async def answer(request: web.Request) -> web.Response:
        status, document = 200, None
        try:
            document = await handle(request)
        except KeyError as error:
            status, document = 404, {"error": f"there is no {error.args[0]}"}
        except (ValueError, OverflowError) as error:
            status, document = 400, {"error": str(error)}
        except ApiRefusal as refusal:
            status, document = 409, {"error": refusal.message}
        text = json.dumps(document, default=_plain, ensure_ascii=False, indent=1) + "\n"
        # Half a character of somebody's is told as JSON writes it.
        body = text.encode("utf-8", "backslashreplace")
        return web.Response(status=status, body=body, content_type="application/json", charset="utf-8")

    return answer


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
