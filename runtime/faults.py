"""Fault points: named places where a test can kill the process, exactly there instead of by luck.

`LUNAS_FAULTS` names them, separated by commas; `name:3` dies at the third pass. Without it a fault point does nothing, and in production
the variable is refused at start.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping

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
    if _armed and _is_last(name):
        os.kill(os.getpid(), signal.SIGKILL)


def fault_point_half_way(name: str, write: Callable[[bytes], object], data: bytes) -> None:
    """The same in the middle of writing: half of the bytes are given to `write` before."""
    if _armed and _is_last(name):
        write(data[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)


def is_armed(name: str) -> bool:
    """Whether a test wants to die here: a step that only a pause can lead to makes that pause for nobody else."""
    return bool(_armed) and name in _armed


def _is_last(name: str) -> bool:
    """Counts a pass; whether it is the one that was asked for."""
    if name not in _armed:
        return False
    _armed[name] -= 1
    return _armed[name] <= 0
