"""HTTP of the payment page. No key: the secret in the address is the permission. No script is needed, none comes from elsewhere."""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Literal

from aiohttp import web

from api.gate import UNAVAILABLE
from api.page_secret import digest_of
from api.pay.page import Asked, notice, page
from api.pay.pictures import Kind, qr_picture
from api.pay.shown import FINAL, Shown, State
from runtime.allowances import Allowances, site_of
from runtime.logs import get_logger
from runtime.look import served
from schemas.languages import Language, preferred

Find = Callable[[bytes], Awaitable[Shown | None]]
"""The request whose secret has this digest."""

CancelEnd = Literal["cancelled", "over", "unknown"]
Cancel = Callable[[str], Awaitable[CancelEnd]]
"""Lets the request with this reference go at its provider."""

SCRIPT = resources.files("api.pay").joinpath("pay.js").read_bytes()
SCRIPT_ADDRESS = f"/pay/pay-{hashlib.sha256(SCRIPT).hexdigest()[:12]}.js"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PayLimits:
    """`listeners` open pages at once, each looking every `refresh_seconds` and sending a sign of life every `heartbeat_seconds`.

    `unknown` links that nobody knows may be opened from one of `addresses` at once, then one every `unknown_seconds`.
    """

    listeners: int
    refresh_seconds: float
    heartbeat_seconds: float
    longest_seconds: float
    unknown: int
    unknown_seconds: float
    addresses: int


