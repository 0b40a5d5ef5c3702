"""Which instance a command works on: the environment, filled up from the running instance of this checkout."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runtime.settings import Settings, load_settings

if TYPE_CHECKING:
    from runtime.services.instance import Instance


def load_target() -> Settings:
    """Settings of the instance to work on. What the caller set explicitly wins. Raises ConfigurationError."""
    instance = running_instance()
    environ = dict(os.environ)
    if instance is not None:
        environ = {**instance.environment, **environ}
    return load_settings(environ)


def running_instance() -> Instance | None:
    """The instance that `make run` started for this checkout or for LUNAS_HOME, if it lives."""
    try:
        from runtime.services.instance import find_instance
    except ModuleNotFoundError:
        return None
    return find_instance()
