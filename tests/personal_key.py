"""A database that seals personal data, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from eventstore.append import log_transaction
from eventstore.keyring import KEYRING
from eventstore.personal import begin
from runtime.database import Pool

PERSONAL_KEY = "a key for personal data in tests only, 0123456789"


@contextmanager
def personal_key(secret: str | None = PERSONAL_KEY, before: str | None = None) -> Iterator[None]:
    """This process has the key meanwhile, and perhaps the one that it takes the place of."""
    held = KEYRING.sealer, KEYRING.before
    KEYRING.use(secret, before)
    try:
        yield
    finally:
        KEYRING.sealer, KEYRING.before = held


async def begin_to_seal(pool: Pool) -> bool:
    """As the first process does that starts with a key."""
    async with pool.acquire() as connection, log_transaction(connection):
        return await begin(connection)
