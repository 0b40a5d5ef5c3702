"""Exit codes, and the errors commands end with."""

from __future__ import annotations

from typing import Literal

FINE = 0
PROBLEMS = 1
WRONG_USE = 2
REFUSED = 3
INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""


class CommandError(Exception):
    """A command ends with a sentence for the operator. `message` is already in the operator's language."""

    code = PROBLEMS

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class WrongUse(CommandError):
    """The command was called in a way that makes no sense."""

    code = WRONG_USE


class NotFound(CommandError):
    """What was asked for does not exist: wrong use, because the operator named it."""

    code = WRONG_USE


class Refused(CommandError):
    """Refused for safety; nothing was changed."""

    code = REFUSED


class Away(CommandError):
    """A service does not answer, or does not let us in; `service` is its name in `console.causes`, `kind` how it is in trouble."""

    def __init__(self, message: str, service: str, kind: Literal["refused", "silent", "away"]) -> None:
        super().__init__(message)
        self.service = service
        self.kind = kind
