"""The debugging protocol of Chromium over one web socket: commands with their answers, and events by the session they belong to."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

ANSWER_SECONDS = 120

Event = Callable[[str, dict[str, Any]], None]


class Refused(AssertionError):
    """Chromium could not do what it was told."""


class Wire:
    """`listen(session, heard)` before the session's first command; `heard` gets every event's name and content."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._listening: defaultdict[str, list[Event]] = defaultdict(list)

    def listen(self, session: str, heard: Event) -> None:
        self._listening[session].append(heard)

    async def call(self, method: str, session: str = "", /, **parameters: Any) -> dict[str, Any]:
        """Its answer. Raises Refused with Chromium's own words."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": parameters} | (
            {"sessionId": session} if session else {}
        )
        await self._socket.send_str(json.dumps(message))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                told = await answer
        finally:
            self._waiting.pop(number, None)
        if "error" in told:
            raise Refused(f"{method}: {told['error']['message']}")
        result: dict[str, Any] = told["result"]
        return result

    async def hear(self) -> None:
        """Takes what Chromium says until it says nothing more."""
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                break
            told = json.loads(message.data)
            if (waiting := self._waiting.get(told.get("id", 0))) is not None:
                if not waiting.done():
                    waiting.set_result(told)
                continue
            if "method" not in told:  # the answer to a question whose asker has given up
                continue
            for heard in self._listening.get(told.get("sessionId", ""), []):
                heard(told["method"], told.get("params", {}))


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Wire]:
    """A wire to the browser, closed at the end."""
    async with ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
        wire = Wire(socket)
        hearing = asyncio.create_task(wire.hear())
        try:
            yield wire
        finally:
            hearing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await hearing
