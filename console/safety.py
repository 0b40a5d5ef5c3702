"""Nothing is changed by accident: ask at a terminal, demand `--yes` elsewhere, and cap what one command may touch.

An act that names its one target and can be repeated or taken back is asked about at a terminal only: a script that names it means it.
"""

from __future__ import annotations

import sys

import click

from console.exits import Refused
from console.messages import text

BULK_CAP = 1000
"""Things one bulk command may change at most, whatever was asked; larger ones are done in several looks."""


def confirm(question: str, *, yes: bool, harmless: bool = False) -> None:
    """Returns when the operator agrees. Raises Refused when not, or when nobody is there to ask, `--yes` is missing and it is not `harmless`."""
    if yes:
        return
    if not sys.stdin.isatty():
        if harmless:
            return
        raise Refused(text("safety.needs_yes", question=question))
    if not click.confirm(question, default=False, err=True):
        raise Refused(text("safety.declined"))


def check_bulk(found: int, cap: int, *, filtered: bool) -> None:
    """Raises Refused for a bulk change without a filter or beyond its cap."""
    if not filtered:
        raise Refused(text("safety.needs_filter"))
    if found > cap:
        raise Refused(text("safety.over_cap", found=found, cap=cap))
