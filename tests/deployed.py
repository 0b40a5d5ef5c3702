"""A deployment as `deploy/` prescribes it, on the tests' servers: its secrets, logins, broker users and queues.

Logins, broker users and vhosts belong to a whole server, so every deployment gets names of its own.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from deploy.make_secrets import LOGINS, make_secrets
from deploy.rabbitmq.make_definitions import PERMISSIONS
from tests import services

ROOT = Path(__file__).parents[1]
ROLES_SQL = ROOT / "deploy/postgres/roles.sql"
BROKER_USERS = tuple(user.removeprefix("lunas-") for user in PERMISSIONS)


@dataclass(frozen=True)
class Deployment:
    """`secrets` is a folder as `deploy.make_secrets` writes it, with addresses that work here."""

    secrets: Path

    def database_url(self, login: str) -> str:
        return (self.secrets / f"database_url_{login}").read_text()

    def broker_url(self, user: str) -> str:
        return (self.secrets / f"broker_url_{user}").read_text()


@contextmanager
def deployed_database(server: services.DatabaseServer, folder: Path) -> Iterator[Deployment]:
    """An empty database with the logins of roles.sql; nothing is migrated."""
    url = server.create_empty()
    prefix = f"t{secrets.token_hex(4)}_login_"
    parts = urlsplit(url)
    make_secrets(folder, database=f"{parts.hostname}:{parts.port}{parts.path}")
    _rewrite(folder, lambda text: text.replace("lunas_login_", prefix))
    setup = ROLES_SQL.read_text().replace("lunas_login_", prefix)
    # Twice: it must be repeatable.
    _execute(url, setup, setup, (folder / "database_logins.sql").read_text())
    try:
        yield Deployment(folder)
    finally:
        _execute(
            url, *(f"DROP OWNED BY {prefix}{login} CASCADE; DROP ROLE {prefix}{login}" for login in LOGINS)
        )
        server.drop(url)


@contextmanager
def deployed_broker(server: services.BrokerServer, folder: Path) -> Iterator[Deployment]:
    """A vhost with queues and users from the definitions."""
    vhost = f"deploy-{os.getpid()}-{secrets.token_hex(3)}"
    with _with_control(server) as (url, rabbitmqctl):
        parts = urlsplit(url)
        make_secrets(folder, broker=f"{parts.hostname}:{parts.port}")
        _rewrite(folder, lambda text: _renamed(text, vhost))
        # Through `eval`, because a rabbitmqctl inside a container has no standard input and sees none of our files.
        encoded = base64.b64encode((folder / "broker_definitions.json").read_bytes()).decode()
        _run([*rabbitmqctl, "eval", f'ok = rabbit_definitions:import_raw(base64:decode("{encoded}")).'])
        try:
            yield Deployment(folder)
        finally:
            _run([*rabbitmqctl, "delete_vhost", vhost])
            for user in BROKER_USERS:
                _run([*rabbitmqctl, "delete_user", f"{vhost}-{user}"])


@contextmanager
def deployed(
    database: services.DatabaseServer, broker: services.BrokerServer, folder: Path
) -> Iterator[Deployment]:
    """Both, with all secrets in one folder."""
    with ExitStack() as stack:
        stored = stack.enter_context(deployed_database(database, folder / "database"))
        queued = stack.enter_context(deployed_broker(broker, folder / "broker"))
        for path in queued.secrets.glob("broker_*"):
            (stored.secrets / path.name).unlink()
            path.rename(stored.secrets / path.name)
        yield stored


def _renamed(text: str, vhost: str) -> str:
    text = re.sub(rf"lunas-({'|'.join(BROKER_USERS)})", rf"{vhost}-\1", text)
    text = re.sub(r"^(amqp://.*/)lunas$", rf"\1{vhost}", text)
    return re.sub(r'("vhost": |"vhosts": \[\s*\{\s*"name": )"lunas"', rf'\1"{vhost}"', text)


def _rewrite(folder: Path, change: Callable[[str], str]) -> None:
    for path in folder.iterdir():
        path.chmod(0o600)
        path.write_text(change(path.read_text()))


@contextmanager
def _with_control(given: services.BrokerServer) -> Iterator[tuple[str, Sequence[str]]]:
    """Importing needs rabbitmqctl; a broker that was given without it is of no use here, so a private one is started."""
    if given.rabbitmqctl:
        yield given.url, given.rabbitmqctl
        return
    with ExitStack() as stack:
        urls = stack.enter_context(services._private(database_url="unused"))
        yield urls.broker_url, urls.rabbitmqctl


def _execute(url: str, *statements: str) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    services.run_apart(work)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"rabbitmqctl failed: {done.stdout}{done.stderr}")
