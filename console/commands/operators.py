"""`lunas operators`: people who sign in to the web console, and what each may do."""

from __future__ import annotations

import secrets
from typing import TextIO

import asyncpg
import click

from console.acts import Act, Done, already, record, tell
from console.choices import Among
from console.exits import FINE, CommandError, WrongUse
from console.lazy import Group
from console.messages import text, value
from console.options import actor, as_json, asynchronous, limit, never_asked, reason, yes
from console.output import print_data, print_json
from console.safety import confirm
from console.store import open_store
from console.tables import plain, print_rows, when, word
from console.target import load_target
from console.two_persons import person
from console.web.operators import LONGEST_PASSWORD, NAME, ROLES, SHORTEST_PASSWORD, hashed
from eventstore.queries import load

PASSWORD_BYTES = 15
"""Twenty characters that nobody guesses and somebody can type."""

name_argument = click.argument("name", metavar="NAME")
password_option = click.option(
    "--password-file",
    type=click.File(encoding="utf-8"),
    help="Its first line is the password, `-` reads it from stdin; without it one is made up and shown once.",
)


def _lowered(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """As it is compared. Raises WrongUse for what is no address."""
    if value is not None and (value.count("@") != 1 or not value.isprintable() or " " in value):
        raise WrongUse(text("operators.no_email", given=value))
    return value and value.lower()


email_option = click.option(
    "--email",
    callback=_lowered,
    help="The address by which the identity provider knows them; it signs them in, and they need no password.",
)


@click.group(cls=Group)
def operators() -> None:
    """People who sign in to the web console: viewers look, operators act, approvers also agree to what another asked for.

    Once an approver is named, who is what is theirs to say, and what takes two persons takes their passwords here too: typed, or from the file that
    LUNAS_OPERATOR_PASSWORD_FILE names, under the name in LUNAS_OPERATOR.
    """


@operators.command("add")
@name_argument
@click.option("--role", type=Among(ROLES), required=True, help="What they may do.")
@email_option
@password_option
@click.option("--reason", default="", help="Why, in your own words; kept in the audit record.")
@never_asked
@as_json
@asynchronous
async def add(
    name: str, role: str, email: str | None, password_file: TextIO | None, reason: str, as_json: bool
) -> int:
    """Let somebody sign in. The password is shown this once; only its hash is kept. With --email they sign in through the identity provider."""
    if not NAME.match(name):
        raise WrongUse(text("operators.no_name"))
    password, made = _password(password_file) if email is None or password_file else (None, False)
    kept = None if password is None else await hashed(password)
    undo = f"lunas operators disable {name} --reason …"
    async with open_store(load_target()) as connection, connection.transaction():
        await person(connection, "approver")
        added = await connection.fetchval(_sql("add"), name, role, kept, email, actor())
        if added is None:
            refusal = WrongUse(text("operators.taken", name=name))
            raise await already(connection, "operators.add", name, refusal)
        after = {"role": role} if email is None else {"role": role, "email": email}
        act_id = await record(connection, Act("operators.add", name, reason, undo, after=after))
    done = Done(text("operators.added", name=name, role=value(role)), act_id, undo)
    _tell(name, role, password if made else None, done, as_json=as_json)
    return FINE


OPERATORS = (plain("name"), word("role"), when("created_at"), when("seen_at"), when("disabled_at"))


@operators.command("list")
@limit
@as_json
@asynchronous
async def list_operators(limit: int, as_json: bool) -> int:
    """List everybody, by name: what they may do, and when they were here last."""
    async with open_store(load_target()) as connection:
        rows = [dict(row) for row in await connection.fetch(_sql("list"), limit)]
    if as_json:
        print_json({"items": rows})
        return FINE
    if not rows:
        print_data(text("operators.none"))
        return FINE
    print_rows(rows, OPERATORS)
    return FINE


@operators.command("change")
@name_argument
@click.option("--role", type=Among(ROLES), help="What they may do from now on.")
@click.option("--new-password", is_flag=True, help="A new password; their sessions end.")
@email_option
@password_option
@reason
@yes
@as_json
@asynchronous
async def change(
    name: str,
    role: str | None,
    email: str | None,
    new_password: bool,
    password_file: TextIO | None,
    reason: str,
    yes: bool,
    as_json: bool,
) -> int:
    """Change what somebody may do, or their password. A new role counts at once, also where they are signed in."""
    if role is None and email is None and not new_password and password_file is None:
        raise WrongUse(text("operators.change_what"))
    password, made = _password(password_file) if new_password or password_file else (None, False)
    kept = None if password is None else await hashed(password)
    async with open_store(load_target()) as connection:
        confirm(text("operators.change_question", name=name), yes=yes, harmless=True)
        await person(connection, "approver")
        async with connection.transaction():
            before = await connection.fetchrow(_sql("one"), name)
            if before is None:
                raise WrongUse(text("operators.unknown", name=name))
            try:
                await connection.execute(_sql("change"), name, role, kept, email)
            except asyncpg.UniqueViolationError:
                raise WrongUse(text("operators.email_taken", email=email)) from None
            if kept is not None:
                await connection.execute(_sql("end_sessions_of"), name)
            undo = f"lunas operators change {name} --role {before['role']} --reason …"
            act = Act(
                "operators.change",
                name,
                reason,
                undo,
                before={"role": before["role"], "email": before["email"]},
                after={
                    "role": role or before["role"],
                    "email": email or before["email"],
                    "new_password": kept is not None,
                },
            )
            act_id = await record(connection, act)
    done = Done(text("operators.changed", name=name), act_id, undo)
    _tell(name, role or before["role"], password if made else None, done, as_json=as_json)
    return FINE


@operators.command("disable")
@name_argument
@reason
@yes
@as_json
@asynchronous
async def disable(name: str, reason: str, yes: bool, as_json: bool) -> int:
    """Let somebody sign in no more; where they are signed in, that ends at once."""
    return await _turn("disable", name, reason, yes=yes, as_json=as_json)


@operators.command("enable")
@name_argument
@reason
@yes
@as_json
@asynchronous
async def enable(name: str, reason: str, yes: bool, as_json: bool) -> int:
    """Let somebody sign in again."""
    return await _turn("enable", name, reason, yes=yes, as_json=as_json)


async def _turn(verb: str, name: str, reason: str, *, yes: bool, as_json: bool) -> int:
    other = "enable" if verb == "disable" else "disable"
    undo = f"lunas operators {other} {name} --reason …"
    async with open_store(load_target()) as connection:
        confirm(text(f"operators.{verb}_question", name=name), yes=yes, harmless=True)
        await person(connection, "approver")
        async with connection.transaction():
            if await connection.fetchval(_sql(verb), name) is None:
                known = await connection.fetchrow(_sql("one"), name)
                refusal: CommandError = WrongUse(text("operators.unknown", name=name))
                if known is not None:
                    refusal = WrongUse(text(f"operators.{verb}_already", name=name))
                raise await already(
                    connection, f"operators.{verb}", name, refusal, undone_by=[f"operators.{other}"]
                )
            if verb == "disable":
                await connection.execute(_sql("end_sessions_of"), name)
            act_id = await record(connection, Act(f"operators.{verb}", name, reason, undo))
    tell([Done(text(f"operators.{verb}d", name=name), act_id, undo)], as_json=as_json)
    return FINE


def _tell(name: str, role: str, password: str | None, done: Done, *, as_json: bool) -> None:
    """What was done; a password that was made up comes first, or by its name."""
    if as_json:
        shown = {} if password is None else {"password": password}
        print_json({"name": name, "role": role, **shown, "act_id": done.act_id, "undo": done.undo})
        return
    if password is not None:
        print_data(password)
    tell([done], as_json=False)


def _password(given: TextIO | None) -> tuple[str, bool]:
    """The password, and whether it was made up. Raises WrongUse for one that is too short."""
    if given is None:
        return secrets.token_urlsafe(PASSWORD_BYTES), True
    password = given.readline().rstrip("\r\n")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise WrongUse(text("operators.password_length", shortest=SHORTEST_PASSWORD))
    return password, False


def _sql(name: str) -> str:
    return load("operators.sql", "console")[name]
