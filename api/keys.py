"""Keys of our applications beside `LUNAS_API_KEY`: what each may do, for whom, how often. Kept as hashes.

All that open something are in memory, so a call costs no look into the database, and a flood of wrong keys none either. A key with a rate costs
one: its calls are counted there, for all processes together.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import secrets
from dataclasses import dataclass
from typing import get_args

from eventstore.queries import load
from runtime.database import Pool
from schemas.calls import Scope

SCOPES: tuple[Scope, ...] = get_args(Scope)
MARK = "lunas"
FRESH_SECONDS = 2.0  # a key that was revoked opens nothing after this time
MISSED_SECONDS = 0.05  # one that was made just now opens almost at once; a flood of wrong ones asks the database so often and no more

_SQL = load("keys.sql", "api")


@dataclass(frozen=True, slots=True)
class Permission:
    """What a key may do; `customer_id` None: for anybody; `rate` None: as often as it likes."""

    key_id: str
    scopes: frozenset[str]
    customer_id: str | None = None
    rate: int | None = None


EVERYTHING = Permission("environment", frozenset(SCOPES))
"""`LUNAS_API_KEY`."""


def new_key() -> tuple[str, str, bytes]:
    """A key's id, the key itself and what is kept of it."""
    key_id = secrets.token_hex(4)
    key = f"{MARK}_{key_id}_{secrets.token_urlsafe(32)}"
    return key_id, key, digest_of(key)


def digest_of(key: str) -> bytes:
    # aiohttp keeps bytes that are no UTF-8 as lone surrogates: they are part of a wrong key, not an error of ours.
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


class KeyRing:
    """The keys that open something, read again every few seconds."""

    def __init__(self, pool: Pool, *, acquire_seconds: float) -> None:
        self._pool = pool
        self._acquire_seconds = acquire_seconds
        self._keys: dict[bytes, Permission] = {}
        self._read_at = -math.inf
        self._used: set[str] = set()
        self._waits: dict[str, float] = {}
        self._reading = asyncio.Lock()

    async def permission(self, offered: str) -> Permission | None:
        """What the offered key may do; None when it is none of these."""
        if not offered.startswith(f"{MARK}_"):
            return None
        digest = digest_of(offered)
        await self._refresh(FRESH_SECONDS)
        if digest not in self._keys:
            await self._refresh(MISSED_SECONDS)
        found = self._keys.get(digest)
        if found is not None:
            self._used.add(found.key_id)
        return found

    async def wait_of(self, permission: Permission) -> float:
        """Seconds until this key may be used again, in whichever process; 0: now, and that counts.

        Whoever has been told to wait is told so without asking the database again: others can only have made it longer.
        """
        if permission.rate is None:
            return 0.0
        asked_at = asyncio.get_running_loop().time()
        told = self._waits.get(permission.key_id, 0.0) - asked_at
        if told > 0:
            return told
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
            wait: float | None = await connection.fetchval(_SQL["take"], permission.key_id, permission.rate)
        if wait is None:
            return 0.0
        self._waits[permission.key_id] = asked_at + wait
        return wait

    async def _refresh(self, older_than: float) -> None:
        clock = asyncio.get_running_loop().time
        if clock() - self._read_at < older_than:
            return
        async with self._reading:
            if clock() - self._read_at < older_than:
                return
            async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
                rows = await connection.fetch(_SQL["keys"])
                if self._used:
                    await connection.execute(_SQL["used"], sorted(self._used))
            self._keys = {
                row["key_sha256"]: Permission(
                    row["key_id"], frozenset(row["scopes"]), row["customer_id"], row["rate_per_second"]
                )
                for row in rows
            }
            kept = {one.key_id for one in self._keys.values()}
            self._waits = {key_id: until for key_id, until in self._waits.items() if key_id in kept}
            self._used.clear()
            self._read_at = clock()
