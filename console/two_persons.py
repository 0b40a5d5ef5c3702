"""What two persons decide: at the command line each shows who they are, as at the console's door.

Whoever runs a command says a name, and nothing but the login of the machine stands behind it. For what one person asks and another agrees to that is
not enough once somebody is named who may agree: then the name must be an operator's, the password theirs, and their role no less than it takes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.exits import Refused, WrongUse
from console.messages import text, value
from console.options import actor, signed_in
from eventstore.queries import load

if TYPE_CHECKING:
    from console.web.operators import Role
    from runtime.database import Connection

PASSWORD_FILE = "LUNAS_OPERATOR_PASSWORD_FILE"  # noqa: S105 - the name of a variable
SQL = load("operators.sql", "console")


async def person(connection: Connection, needed: Role) -> str:
    """Who acts. Raises Refused when they do not show that they are an operator who may do that; WrongUse for a file that cannot be read.

    Who is signed in to the console was looked at there. Where nobody is named who may agree, the name is believed.
    """
    from console.web.operators import (  # what looks at passwords is not loaded for what takes none
        Passwords,
        at_least,
    )

    name = actor()
    if signed_in() or not await approvers(connection):
        return name
    known = await connection.fetchrow(SQL["one"], name)
    if known is None or known["disabled_at"] is not None:
        raise Refused(text("two.unknown", name=name))
    if known["password_hash"] is None:
        raise Refused(text("two.no_password", name=name))
    if not await Passwords().fits(_password(name), known["password_hash"]):
        raise Refused(text("two.wrong", name=name))
    if not at_least(known["role"], needed):
        raise Refused(text("two.role", name=name, role=value(known["role"]), needed=value(needed)))
    return name


async def approvers(connection: Connection) -> bool:
    """Whether anybody is named who may agree."""
    named: bool = await connection.fetchval(SQL["approvers"])
    return named


def _password(name: str) -> str:
    """From the file that is named, else typed; never from a variable or an argument, which others on the machine may see."""
    place = os.environ.get(PASSWORD_FILE, "").strip()
    if place:
        try:
            lines = Path(place).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise WrongUse(text("two.unreadable", variable=PASSWORD_FILE, error=error)) from error
        return lines[0] if lines else ""
    if not sys.stdin.isatty():
        raise Refused(text("two.needs_password", variable=PASSWORD_FILE))
    typed: str = click.prompt(text("two.password", name=name), hide_input=True, err=True)
    return typed
