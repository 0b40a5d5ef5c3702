"""The listening socket, and leaving it without a client noticing."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket

from ingress.guard import Guard
from runtime.logs import get_logger
from runtime.settings import Settings
from schemas.errors import ConfigurationError

log = get_logger(__name__)

BACKLOG = 1024
TAKEN_IN_PER_TURN = 32
REST_SECONDS = 0.1
GONE = (errno.ECONNABORTED, errno.EINTR, errno.EPROTO)  # that one client, before we got to it
STEP_SECONDS = 0.05
IDLE_SECONDS = 0.2  # an answer that was just given may still be on its way out


class Listener:
    """Listens while open; `close` takes in who already knocked, then shuts the door.

    The event loop's own servers take in one connection per turn: in a flood the queue of the kernel then overflows, and who is turned away there
    tries again after a second at the earliest. Here as many are taken in as one turn bears.
    """

    def __init__(self, guard: Guard, door: socket.socket) -> None:
        self._guard = guard
        self._door = door
        self._loop = asyncio.get_running_loop()
        self._entering: set[asyncio.Task[object]] = set()
        self._loop.add_reader(door, self._take_in, TAKEN_IN_PER_TURN)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._door.getsockname()[:2]
        return str(host), int(port)

    def _take_in(self, most: int) -> None:
        for _ in range(most):
            try:
                client = self._door.accept()[0]
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in GONE:
                    continue
                log.error("no connection can be taken in", action="ingress.accept", error=error.strerror)
                self._rest()
                return
            client.setblocking(False)
            task = self._loop.create_task(self._enter(client))
            self._entering.add(task)
            task.add_done_callback(self._entering.discard)

    async def _enter(self, client: socket.socket) -> None:
        # Who has left again is nobody's trouble.
        with contextlib.suppress(OSError):
            await self._loop.connect_accepted_socket(self._guard, client)

    def _rest(self) -> None:
        """Out of descriptors: asking again at once would only ask again."""
        self._loop.remove_reader(self._door)
        self._loop.call_later(REST_SECONDS, self._listen_again)

    def _listen_again(self) -> None:
        if self._door.fileno() >= 0:
            self._loop.add_reader(self._door, self._take_in, TAKEN_IN_PER_TURN)

    async def close(self) -> None:
        """No new connections. Those the kernel has accepted for us are served: closing alone would reset them."""
        if self._door.fileno() < 0:
            return
        self._loop.remove_reader(self._door)
        self._take_in(BACKLOG)
        self._door.close()
        await asyncio.gather(*self._entering)

    async def drain(self, *, idle_seconds: float, budget_seconds: float) -> None:
        """Waits until every connection has ended, idle ones at the latest after `idle_seconds`, then ends the rest."""
        started = self._loop.time()
        while self._guard.open() and self._loop.time() - started < budget_seconds:
            await asyncio.sleep(STEP_SECONDS)
            if self._loop.time() - started >= idle_seconds:
                for connection in self._guard.idle(for_seconds=IDLE_SECONDS):
                    connection.close()
        if self._guard.open():
            log.warning("connections cut off", action="ingress.cut_off", connections=self._guard.open())
        self._guard.end()
        await asyncio.sleep(0)  # they are told in the next turn of the loop


def listen(guard: Guard, settings: Settings) -> Listener:
    """Binds and listens."""
    door = _bound(settings.ingress_host, settings.ingress_port, reuse_port=settings.ingress_reuse_port)
    door.listen(BACKLOG)
    return Listener(guard, door)


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
