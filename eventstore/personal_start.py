"""What a process that touches the log does first: take the installation's key, and see that it is the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventstore.append import log_transaction
from eventstore.keyring import KEYRING, check_key, use_key
from eventstore.personal import begin
from runtime.database import Pool
from runtime.logs import get_logger

if TYPE_CHECKING:
    from runtime.settings import Settings

log = get_logger(__name__)


async def take_key(pool: Pool, settings: Settings, *, begins: bool = False) -> None:
    """From here on this process seals and opens personal data. `begins`: the log is sealed from now on, when it is not and there is a key.

    Raises ConfigurationError when the key is missing or another one.
    """
    use_key(settings)
    async with pool.acquire() as connection:
        if await check_key(connection) or not begins or KEYRING.sealer is None:
            return
        async with log_transaction(connection):
            begun = await begin(connection)
    if begun:
        log.info("personal data is sealed from now on", action="personal.begun")
