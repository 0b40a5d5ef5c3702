"""The error tree, drawn once. The branch decides what follows, wherever an error is met.

Transient: intake keeps the delivery and tries again, later through a retry tier; a publish is tried again; a caller is answered 503 and told
when to come back. Permanent: a delivery is parked, because waiting cannot help; a caller is answered 4xx where the mistake is theirs, else 500.

LunasError
├── ConfigurationError        a setting is missing or wrong; one sentence names it and the fix
├── Transient                 worth trying again
│   ├── NotConfirmed          the broker did not confirm a publish in time
│   ├── Unroutable            the broker has no queue for a publish, until somebody declares it again
│   ├── StoreUnavailable      the database did not answer or refused for now
│   └── WrongExpectedVersion  somebody else appended to the stream first: read it again
└── Permanent                 will never succeed as it is
    ├── UnparsableError       authentic bytes that are not one clean JSON document
    ├── AmountError           a money value we refuse to guess at
    ├── UntranslatableError   an authentic event whose meaning is incomplete or contradictory
    ├── CatalogError          the catalogue file is wrong
    └── UnknownEventVersion   an event written by newer code

Rooms add leaves of their own, always below one of the two branches.
"""

from __future__ import annotations


class LunasError(Exception):
    """Something lunas knows how to name went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class ConfigurationError(LunasError):
    """The configuration is wrong."""


class Transient(LunasError):
    """Trying again later may succeed."""


class Permanent(LunasError):
    """Trying again as it is cannot succeed."""


class NotConfirmed(Transient):
    """The broker did not confirm the publish in time."""


class StoreUnavailable(Transient):
    """The database did not answer in time."""


class Unroutable(Transient):
    """The broker has no queue for this message."""


class UnparsableError(Permanent):
    """The bytes are not one clean JSON document.

    `reason` is a stable code such as `duplicate_key` or `too_deep`.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class AmountError(Permanent):
    """A money value cannot be read exactly. `reason` is a stable code such as `amount_fractional`."""

    def __init__(self, reason: str, value: object = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.value = value


class UntranslatableError(Permanent):
    """An authentic event cannot be turned into facts. `reason` is a stable code an operator understands."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class CatalogError(Permanent):
    """The catalogue file is wrong."""


class WrongExpectedVersion(Transient):
    """The stream moved on since it was read."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"stream {stream} is at version {actual}, expected {expected}")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class UnknownEventVersion(Permanent):
    """An event was written by newer code than this."""

    def __init__(self, event_type: str, schema_version: int) -> None:
        super().__init__(f"{event_type} version {schema_version} is newer than this program")
        self.event_type = event_type
        self.schema_version = schema_version
