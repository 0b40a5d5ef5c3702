"""The installation's key in this process, and the one before it while it is exchanged (docs/adr/0077, docs/adr/0090)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from eventstore.queries import load
from eventstore.sealed_text import SealBroken, TextSealer
from runtime.database import Connection
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.settings import Settings

_SQL = load("personal.sql")


class Keyring:
    """Without a key nothing is sealed, and nothing sealed can be read."""

    def __init__(self) -> None:
        self.sealer: TextSealer | None = None
        self.before: TextSealer | None = None
        """Opens what is sealed by the key that is exchanged, and finds who is known by it."""

    def use(self, secret: str | None, before: str | None = None) -> None:
        """From now on this key, or none, and the one that it takes the place of."""
        self.sealer = TextSealer(secret) if secret else None
        self.before = TextSealer(before) if before else None

    @property
    def held(self) -> tuple[TextSealer, ...]:
        """The newest first."""
        return tuple(one for one in (self.sealer, self.before) if one is not None)

    def indexes(self, addresses: Collection[str]) -> dict[bytes, str]:
        """By which addresses in normal form may be found, whichever key they were met under."""
        return {sealer.index(one): one for sealer in self.held for one in addresses}


KEYRING = Keyring()


def use_key(settings: Settings) -> None:
    """What every process that touches the log begins with."""
    secret, before = (
        one.get_secret_value() if one else None
        for one in (settings.personal_data_key, settings.personal_data_key_before)
    )
    KEYRING.use(secret, before)


async def check_key(connection: Connection) -> bool:
    """Whether the log is sealed. Raises ConfigurationError when this process has not the keys that it is sealed by."""
    row = await connection.fetchrow(_SQL["begun"])
    if row is None:
        return False
    if KEYRING.sealer is None:
        raise ConfigurationError(
            "LUNAS_PERSONAL_DATA_KEY is not set, and this database seals personal data with one"
        )
    held = {sealer.check for sealer in KEYRING.held}
    if row["key_check"] not in held:
        raise ConfigurationError("LUNAS_PERSONAL_DATA_KEY is not the key that this database is sealed with")
    if row["key_check_before"] not in {None, *held}:
        raise ConfigurationError(
            "The key of personal data is being exchanged: LUNAS_PERSONAL_DATA_KEY_BEFORE must be the one that it takes the place of, "
            "until `lunas customers rekey` has ended"
        )
    return True


async def key_for_new(connection: Connection) -> TextSealer:
    """By which keys of persons are sealed now: the database says it, so that processes with two keys agree. Needs the log's lock.

    Raises ConfigurationError when this process has not that one.
    """
    if KEYRING.sealer is None:
        raise ConfigurationError("LUNAS_PERSONAL_DATA_KEY is not set")
    if KEYRING.before is None:
        return KEYRING.sealer  # the table refuses what is not sealed by the newest
    row = await connection.fetchrow(_SQL["begun"])
    for sealer in KEYRING.held:
        if row is None or row["key_check"] == sealer.check:
            return sealer
    raise ConfigurationError("LUNAS_PERSONAL_DATA_KEY is not the key that this database is sealed with")


async def unwrapped(connection: Connection, name: str, wrapped: bytes) -> bytes:
    """The key of that name. Raises ConfigurationError when the key was exchanged since this process began, else SealBroken."""
    for sealer in KEYRING.held:
        try:
            return sealer.unwrap(name, wrapped)
        except SealBroken:
            continue
    await check_key(connection)
    raise SealBroken((SealBroken.__doc__ or "").rstrip("."))
