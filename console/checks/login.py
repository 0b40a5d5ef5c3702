"""Which process the examination speaks for: the roles its database login may take on, and so what it may look at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from console.checks.finding import Finding, note, ok, problem, unseen
from console.messages import text
from console.store import OPERATOR_ROLE
from eventstore.queries import load

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

OWN_ROLES = {
    "lunas_operator": "console",
    "lunas_processor": "processor",
    "lunas_projector": "projections",
    "lunas_api": "api",
    "lunas_notifier": "notify",
    "lunas_reader": "",
}
"""Roles of ours in the order in which an examination takes one on, and the process that works as each."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who connects. `roles` are those of ours it may take on; `complete`: all roles exist."""

    name: str
    roles: frozenset[str]
    superuser: bool
    complete: bool

    @property
    def role(self) -> str | None:
        """The role to look with."""
        return next((role for role in OWN_ROLES if role in self.roles), None)

    @property
    def everything(self) -> bool:
        """It speaks for all processes: a machine where one login does everything."""
        return len(self.roles) == len(OWN_ROLES)

    @property
    def process(self) -> str | None:
        """The one process it speaks for; None when it speaks for all of them."""
        return None if self.everything or self.role is None else OWN_ROLES[self.role]


async def take_on(connection: Connection) -> Login:
    """Who connects; the session then works as the role that sees most of what it may."""
    sql = load("doctor.sql", "console")
    row = await connection.fetchrow(sql["login"])
    assert row is not None  # one row, whoever asks
    login = Login(
        row["name"], frozenset(row["roles"]), bool(row["superuser"]), row["existing"] == len(OWN_ROLES)
    )
    if login.role is not None:
        await connection.execute(sql["take_on"], login.role)
    return login


def check_login(login: Login, settings: Settings) -> Finding:
    """A login may become one role, that of its process, or all of them where one login does everything."""
    if not login.complete:
        return problem("roles", text("doctor.roles_unmade"), text("doctor.schema.fix"))
    if login.role is None:
        fix = text("doctor.roles.fix", role=OPERATOR_ROLE, login=login.name)
        return problem("roles", text("doctor.roles_none", login=login.name), fix)
    if login.superuser and settings.env == "production":
        return note("roles", text("doctor.superuser", login=login.name), text("doctor.superuser.fix"))
    if login.everything:
        return ok("roles", text("doctor.roles"))
    return ok("roles", text("doctor.roles_own", login=login.name, roles=", ".join(sorted(login.roles))))


async def within_rights(check: str, findings: AsyncIterator[Finding]) -> AsyncIterator[Finding]:
    """What this login may not read is neither right nor wrong: one finding that says who may."""
    try:
        async for finding in findings:
            yield finding
    except asyncpg.InsufficientPrivilegeError as error:
        yield unseen(check, text("doctor.unseen", detail=str(error)), text("doctor.unseen.fix"))