class PaymentPages:
    """`GET /pay/{secret}` and what belongs to it."""

    def __init__(
        self,
        find: Find,
        limits: PayLimits,
        cancel: Cancel,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._find = find
        self._limits = limits
        self._cancel = cancel
        self._clock = clock
        self._now = now
        self._unknown = Allowances(limits.unknown, limits.unknown_seconds, limits.addresses, clock)
        self._listening = 0
        self._closing = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(SCRIPT_ADDRESS, _script),
            web.get("/pay/{secret}", self.show),
            web.get("/pay/{secret}/events", self.listen),
            web.get("/pay/{secret}/qr.{kind:svg|png}", self.picture),
            web.post("/pay/{secret}/cancel", self.cancel),
        ]

    def close(self) -> None:
        """Ends what listens, so that a drain need not wait for open pages."""
        self._closing.set()

    async def show(self, request: web.Request) -> web.StreamResponse:
        language = _language(request)
        try:
            shown = await self._known(request)
        except UNAVAILABLE as error:
            return _away(language, error)
        if shown is None:
            return self._nobody(request, language)
        asked: Asked = "cancel" if "cancel" in request.query else None
        return self._shown(request, shown, language, asked)

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        """The payer does not want it after all, and said so twice: the link asks, this form does. 303 back to the page."""
        language = _language(request)
        try:
            shown = await self._known(request)
            if shown is None:
                return self._nobody(request, language)
            if shown.state == "cancelled":
                end: CancelEnd = "cancelled"
            else:
                possible = shown.can_cancel and shown.state == "waiting"
                end = await self._cancel(shown.reference) if possible else "over"
            if end == "cancelled":
                back = f"../{request.match_info['secret']}?lang={language}"
                return web.Response(status=303, headers={"Location": back, "Cache-Control": "no-store"})
            shown = await self._known(request) or shown
        except UNAVAILABLE as error:
            return _away(language, error)
        return self._shown(request, shown, language, end, 409 if end == "over" else 503)

    async def picture(self, request: web.Request) -> web.StreamResponse:
        """The code as SVG or PNG while it can be paid; 410 afterwards, 404 where there is none."""
        try:
            shown = await self._known(request)
        except UNAVAILABLE:
            return _plain(503, {"Retry-After": "5"})
        if shown is None:
            wait = self._strange(request)
            return _plain(429, {"Retry-After": wait}) if wait else _plain(404)
        if shown.state != "waiting" or not shown.qr_string:
            return _plain(404 if shown.state in ("waiting", "preparing") else 410)
        kind: Kind = "svg" if request.match_info["kind"] == "svg" else "png"
        return qr_picture(shown.qr_string, kind, shown.reference, request.headers.get("If-None-Match"))

    def _shown(
        self, request: web.Request, shown: Shown, language: Language, asked: Asked, status: int = 200
    ) -> web.Response:
        place = request.match_info["secret"]
        # Beneath /cancel, relative addresses begin one step further down.
        base = place if request.path.endswith(place) else f"../{place}"
        text = page(shown, language, self._now(), SCRIPT_ADDRESS, base, asked)
        return _page(text, language, status)

    def _nobody(self, request: web.Request, language: Language) -> web.Response:
        if wait := self._strange(request):
            return _page(notice("slow", "slow_note", language), language, 429, {"Retry-After": wait})
        return _page(notice("unknown", "unknown_note", language), language, 404)

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: `state` whenever it changes, and once at the beginning."""
        if self._listening >= self._limits.listeners:
            return web.Response(status=503, headers={"Retry-After": "5"})
        try:
            first = await self._known(request)
        except UNAVAILABLE:
            return web.Response(status=503, headers={"Retry-After": "5"})
        if first is None:
            wait = self._strange(request)
            return (
                web.Response(status=429, headers={"Retry-After": wait}) if wait else web.Response(status=404)
            )
        self._listening += 1
        try:
            return await self._tell(request, first)
        finally:
            self._listening -= 1

    async def _tell(self, request: web.Request, shown: Shown) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        await response.prepare(request)
        started = spoken = self._clock()
        told: State | None = None
        while True:
            if shown.state != told:
                told, spoken = shown.state, self._clock()
                await response.write(f"event: state\ndata: {told}\n\n".encode())
            elif self._clock() - spoken >= self._limits.heartbeat_seconds:
                spoken = self._clock()
                await response.write(b": still here\n\n")
            if told in FINAL or self._clock() - started >= self._limits.longest_seconds:
                return response
            if await self._closed_within(self._limits.refresh_seconds):
                return response
            try:
                shown = await self._known(request) or shown
            except UNAVAILABLE:
                return response  # the browser comes back by itself

    async def _closed_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _strange(self, request: web.Request) -> str:
        """Counts a link that nobody knows; seconds to wait when there were too many of them from there. A known link is always shown:
        everybody may come through one proxy, and a stranger among them must not close the page to those who pay."""
        site = site_of(request.remote)
        wait = self._unknown.waits(site)
        if not wait:
            self._unknown.count(site)
        return str(math.ceil(wait)) if wait else ""

    async def _known(self, request: web.Request) -> Shown | None:
        digest = digest_of(request.match_info["secret"])
        return None if digest is None else await self._find(digest)


def _language(request: web.Request) -> Language:
    """`?lang=` wins; who asks for nothing we speak is taken for an Indonesian customer."""
    wish = request.query.get("lang")
    if wish in ("id", "en"):
        return "id" if wish == "id" else "en"
    return preferred(request.headers.get("Accept-Language", "")) or "id"


def _page(
    text: str, language: Language, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.Response(
        status=status,
        text=text,
        content_type="text/html",
        charset="utf-8",
        headers={
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            # A link that was posted somewhere is not found by searching.
            "X-Robots-Tag": "noindex, nofollow",
            "Cache-Control": "no-store",
            "Content-Language": language,
            "Vary": "Accept-Language",
            **(headers or {}),
        },
    )


def _away(language: Language, error: BaseException) -> web.Response:
    log.warning("page cannot be shown now", action="pay.unavailable", error=type(error).__name__)
    return _page(notice("away", "away_note", language), language, 503, {"Retry-After": "5"})


def _plain(status: int, headers: dict[str, str] | None = None) -> web.Response:
    """No picture, and nothing that a browser would keep in its place."""
    return web.Response(status=status, headers={"Cache-Control": "no-store", **(headers or {})})


async def _script(_request: web.Request) -> web.Response:
    return web.Response(
        body=SCRIPT,
        content_type="text/javascript",
        charset="utf-8",
        headers={"Cache-Control": served.FOR_EVER, "X-Content-Type-Options": "nosniff"},
    )
