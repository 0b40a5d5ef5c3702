"""`GET /v1/changes`: server-sent events that can be resumed (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from api.answers import answer
from api.changes.calls import LISTEN, TICKET
from api.changes.feed import Feed
from api.changes.pages import written
from api.changes.source import ChangeSource
from api.changes.tickets import TICKET_MAX, Ticket, Tickets
from api.checkout.bodies import parsed
from api.parameters import MAX_POSITION, SEGMENT_MAX, integer, only
from api.reads.handlers import Route
from runtime.database import Pool
from runtime.logs import get_logger
from schemas.change_api import TicketBody
from schemas.problem_reasons import Reason
from schemas.problems import Problem

if TYPE_CHECKING:
    from runtime.settings import Settings

CATCHING_UP_MAX = 8
"""Listeners that read older pages of the log at once; the others wait for their turn."""

log = get_logger(__name__)


class ChangeStreams:
    """The streams of one process. `clock`: seconds since 1970, for tickets."""

    def __init__(self, pool: Pool, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self.feed = Feed(ChangeSource(pool, settings), settings)
        self._settings = settings
        self._older = asyncio.Semaphore(CATCHING_UP_MAX)
        self._tickets = Tickets(settings.require_api_key(), settings.changes_ticket_seconds, clock)
        origins = settings.api_browser_origins.split(",")
        self._origins = frozenset(origin.strip().rstrip("/") for origin in origins) - {""}

    def routes(self) -> list[Route]:
        return [(LISTEN, self.listen), (TICKET, self.issue)]

    async def issue(self, request: web.Request) -> web.StreamResponse:
        """A ticket for one customer's stream. Nothing is written."""
        only(request, ())
        body = parsed(await request.read(), TicketBody)
        shown, ticket = self._tickets.issue(body.customer_id)
        query = urlencode({"customer_id": body.customer_id, "ticket": shown})
        told = {
            "customer_id": body.customer_id,
            "ticket": shown,
            "stream": f"{LISTEN.path}?{query}",
            "expires_at": datetime.fromtimestamp(ticket.until, UTC),
        }
        return answer(told, 201)

    def ticket_opens(self, request: web.Request) -> bool:
        """Whether this request shows no key but a ticket, and asks for the one stream that it opens."""
        if "ticket" not in request.query or "Authorization" in request.headers:
            return False
        ticket = self._ticket(request)
        asked = request.query.getall("customer_id", [])
        return ticket is not None and asked == [ticket.customer_id]

    def _ticket(self, request: web.Request) -> Ticket | None:
        if request.method != LISTEN.method or request.path != LISTEN.path:
            return None
        return self._tickets.read(request.query.get("ticket", ""))

    def _readable_at(self, request: web.Request) -> dict[str, str]:
        """Which page of another origin may read the answer (https://fetch.spec.whatwg.org/#http-cors-protocol)."""
        if not self._origins:
            return {}
        origin = request.headers.get("Origin", "")
        told = {"Access-Control-Allow-Origin": origin} if origin in self._origins else {}
        return told | {"Vary": "Origin"}

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """Until the client goes, the longest time is over, or it does not read: then its place is the last id it saw."""
        only(request, ("customer_id", "last_event_id", "wait_seconds", "ticket"))
        customer_id = request.query.get("customer_id")
        if customer_id is not None and not 0 < len(customer_id) <= SEGMENT_MAX:
            raise Problem("invalid_parameter", parameter="customer_id", reason=Reason("malformed"))
        if not 0 < len(request.query.get("ticket", "-")) <= TICKET_MAX:
            raise Problem("invalid_parameter", parameter="ticket", reason=Reason("malformed"))
        longest = self._settings.changes_longest_seconds
        asked = integer(request, "wait_seconds", 0, 3600)
        seconds = min(longest, longest if asked is None else asked)
        ticket = self._ticket(request)
        left = math.inf if ticket is None else self._tickets.left(ticket)
        now = time.monotonic()
        stream = _Stream(customer_id, now + min(seconds, left), now + left, of_a_page=ticket is not None)
        after = _last_seen(request)
        async with self.feed.listening():
            reached, head = await self.feed.source.reached()
            stream.shown, stream.after = reached, reached if after is None else after
            if after is not None and after > head:
                # A place in another log, or in one that was restored: who goes on silently would miss what is written there now.
                raise Problem(
                    "projection_behind", headers={"Retry-After": "1"}, position=reached, min_position=after
                )
            response = web.StreamResponse(
                headers={
                    "Content-Type": "text/event-stream",
                    "Cache-Control": "no-store",
                    "X-Accel-Buffering": "no",
                }
                | self._readable_at(request)
            )
            await response.prepare(request)
            await self._tell(request, response, stream)
        return response

    async def _tell(self, request: web.Request, response: web.StreamResponse, stream: _Stream) -> None:
        await response.write(b"retry: 1000\n" + stream.place())
        while not self.feed.closing.is_set() and time.monotonic() < stream.over:
            if stream.after < self.feed.start or self.feed.through <= stream.after < stream.shown:
                # Older than what is in memory, or newer than what the follower has seen since it last looked.
                async with self._older:
                    page = await self.feed.source.after(stream.after)
                data, stream.after = written(page.items, stream.customer_id), page.through
            elif stream.after < self.feed.through:
                data = self.feed.told(stream.after, stream.customer_id)
                stream.after = self.feed.through
            else:
                left = stream.until - time.monotonic()
                if left <= 0:
                    return
                heartbeat = self._settings.changes_heartbeat_seconds
                silence = await self.feed.silence(stream.after, stream.customer_id, min(heartbeat, left))
                stream.after = silence.through
                if silence.broken:
                    continue
                data = b": still here\n" + stream.place()
            if data and not await self._written(request, response, data):
                return

    async def _written(self, request: web.Request, response: web.StreamResponse, data: bytes) -> bool:
        """False for a client that does not read: its connection is cut, and it goes on later where it was."""
        try:
            async with asyncio.timeout(self._settings.changes_write_seconds):
                await response.write(data)
        except TimeoutError:
            log.info("a listener that does not read is let go", action="changes.dropped")
            if request.transport is not None:
                request.transport.abort()
            return False
        except ConnectionError:
            return False
        return True


class _Stream:
    """One listener: whose changes it wants, where it is, until when it waits for more, and when it is over whatever there is."""

    def __init__(self, customer_id: str | None, until: float, over: float, *, of_a_page: bool) -> None:
        """`of_a_page`: it came with a ticket."""
        self.customer_id = customer_id
        self.until, self.over = until, over
        self.after = self.shown = 0
        self._of_a_page = of_a_page

    def place(self) -> bytes:
        """Where it is. An id alone is known to EventSource, which comes back with it, but not to the page; and with another ticket it is the page
        that has to say where it was, also when it has heard nothing yet."""
        told = b"event: place\ndata: {}\n" if self._of_a_page else b""
        return told + b"id: %d\n\n" % self.after


def _last_seen(request: web.Request) -> int | None:
    """The header that browsers send when they come back; the parameter for a first connection."""
    begun = _place(request.query.get("last_event_id"))
    came_back = _place(request.headers.get("Last-Event-ID"))
    return begun if came_back is None else came_back


def _place(stated: str | None) -> int | None:
    if stated is None:
        return None
    if not (stated.isascii() and stated.isdigit() and len(stated) < 20 and int(stated) <= MAX_POSITION):
        raise Problem("invalid_parameter", parameter="last_event_id", reason=Reason("malformed"))
    return int(stated)
