"""Fault points: named places where a test can kill the process, exactly there instead of by luck.

`LUNAS_FAULTS` names them, separated by commas; `name:3` dies at the third pass. Without it a fault point does nothing, and in production
the variable is refused at start.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

from schemas.errors import ConfigurationError

VARIABLE = "LUNAS_FAULTS"

_armed: dict[str, int] = {}
"""Fault point → passes left until it kills."""


def arm(environment: str, variables: Mapping[str, str] = os.environ) -> None:
    """Arms the named fault points; called once by each composition root with `settings.env`.

    Raises ConfigurationError in production and for a count that is not a number.
    """
    _armed.clear()
    wanted = variables.get(VARIABLE, "").strip()
    if not wanted:
        return
    if environment == "production":
        raise ConfigurationError(f"{VARIABLE} is set: it kills processes on purpose, unset it in production.")
    for part in wanted.split(","):
        name, _, count = part.strip().partition(":")
        if count and not count.isdigit():
            raise ConfigurationError(f"{VARIABLE} has {part!r}: write a name, or name:number.")
        _armed[name] = int(count or 1)


def fault_point(name: str) -> None:
    """Dies here, as if by `kill -9`, when a test asked for it."""
    if not _armed or name not in _armed:
        return
    _armed[name] -= 1
    if _armed[name] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
