"""Which instance a command works on: the environment, filled up from the running instance of this checkout."""

from __future__ import annotations

import os

from runtime.logs import configure_command_logging
from runtime.services.instance import find_instance
from runtime.settings import Settings, load_settings


def load_target() -> Settings:
    """Settings of the instance to work on. What the caller set explicitly wins. Raises ConfigurationError."""
    configure_command_logging()
    instance = find_instance()
    environ = dict(os.environ)
    if instance is not None:
        environ = {**instance.environment, **environ}
    return load_settings(environ)
