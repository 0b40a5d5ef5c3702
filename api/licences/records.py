"""What we know of a licence without asking anybody: our own records, and what its provider said last."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from eventstore.queries import load
from providers.licensing import LicenceWord
from runtime.database import Pool
from schemas.problems import Problem

if TYPE_CHECKING:
    import asyncpg

EXPIRE_MAX = 20  # rows per write
SQL = load("licences.sql", "api")


@dataclass(frozen=True, slots=True)
class CheckedLicence:
    """A provider's word of one product, and when it was said. `records_at`: how far our own record of the licence was then."""

    product_id: str
    word: LicenceWord
    checked_at: datetime
    records_at: int


class LicenceRecords:
    """Over one pool."""

    def __init__(self, pool: Pool, *, acquire_seconds: float, keep: timedelta) -> None:
        self._pool, self._acquire_seconds, self._keep = pool, acquire_seconds, keep

    async def look(self, code: str, customer_id: str | None) -> asyncpg.Record:
        """Our own record, if any, with position, lag and the time it is. Raises Problem."""
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
            row = await connection.fetchrow(SQL["records"], code, customer_id)
        if row is None or row["at_position"] is None:
            raise Problem("unavailable", headers={"Retry-After": "1"})
        if not row["known"]:
            raise Problem("customer_not_found", field="customer_id")
        return row

    async def checked(self, code: str, provider: str, products: Sequence[str]) -> list[CheckedLicence]:
        """What the provider said last, in the order of the products."""
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
            rows = await connection.fetch(SQL["checks"], _digest(code), provider, list(products))
        found = {
            row["product_id"]: CheckedLicence(
                row["product_id"],
                LicenceWord.model_validate_json(row["word"]),
                row["checked_at"],
                row["records_at"],
            )
            for row in rows
        }
        return [found[product] for product in products if product in found]

    async def bought(self, provider: str, transaction_id: str) -> asyncpg.Record | None:
        """Whose a licence is by the payment that it was sold with; None while we know no owner of that."""
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
            return await connection.fetchrow(SQL["bought"], provider, transaction_id)

    async def keep(
        self, code: str, provider: str, product_id: str, records_at: int, word: LicenceWord
    ) -> CheckedLicence:
        """Remember what it said just now."""
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection, connection.transaction():
            at = await connection.fetchval(
                SQL["keep"], _digest(code), provider, product_id, records_at, word.model_dump_json()
            )
            await connection.execute(SQL["expire"], self._keep, EXPIRE_MAX)
        return CheckedLicence(product_id, word, at, records_at)

    async def forget(self, code: str, provider: str) -> None:
        """Its state was changed: ask anew."""
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
            await connection.execute(SQL["forget"], _digest(code), provider)


def masked(code: str) -> str:
    """For logs: enough for whoever has the code to find it, too little to use it."""
    return f"{code[:2]}…{code[-2:]}" if len(code) >= 8 else "…"


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
