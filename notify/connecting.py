"""Connections to addresses that strangers name: what is really connected to is checked, so no name, literal or change of mind gets past."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from notify.addresses import AddressRefused, may_reach

LOOKUPS_MAX = 64
"""Names that are looked up at once; a thread each, while it lasts. A few hundred endpoints, of which nearly all answer at once."""

_Question = tuple[str, int, int]
_Answers = Sequence[tuple[int, int, int, str, tuple[Any, ...]]]


class NameLookups(AbstractResolver):
    """The system's look-up of names, which nobody can interrupt: a thread for each name, so that one whose servers do not answer keeps its own
    deliveries waiting and nobody else's. The loop's own look-ups share a few threads (libuv: two), which one such name fills.

    The threads end with the process: it does not wait for them.
    """

    def __init__(self, look_up: Callable[..., _Answers] | None = None, *, most: int = LOOKUPS_MAX) -> None:
        self._look_up, self._most = look_up or socket.getaddrinfo, most
        self._running: dict[_Question, asyncio.Future[_Answers]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Who asks for the same at once shares the answer. Raises OSError."""
        question = (host, port, int(family))
        while question not in self._running and len(self._running) >= self._most:
            await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
        running = self._running.get(question) or self._begun(question)
        return [
            ResolveResult(
                hostname=host,
                host=str(target[0]),
                port=port,
                family=found,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for found, _, protocol, _, target in await asyncio.shield(running)
        ]

    async def close(self) -> None:
        return None

    def _begun(self, question: _Question) -> asyncio.Future[_Answers]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Answers] = loop.create_future()
        self._running[question] = future
        # Whoever asked may be gone by then.
        future.add_done_callback(lambda told: told.cancelled() or told.exception())

        def tell(found: _Answers, error: OSError | None) -> None:
            self._running.pop(question, None)
            if error is None:
                future.set_result(found)
            else:
                future.set_exception(error)

        def ask() -> None:
            found: _Answers = ()
            error: OSError | None = None
            host, port, family = question
            try:
                found = self._look_up(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
            except OSError as failed:
                error = failed
            except Exception as failed:  # noqa: BLE001 - such as UnicodeError, of what can be no name
                error = OSError(str(failed))
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(tell, found, error)

        threading.Thread(target=ask, name="look-up", daemon=True).start()
        return future


class CarefulResolver(AbstractResolver):
    """Resolves a name anew for every connection, and hands out only addresses that may be reached."""

    def __init__(self, *, private: bool, inner: AbstractResolver | None = None) -> None:
        self._private = private
        self._inner = inner or NameLookups()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises AddressRefused when none of them may be reached."""
        found = await self._inner.resolve(host, port, family)
        allowed = [one for one in found if may_reach(one["host"], private=self._private)]
        if found and not allowed:
            raise AddressRefused("no address of this name may be reached")
        return allowed

    async def close(self) -> None:
        await self._inner.close()


def careful_connector(*, private: bool, limit: int, resolver: AbstractResolver) -> aiohttp.TCPConnector:
    """Checks each address again where its socket is made, literal ones included, which no resolver sees."""

    def made(address: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, target = address
        if not may_reach(str(target[0]), private=private):
            raise AddressRefused("this address may not be reached")
        return socket.socket(family, kind, protocol)

    return aiohttp.TCPConnector(
        resolver=resolver,
        use_dns_cache=False,
        limit=limit,
        socket_factory=made,
        loop=asyncio.get_running_loop(),
    )
