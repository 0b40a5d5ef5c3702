"""The secrets of one provider, and which of them are accepted at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Self

from providers.verification import secret_id

if TYPE_CHECKING:
    from runtime.settings import Settings
    from runtime.settings.secret_times import SecretTimes


@dataclass(frozen=True, slots=True)
class KnownSecrets:
    """`values` in the order of the settings; `times` by the ids of those that are not accepted always. Empty is false."""

    values: tuple[str, ...]
    times: Mapping[str, SecretTimes] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, provider: str) -> Self:
        """As they are configured."""
        values = tuple(secret.get_secret_value() for secret in settings.webhook_secrets(provider))
        ours = {secret_id(value) for value in values}
        return cls(values, {name: times for name, times in settings.secret_times().items() if name in ours})

    def __bool__(self) -> bool:
        return bool(self.values)

    def at(self, instant: datetime) -> tuple[str, ...]:
        """Those that are accepted at `instant` (aware), in their order. What is asked depends on the clock alone, never on a request."""
        if not self.times:
            return self.values
        return tuple(value for value in self.values if self._holds(value, instant))

    def _holds(self, value: str, instant: datetime) -> bool:
        times = self.times.get(secret_id(value))
        return times is None or times.hold(instant)
