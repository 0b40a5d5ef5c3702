"""Sockets to services: a peer that vanished without a word (half-open connection) is noticed by the kernel, in seconds.

Without this the kernel repeats what was sent for a quarter of an hour, and a process waits for as long, or for the longest of its own limits
and then once more for the ROLLBACK.
"""

from __future__ import annotations

import contextlib
import socket

DEAD_PEER_SECONDS = 8
"""What was sent and not acknowledged for so long, or a silent peer that answers no probe for so long, ends the connection."""
PROBES = 3


def notice_dead_peer(sock: socket.socket | None) -> None:
    """Sets the limits; where the system knows one of them not, the others hold."""
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    idle = DEAD_PEER_SECONDS // (PROBES + 1)
    _set(sock, socket.SOL_SOCKET, "SO_KEEPALIVE", 1)
    _set(sock, socket.IPPROTO_TCP, "TCP_KEEPIDLE", idle)
    _set(sock, socket.IPPROTO_TCP, "TCP_KEEPINTVL", idle)
    _set(sock, socket.IPPROTO_TCP, "TCP_KEEPCNT", PROBES)
    _set(sock, socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", DEAD_PEER_SECONDS * 1000)


def _set(sock: socket.socket, level: int, option: str, value: int) -> None:
    number = getattr(socket, option, None)
    if number is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(level, number, value)
