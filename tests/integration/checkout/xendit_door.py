"""As much of Xendit as a payment request needs, with bad days on demand."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.integration.checkout.plan_door import PlanDoor

CLOSING = web.AppKey("closing", asyncio.Event)
Trouble = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


@dataclass
class XenditDoor:
    """`troubles`: what happens instead, at the next calls that make something; None for nothing unusual."""

    address: str = ""
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    troubles: deque[Trouble | None] = field(default_factory=deque)
    after: deque[Trouble | None] = field(default_factory=deque)
    quirk: str = ""
    always: Trouble | None = None
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    plans: PlanDoor = field(default_factory=PlanDoor)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def app(self) -> web.Application:
        app = web.Application()
        app[CLOSING] = self.closing
        app.router.add_post("/v3/payment_requests", self._create)
        app.router.add_get("/v3/payment_requests/{id}", self._read)
        app.router.add_get("/payment_requests", self._list)
        self.plans.add_to(app)
        app.router.add_post("/refunds", self._refund)
        app.router.add_get("/refunds", self._refunds)
        return app

    @property
    def made(self) -> int:
        """How often something was asked for."""
        return sum(method == "POST" for method, _ in self.calls)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        self._heard(request)
        body = await request.json()
        self.bodies.append(body)
        self.keys.append(request.headers.get("idempotency-key", ""))
        trouble = self.always or (self.troubles.popleft() if self.troubles else None)
        if trouble is not None and (instead := await trouble(request)) is not None:
            return instead
        reference = body["reference_id"]
        if reference in self.requests:
            return web.json_response({"error_code": "DUPLICATE_ERROR", "message": "there is one"}, status=409)
        self.requests[reference] = self._made(body)
        late = self.after.popleft() if self.after else None
        if late is not None and (instead := await late(request)) is not None:
            return instead
        return web.json_response(self.requests[reference], status=201)

    async def _read(self, request: web.Request) -> web.StreamResponse:
        self._heard(request)
        for made in self.requests.values():
            if made["payment_request_id"] == request.match_info["id"]:
                return web.json_response(made)
        return web.json_response({"error_code": "DATA_NOT_FOUND", "message": "no"}, status=404)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self._heard(request)
        if self.always is not None and (instead := await self.always(request)) is not None:
            return instead
        found = self.requests.get(request.query["reference_id"])
        rows = [{"id": found["payment_request_id"], "reference_id": found["reference_id"]}] if found else []
        return web.json_response({"data": rows, "has_more": False})

    async def _refund(self, request: web.Request) -> web.StreamResponse:
        self._heard(request)
        body = await request.json()
        made = body | {"id": f"rfd-{next(self._numbers)}", "status": "PENDING"}
        self.refunds.append(made)
        return web.json_response(made)

    async def _refunds(self, request: web.Request) -> web.StreamResponse:
        self._heard(request)
        return web.json_response({"data": self.refunds, "has_more": False})

    def _heard(self, request: web.Request) -> None:
        assert request.headers["Authorization"].startswith("Basic ")
        self.calls.append((request.method, request.path))

    def _made(self, body: dict[str, Any]) -> dict[str, Any]:
        channel, number = body["channel_code"], next(self._numbers)
        actions: list[dict[str, str]] | None = []
        if channel == "QRIS":
            actions = [_action("PRESENT_TO_CUSTOMER", "QR_STRING", f"00020101021226{number}")]
        elif channel.endswith("_VIRTUAL_ACCOUNT"):
            actions = [_action("PRESENT_TO_CUSTOMER", "VIRTUAL_ACCOUNT_NUMBER", f"10766000{number:04}")]
        elif channel == "GOPAY":
            actions = [_action("REDIRECT_CUSTOMER", "WEB_URL", f"https://gopay.example/{number}")]
        if self.quirk == "no_actions":
            actions = None
        return {
            **body,
            "payment_request_id": f"pr-{number}",
            "business_id": "b",
            "status": "REQUIRES_ACTION",
            **({} if actions is None else {"actions": actions}),
        }


def _action(kind: str, descriptor: str, value: str) -> dict[str, str]:
    return {"type": kind, "descriptor": descriptor, "value": value}


def answering(status: int, code: str = "", **headers: str) -> Trouble:
    """An error of Xendit's."""

    async def trouble(_: web.Request) -> web.StreamResponse:
        body = {"error_code": code, "message": "what only operators may read"}
        return web.json_response(body, status=status, headers=headers)

    return trouble


async def silence(request: web.Request) -> web.StreamResponse:
    """No answer for longer than anybody waits."""
    await request.app[CLOSING].wait()
    return await hang_up(request)


async def hang_up(request: web.Request) -> web.StreamResponse:
    """The connection ends without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response(status=500)
