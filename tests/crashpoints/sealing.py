"""A database of its own whose personal data is sealed: the key is exchanged for another again and again, and whoever exchanges it dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from eventstore.append import log_transaction
from eventstore.keyring import KEYRING, unwrapped
from eventstore.personal import begin, named
from runtime.database import Connection, open_pool
from runtime.settings import load_settings

PERSONS = 3
"""Keys that are sealed anew, one in a transaction: so many passes of each step."""
ADDRESSES = [f"person-{number}@contoh.id" for number in range(PERSONS)]
_KEYRING = asyncio.Lock()
"""One keyring in a process, and machines side by side."""


def key(number: int) -> str:
    """That of after so many exchanges."""
    return f"key {number} for personal data in tests only, 0123456789"


async def fresh_database(beside: str, name: str) -> str:
    """The address of an empty database on the same server."""
    connection = await asyncpg.connect(beside)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return urlunsplit(urlsplit(beside)._replace(path=f"/{name}"))


@dataclass
class Sealed:
    """`exchanges`: how many are over. `names`: what addresses are called in the log."""

    url: str
    exchanges: int = 0
    names: dict[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """What whoever exchanges the key now is told."""
        return {
            "LUNAS_DATABASE_URL": self.url,
            "LUNAS_PERSONAL_DATA_KEY": key(self.exchanges + 1),
            "LUNAS_PERSONAL_DATA_KEY_BEFORE": key(self.exchanges),
            "LUNAS_PERSONAL_DATA_REKEY_BATCH": "1",
        }

    async def begin(self) -> None:
        """Persons whose addresses are sealed by the first key. The schema is there."""
        async with self._opened() as connection, log_transaction(connection):
            assert await begin(connection)
            self.names = await named(connection, ADDRESSES)

    async def over(self) -> list[str]:
        """One more exchange has ended; what is wrong, in words."""
        self.exchanges += 1
        async with self._opened() as connection:
            left = await connection.fetchval(
                "SELECT count(*) FROM person_keys WHERE wrapped_by IS DISTINCT FROM (SELECT key_check FROM personal_data)"
            )
            acts = dict(
                await connection.fetch(
                    "SELECT verb, count(*) FROM operator_acts WHERE verb LIKE 'customers.rekey%' GROUP BY 1"
                )
            )
            rows = await connection.fetch("SELECT name, wrapped_key FROM person_keys")
            for row in rows:
                await unwrapped(connection, row["name"], row["wrapped_key"])  # raises where it does not open
            async with log_transaction(connection):
                names = await named(connection, ADDRESSES)
        wrong = [f"{left} keys are sealed by the key of before"] if left else []
        wrong += [f"{len(rows)} keys of {PERSONS} persons"] if len(rows) != PERSONS else []
        wrong += ["persons have other names"] if names != self.names else []
        recorded = {"customers.rekey_begun": self.exchanges, "customers.rekey": self.exchanges}
        wrong += [f"{self.exchanges} exchanges are recorded as {acts}"] if acts != recorded else []
        return [f"after exchange {self.exchanges}: {each}" for each in wrong]

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Connection]:
        """This process has the key that is in force meanwhile."""
        settings = load_settings(
            {"LUNAS_ENV": "development", "LUNAS_DOTENV": "none", "LUNAS_DATABASE_URL": self.url}
        )
        async with _KEYRING:
            KEYRING.use(key(self.exchanges))
            try:
                async with open_pool(settings, "crashes") as pool, pool.acquire() as connection:
                    yield connection
            finally:
                KEYRING.use(None)
