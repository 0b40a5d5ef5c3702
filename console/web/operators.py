"""Who may do what in the web console, and whether a password is theirs."""

from __future__ import annotations

import asyncio
import re
from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

Role = Literal["viewer", "operator", "approver"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "approver")
"""From little to much: each may what the ones before it may."""

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}\Z")
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024

# OWASP's second choice: 19 MiB and two passes, some 20 ms. More memory would let a handful of guesses at once push the console out of its own.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_ONCE = 2
"""Passwords looked at at the same time."""


def at_least(role: Role, needed: Role) -> bool:
    """Whether `role` may do what `needed` may."""
    return ROLES.index(role) >= ROLES.index(needed)


async def hashed(password: str) -> str:
    """To be kept instead of the password."""
    return await asyncio.to_thread(_HASHER.hash, password)


class Passwords:
    """Looks at passwords, few at a time; whether there is such a person cannot be told from how long it takes."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def fits(self, password: str, kept: str | None) -> bool:
        """`kept` None: there is nobody, and the answer takes as long."""
        async with self._turns:
            right = await asyncio.to_thread(_fits, password[:LONGEST_PASSWORD], kept or _nobodys())
        return right and kept is not None


def _fits(password: str, kept: str) -> bool:
    try:
        # What a browser sends may hold lone surrogates; those are part of a wrong password.
        return _HASHER.verify(kept, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody's password")
