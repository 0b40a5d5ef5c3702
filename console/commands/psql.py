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
    os.execve(command[0], [*command, without_password(url), *arguments], environment)  # noqa: S606 - no shell is meant


def session(url: str, *, operator: bool = False, write: bool = False) -> dict[str, str]:
    """What psql is told by its environment, so that no password shows in the list of processes."""
    options = ["-c search_path=lunas"]
    if not write:
        options += [
            f"-c role={'lunas_operator' if operator else READER}",
            "-c default_transaction_read_only=on",
        ]
    password = unquote(urlsplit(url).password or "")
    given = {"PGOPTIONS": " ".join(options), "PGAPPNAME": "lunas-psql"}
    return given | ({"PGPASSWORD": password} if password else {})


def without_password(url: str) -> str:
    """The address with its user alone."""
    scheme, _, rest = url.partition("://")
    end = min((rest.index(mark) for mark in "/?" if mark in rest), default=len(rest))
    login, at, hosts = rest[:end].rpartition("@")
    return f"{scheme}://{login.partition(':')[0]}{at}{hosts}{rest[end:]}"


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
