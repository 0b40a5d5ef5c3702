"""Prints docs/settings.md: every variable with its default and its reason, as the code has them.

.venv/bin/python -m console.settings_page > docs/settings.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from runtime.settings.addresses import AddressSettings
from runtime.settings.backups import BackupSettings
from runtime.settings.broker import BrokerSettings
from runtime.settings.changes import ChangesSettings
from runtime.settings.checkout import CheckoutSettings
from runtime.settings.console import ConsoleSettings
from runtime.settings.database import DatabaseSettings
from runtime.settings.fakes import FakeSettings
from runtime.settings.held_money import HeldMoneySettings
from runtime.settings.ingress import IngressSettings
from runtime.settings.licences import LicenceSettings
from runtime.settings.model import variable_name
from runtime.settings.notifying import NotifySettings
from runtime.settings.personal import PersonalSettings
from runtime.settings.processing import ProcessingSettings
from runtime.settings.providers import ProviderSettings
from runtime.settings.reconciliation import ReconciliationSettings
from runtime.settings.replaying import ReplaySettings
from runtime.settings.sealing import SealingSettings
from runtime.settings.signing_in import SignInSettings
from runtime.settings.tracing import TracingSettings
from runtime.settings.watching import WatchingSettings

SECTIONS: Mapping[str, type[BaseModel]] = {
    "Where lunas runs and listens": AddressSettings,
    "Providers and our own doors": ProviderSettings,
    "Ingress": IngressSettings,
    "Broker": BrokerSettings,
    "Processor, projections and API": ProcessingSettings,
    "Personal data": PersonalSettings,
    "Changes": ChangesSettings,
    "Checkout": CheckoutSettings,
    "Licences": LicenceSettings,
    "Reconciliation": ReconciliationSettings,
    "Notifications": NotifySettings,
    "Silence": WatchingSettings,
    "Seals of the log": SealingSettings,
    "Backups": BackupSettings,
    "Held money": HeldMoneySettings,
    "Replay and corrections": ReplaySettings,
    "Web console": ConsoleSettings,
    "Signing in through an identity provider": SignInSettings,
    "Database": DatabaseSettings,
    "Fake providers": FakeSettings,
    "Traces": TracingSettings,
}

INTRODUCTION = """# Settings

Every variable lunas reads. This page is made from the code by `console/settings_page.py`; do not edit it.

- A variable that is empty counts as unset.
- For every variable `NAME`, `NAME_FILE` may name a file that holds the value instead. Use it for secrets.
- In development (`LUNAS_ENV=development`, which `make` sets) a file `.env` in the working directory is read; real variables win.
- A wrong value stops the start with one sentence that names the variable and the fix.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *(_section(title, model) for title, model in SECTIONS.items())])


def _section(title: str, model: type[BaseModel]) -> str:
    rows = "\n".join(_row(name, field) for name, field in model.model_fields.items())
    return f"## {title}\n\n| Variable | Default | Meaning |\n|---|---|---|\n{rows}\n"


def _row(name: str, field: FieldInfo) -> str:
    meaning = " ".join([field.description or "", *_choices(field)])
    return f"| `{variable_name(name)}` | {_default(field)} | {meaning} |"


def _default(field: FieldInfo) -> str:
    if field.default is None or field.default == "":
        return "secret, unset" if _is_secret(field) else "unset"
    value = field.default
    text = (
        ",".join(part if isinstance(part, str) else f"{part:g}" for part in value)
        if isinstance(value, tuple)
        else _plain(value)
    )
    return f"`{text}`"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _choices(field: FieldInfo) -> Iterator[str]:
    """The values of a Literal, alone or beside None."""
    for option in (field.annotation, *get_args(field.annotation)):
        values = [value for value in get_args(option) if isinstance(value, str)]
        if len(values) > 1:
            yield "One of " + ", ".join(f"`{value}`" for value in values) + "."
            return


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in (field.annotation, *get_args(field.annotation))


if __name__ == "__main__":
    sys.stdout.write(page())
