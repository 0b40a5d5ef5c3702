"""Free ports below the kernel's range for outgoing connections, safe against another checkout starting right now."""

from __future__ import annotations

import hashlib
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.local.services.failures import PortTaken, ServiceFailure

FIRST_PRIVATE_PORT = 20_000
# Linux hands out ports from 32768 up to outgoing connections: a server there can lose its port between two starts.
PORT_LIMIT = 32_768
SEARCH_LENGTH = 500


class PortLeases:
    """Ports picked by this process, held against other lunas supervisors until `close`.

    A picked port is not listening yet, so binding alone cannot keep two supervisors apart. An abstract Unix socket per
    port does, and vanishes with its process.
    """

    def __init__(self) -> None:
        self._held: dict[int, socket.socket | None] = {}

    def pick(self, candidates: Iterator[int] | range, host: str = "127.0.0.1") -> int:
        """The first candidate that is free; it stays ours. Raises ServiceFailure."""
        for port in candidates:
            if self.take(port, host):
                return port
        raise ServiceFailure(
            f"No free port was found on {host} between {FIRST_PRIVATE_PORT} and {PORT_LIMIT}."
        )

    def take(self, port: int, host: str = "127.0.0.1") -> bool:
        """Takes one port; False when somebody listens there or another supervisor has picked it."""
        if port in self._held or not is_free(port, host):
            return False
        held = _hold(port)
        if held is None and sys.platform == "linux":
            return False
        self._held[port] = held
        return True

    def door(self, variable: str, host: str, port: int, *, explicit: bool) -> int:
        """Port of one of our doors: a taken default moves to the next free one, a taken explicit one is an error."""
        if port and self.take(port, host):
            return port
        if port and explicit:
            raise PortTaken(
                f"{variable} is {port}, but that port is already in use on {host}: "
                f"stop what uses it, choose another port, or unset {variable} to take the next free one."
            )
        first = port + 1 if port else FIRST_PRIVATE_PORT
        return self.pick(range(first, min(first + SEARCH_LENGTH, PORT_LIMIT)), host)

    def close(self) -> None:
        for held in self._held.values():
            if held is not None:
                held.close()
        self._held.clear()


def private_candidates(home: Path) -> Iterator[int]:
    """Ports to try for the services of one home: a start of its own, so that homes rarely meet."""
    span = PORT_LIMIT - FIRST_PRIVATE_PORT
    start = int.from_bytes(hashlib.sha256(str(home).encode()).digest()[:4], "big") % span
    return (FIRST_PRIVATE_PORT + (start + step) % span for step in range(SEARCH_LENGTH))


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose old connections linger in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def is_of_this_machine(host: str) -> bool:
    """Whether a server could listen on this address at all, whatever the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True


def _hold(port: int) -> socket.socket | None:
    if sys.platform != "linux":
        return None
    held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        held.bind(f"\0lunas-port-{port}")
    except OSError:
        held.close()
        return None
    return held
