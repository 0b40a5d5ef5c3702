"""`lunas psql`: the database at a prompt, as a reader unless more is asked for."""

from __future__ import annotations

import os
import shutil
import sys
from typing import NoReturn
from urllib.parse import unquote, urlsplit

import click

from console.exits import CommandError
from console.lazy import Command
from console.messages import text
from console.output import talk
from console.target import load_target
from deploy.local.services import programs
from deploy.local.services.docker import POSTGRES_IMAGE

READER = "lunas_reader"
_WANTED = "target_session_attrs"
_PASSED = ("PGPASSWORD", "PGOPTIONS", "PGAPPNAME")


@click.command(cls=Command, context_settings={"ignore_unknown_options": True})
@click.option(
    "--operator", is_flag=True, help="As the role of this command: its tables too, still without writing."
)
@click.option(
    "--write",
    is_flag=True,
    help="As the login of the address, which may change everything; no audit record is made.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PSQL ARGUMENTS]")
def psql(operator: bool, write: bool, arguments: tuple[str, ...]) -> NoReturn:
    """Open the database of the instance in psql, or run one statement with -c.

    As the read-only role `lunas_reader`, which sees the views that SQL readers may rely on, in a session that cannot write.
    """
    url = load_target().require_database_url()
    command = _program()
    if write:
        talk(text("psql.writing"))
    sys.stdout.flush()
    # No command waits longer for a server that does not answer; who sets it knows better.
    environment = {"PGCONNECT_TIMEOUT": "5", **os.environ, **session(url, operator=operator, write=write)}
    # It takes our place: Ctrl-C, which cancels a statement there, and the exit code are its own.
    os.execve(command[0], [*command, address(url, write=write), *arguments], environment)  # noqa: S606 - no shell is meant


def session(url: str, *, operator: bool = False, write: bool = False) -> dict[str, str]:
    """What psql is told by its environment, so that no password shows in the list of processes."""
    options = ["-c search_path=lunas"]
    if not write:
        options += [
            f"-c role={'lunas_operator' if operator else READER}",
            "-c default_transaction_read_only=on",
        ]
    parts = urlsplit(url)
    # Said in the query, it wins, as it does for the driver.
    asked = [unquote(value) for name, value in _query(parts.query) if name == "password"]
    password = asked[-1] if asked else unquote(parts.password or "")
    given = {"PGOPTIONS": " ".join(options), "PGAPPNAME": "lunas-psql"}
    return given | ({"PGPASSWORD": password} if password else {})


def address(url: str, *, write: bool = False) -> str:
    """Where psql connects to, with the user alone.

    A session that may not write is none that libpq takes for read-write; the server that it is looked for at is the primary.
    """
    shown = without_password(url)
    return shown if write else shown.replace(f"{_WANTED}=read-write", f"{_WANTED}=primary")


def without_password(url: str) -> str:
    """The address with its user alone."""
    plain, _, query = url.partition("?")
    scheme, _, rest = plain.partition("://")
    place, slash, path = rest.partition("/")
    login, at, hosts = place.rpartition("@")
    kept = "&".join(f"{name}={value}" for name, value in _query(query) if name != "password")
    return f"{scheme}://{login.partition(':')[0]}{at}{hosts}{slash}{path}{'?' if kept else ''}{kept}"


def _query(query: str) -> list[tuple[str, str]]:
    """Names and values as they stand there, still quoted."""
    return [(name, value) for name, _, value in (part.partition("=") for part in query.split("&")) if name]


def _program() -> list[str]:
    """psql of the server's package, of this machine, or of the image that private services run from. Raises CommandError."""
    folder = programs.postgres_folder()
    if folder is not None and (folder / "psql").exists():
        return [str(folder / "psql")]
    found = shutil.which("psql")
    if found:
        return [found]
    docker = programs.docker_program()
    if docker is None:
        raise CommandError(text("psql.missing"))
    terminal = ["-t"] if sys.stdin.isatty() and sys.stdout.isatty() else []
    passed = [part for name in _PASSED for part in ("-e", name)]
    return [docker, "run", "--rm", "-i", *terminal, "--network", "host", *passed, POSTGRES_IMAGE, "psql"]
