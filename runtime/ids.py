"""Identifiers that sort by time, and the clock they are drawn from."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The wall clock, aware. Injected wherever a decision depends on time."""
    return datetime.now(UTC)


class RandomBytes:
    """The system's randomness in larger reads: a call for every id was a fifth of what a webhook costs ingress."""

    READ = 4096  # bytes

    def __init__(self) -> None:
        self._bytes, self._at = b"", 0
        # A child must not hand out what its parent also will.
        os.register_at_fork(after_in_child=self._forget)

    def __call__(self, count: int) -> bytes:
        if self._at + count > len(self._bytes):
            self._bytes, self._at = os.urandom(max(count, self.READ)), 0
        self._at += count
        return self._bytes[self._at - count : self._at]

    def _forget(self) -> None:
        self._bytes, self._at = b"", 0


_random_bytes = RandomBytes()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def uuid7(
    *, now_ms: Callable[[], int] = _now_ms, random_bytes: Callable[[int], bytes] = _random_bytes
) -> uuid.UUID:
    """UUID version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then 74 random bits."""
    return uuid.UUID(int=_value(now_ms(), random_bytes(10)))


def uuid7_text(
    *, now_ms: Callable[[], int] = _now_ms, random_bytes: Callable[[int], bytes] = _random_bytes
) -> str:
    """`str(uuid7())` in a third of the time."""
    digits = f"{_value(now_ms(), random_bytes(10)):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _value(now_ms: int, random_bytes: bytes) -> int:
    random = int.from_bytes(random_bytes, "big")
    value = (now_ms & (2**48 - 1)) << 80
    value |= 0x7 << 76
    value |= ((random >> 68) & 0xFFF) << 64
    value |= 0b10 << 62
    return value | random & (2**62 - 1)
