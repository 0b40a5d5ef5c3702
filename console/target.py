"""Which instance a command works on: the environment, filled up from the running instance of this checkout."""

from __future__ import annotations

import os
from pathlib import Path

from console.exits import WrongUse
from console.messages import text
from deploy.local.services.instance import CHECKOUT, DEFAULT_HOME, find_instance, is_checkout
from runtime.faults import arm
from runtime.logs import configure_command_logging
from runtime.settings import Settings, load_settings

_ADDRESSES = frozenset(
    field
    for field in Settings.model_fields
    if field in {"database_url", "broker_url", "peers"} or field.endswith(("_host", "_port"))
)


def load_target(*, named: bool = True) -> Settings:
    """Settings of the instance to work on. What the caller set explicitly wins.

    Raises WrongUse when no instance runs and no address is set, because whoever listens on the default ports of this machine may be
    anybody; with `named=False` the environment is taken as it is. Raises ConfigurationError.
    """
    settings = _settings()
    if named and not is_named(settings):
        raise WrongUse(nobody_here())
    return settings


def find_target() -> Settings | None:
    """Like `load_target`, but None when no instance runs and no address is set. Raises ConfigurationError."""
    settings = _settings()
    return settings if is_named(settings) else None


def is_named(settings: Settings) -> bool:
    """Whether an instance was found, or the caller set any address; the defaults name nobody in particular."""
    return not _ADDRESSES.isdisjoint(settings.model_fields_set)


def nobody_here() -> str:
    """What to do when there is no instance to work on."""
    home = Path(
        os.environ.get("LUNAS_HOME") or (CHECKOUT if is_checkout(CHECKOUT) else Path.cwd()) / DEFAULT_HOME
    )
    return text("error.no_instance", home=home)


def _settings() -> Settings:
    configure_command_logging()
    instance = find_instance()
    environ = dict(os.environ)
    if instance is not None:
        environ = {**instance.environment, **environ}
    settings = load_settings(environ)
    arm(settings.env)
    return settings
