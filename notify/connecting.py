"""Connections to addresses that strangers name: what is really connected to is checked, so no name, literal or change of mind gets past."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from notify.addresses import AddressRefused, may_reach


class CarefulResolver(AbstractResolver):
    """Resolves a name anew for every connection, and hands out only addresses that may be reached."""

    def __init__(self, *, private: bool, inner: AbstractResolver | None = None) -> None:
        self._private = private
        self._inner = inner or aiohttp.ThreadedResolver()

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
