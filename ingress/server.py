"""The listening socket, and leaving it without a client noticing."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from ingress.guard import Guard
from runtime.logs import get_logger
from runtime.settings import Settings
from schemas.errors import ConfigurationError

log = get_logger(__name__)

BACKLOG = 1024
STEP_SECONDS = 0.05
IDLE_SECONDS = 0.2  # an answer that was just given may still be on its way out


class Listener:
    """Listens while open; `close` takes in who already knocked, then shuts the door."""

    def __init__(self, guard: Guard, server: asyncio.Server, door: socket.socket) -> None:
        self._guard = guard
        self._server = server
        self._door = door

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._door.getsockname()[:2]
        return str(host), int(port)

    async def close(self) -> None:
        """No new connections. Those the kernel has accepted for us are served: closing alone would reset them."""
        if self._door.fileno() < 0:
            return
        self._server.close()
        loop = asyncio.get_running_loop()
        waiting: list[socket.socket] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                waiting.append(self._door.accept()[0])
        self._door.close()
        for client in waiting:
            client.setblocking(False)
            await loop.connect_accepted_socket(self._guard, client)

    async def drain(self, *, idle_seconds: float, budget_seconds: float) -> None:
        """Waits until every connection has ended, idle ones at the latest after `idle_seconds`, then ends the rest."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        while self._guard.open() and loop.time() - started < budget_seconds:
            await asyncio.sleep(STEP_SECONDS)
            if loop.time() - started >= idle_seconds:
                for connection in self._guard.idle(for_seconds=IDLE_SECONDS):
                    connection.close()
        if self._guard.open():
            log.warning("connections cut off", action="ingress.cut_off", connections=self._guard.open())
        self._guard.end()
        await asyncio.sleep(0)  # they are told in the next turn of the loop


async def listen(guard: Guard, settings: Settings) -> Listener:
    """Binds and listens. The socket is duplicated so that closing can be done in two steps."""
    door = _bound(settings.ingress_host, settings.ingress_port, reuse_port=settings.ingress_reuse_port)
    server = await asyncio.get_running_loop().create_server(guard, sock=door.dup(), backlog=BACKLOG)
    return Listener(guard, server, door)


def _bound(host: str, port: int, *, reuse_port: bool) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        door = socket.socket(family, kind, protocol)
        try:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if reuse_port:
                door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            door.setblocking(False)
            door.bind(address)
        except OSError:
            door.close()
            raise
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {host}:{port} ({error.strerror}): set LUNAS_INGRESS_HOST and LUNAS_INGRESS_PORT to an"
            " address of this machine and a free port, or stop the program that has it."
        ) from error
    return door
