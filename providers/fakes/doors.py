"""From HTTP to a fake provider and back: key, limits, switches, and answers that come late or never."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute
from providers.fakes.limits import Allowance, Usage
from providers.fakes.provider import FakeProvider
from providers.fakes.switches import BEFORE_AND_AFTER, HEADER, SILENCE_SECONDS, Switch, from_header
from providers.fakes.world import FakeWorld

LARGEST_BODY_BYTES = 1_048_576

Answering = Callable[[web.Request], Awaitable[web.Response]]


def routes_of(provider: FakeProvider, world: FakeWorld, prefix: str) -> list[web.RouteDef]:
    """The provider's API beneath `prefix`, and its own answer for every other path there."""
    door = ProviderDoor(provider, world, prefix)
    routes = [*provider.routes(), FakeRoute("*", "/{tail:.*}", _nowhere)]
    return [web.route(route.method, prefix + route.path, door.answering(route)) for route in routes]


class ProviderDoor:
    """One provider's entrance."""

    def __init__(self, provider: FakeProvider, world: FakeWorld, prefix: str) -> None:
        self._provider, self._world, self._prefix = provider, world, prefix

    def answering(self, route: FakeRoute) -> Answering:
        """What aiohttp calls for one route."""

        async def answer(request: web.Request) -> web.Response:
            path = request.path.removeprefix(self._prefix)
            known = self._world.known_switches(self._provider.name)
            try:
                on = self._world.switches.take(self._provider.name, request.method, path)
                on += from_header(request.headers.get(HEADER, ""), known)
            except ValueError as error:
                return web.Response(status=400, text=f"{HEADER}: {error}\n")
            return await self._answer(request, route, path, on)

        return answer

    async def _answer(
        self, request: web.Request, route: FakeRoute, path: str, on: Sequence[Switch]
    ) -> web.Response:
        by_name = {switch.do: switch for switch in on}
        body = await request.read()
        if "latency" in by_name:
            await asyncio.sleep(by_name["latency"].seconds or 0.0)
        if "timeout" in by_name:
            return await _silence(request, by_name["timeout"])
        call = FakeCall(
            request.method, path, request.match_info, request.query, request.headers, body,
            frozenset(by_name.keys() - BEFORE_AND_AFTER.keys()), f"{request.scheme}://{request.host}",
        )  # fmt: skip
        reply = self._reply(route, call, by_name)
        if "timeout_after" in by_name:
            return await _silence(request, by_name["timeout_after"])
        if "drop_after" in by_name:
            return _cut(request)
        if "broken_after" in by_name:
            text = json.dumps(reply.document)
            reply = FakeReply(reply.status, headers=reply.headers, text=text[: len(text) // 2])
        return _as_response(reply)

    def _reply(self, route: FakeRoute, call: FakeCall, on: dict[str, Switch]) -> FakeReply:
        """The work, as far as the switches let it happen. No await in here: a call is done whole or not at all."""
        headers: dict[str, str] = {}
        try:
            if "answer" in on:
                return FakeReply(on["answer"].status or 200, on["answer"].body)
            if not route.open:
                self._provider.authenticate(call)
            if self._world.rate_limits and not route.open and "no_rate_limits" not in on:
                usage = self._usage(call, used_up="rate_limited" in on)
                headers = dict(self._provider.limit_headers(usage))
                if not usage.allowed:
                    return _with(self._provider.over_limit(usage), headers)
            elif "rate_limited" in on:
                return self._provider.over_limit(_used_up(self._provider.allowance(call)))
            if "refuse" in on:
                wish = on["refuse"]
                raise ApiRefusal(wish.status or 500, wish.code or "SERVER_ERROR", "refused on request")
            with self._world.outbox.set("no_webhooks" in on, "double_webhooks" in on):
                return _with(route.answer(call), headers)
        except ApiRefusal as refusal:
            return _with(self._provider.refused(refusal, call), {**headers, **refusal.headers})

    def _usage(self, call: FakeCall, *, used_up: bool) -> Usage:
        allowance = self._provider.allowance(call)
        if used_up:
            return _used_up(allowance)
        caller = f"{self._provider.name} {call.headers.get('Authorization', '')}"
        return self._world.counter.count(caller, allowance, self._provider.now())


def _used_up(allowance: Allowance) -> Usage:
    return Usage(False, allowance.calls, 0, int(allowance.window.total_seconds()))


def _with(reply: FakeReply, headers: dict[str, str]) -> FakeReply:
    return FakeReply(reply.status, reply.document, {**headers, **reply.headers}, reply.text)


def _as_response(reply: FakeReply) -> web.Response:
    if reply.text is not None:
        response = web.Response(status=reply.status, text=reply.text)
    else:
        text = json.dumps(reply.document, ensure_ascii=False, separators=(",", ":"))
        response = web.Response(status=reply.status, text=text, content_type="application/json")
    response.headers.update(reply.headers)
    return response


async def _silence(request: web.Request, switch: Switch) -> web.Response:
    """Keeps the caller waiting, until it goes or the time is over."""
    loop = asyncio.get_running_loop()
    end = loop.time() + (SILENCE_SECONDS if switch.seconds is None else switch.seconds)
    # Nothing tells that a caller has gone but its transport.
    while loop.time() < end and request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return _cut(request)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _nowhere(call: FakeCall) -> FakeReply:
    raise ApiRefusal(404, "NOT_FOUND", f"there is no {call.method} {call.path}")
