"""Makes every secret of a deployment once: passwords, addresses that hold them, the broker's users and the keys of our doors.

    python3 -m deploy.make_secrets

Writes one file per secret into `deploy/secrets/`, which git ignores. The secrets of the providers' webhooks and the keys for their APIs are
left empty: they come from the providers' dashboards. Standard library only, so it runs before anything is installed.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.rabbitmq.make_definitions import PERMISSIONS, VHOST, definitions
from runtime.files import write_whole

FOLDER = Path(__file__).parent / "secrets"
BACKUP_LOGIN = "lunas_login_backup"
BACKUP_SERVICE = "lunas"
"""Name under which the container `backup` finds the database in its file of services (libpq)."""
LOGINS = ("owner", "processor", "projections", "api", "notify", "operator", "reader")
PROVIDERS = ("scalev", "xendit", "mayar")
CALL_KEYS = ("scalev_api_key", "xendit_secret_key", "mayar_api_key")
SCRAM_ITERATIONS = (
    4096  # PostgreSQL's default; the passwords are random, so guessing them is hopeless at any number
)
PASSWORD_BYTES = 24


def make_secrets(
    folder: Path = FOLDER,
    *,
    database: str = "postgres:5432/lunas",
    broker: str = "rabbitmq:5672",
    partitions: int = 1,
) -> list[str]:
    """Names of the files written. Raises FileExistsError when the folder holds secrets already: they may be in use."""
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(
            f"{folder} holds secrets already; move them away first, or name another folder with --into"
        )
    folder.mkdir(parents=True, exist_ok=True)
    # Nobody else passes the folder; the files themselves must be readable by the containers' unprivileged users, who are somebody else here.
    # Only what a person fills in may be written, and only by the owner.
    folder.chmod(0o700)
    logins = {f"lunas_login_{name}": _password() for name in LOGINS}
    users = {user: _password() for user in PERMISSIONS}
    replica = _password()
    contents = {
        "postgres_password": _password(),
        "database_logins.sql": login_statements(logins),
        "replication_password": replica,
        "replication_login.sql": f"CREATE ROLE lunas_replica LOGIN REPLICATION PASSWORD '{scram_verifier(replica)}';\n",
        "erlang_cookie": _password(),
        "broker_definitions.json": json.dumps(definitions(users, partitions=partitions), indent=2) + "\n",
        "api_key": _password(),
        "operator_key": _password(),
        "notify_secret": _password(),
        "personal_data_key": _password(),
    }
    contents |= backup_secrets(database)
    contents |= {
        f"database_url_{name}": f"postgresql://lunas_login_{name}:{logins[f'lunas_login_{name}']}@{database}"
        for name in LOGINS
    }
    contents |= {
        f"broker_url_{user.removeprefix('lunas-')}": f"amqp://{user}:{password}@{broker}/{VHOST}"
        for user, password in users.items()
    }
    for name, text in contents.items():
        _write(folder / name, text, 0o444)
    filled_by_hand = [*(f"{provider}_webhook_secret" for provider in PROVIDERS), *CALL_KEYS]
    for name in filled_by_hand:
        _write(folder / name, "", 0o644)
    return sorted([*contents, *filled_by_hand])


def backup_secrets(database: str) -> dict[str, str]:
    """Files of who copies the database (`deploy/postgres/`): statements that make the login, and where and how it connects. It may do nothing else."""
    places = [place.partition(":") for place in database.partition("/")[0].split(",")]
    password = _password()
    service = {
        "host": ",".join(host for host, _, _ in places),
        "port": ",".join(port or "5432" for _, _, port in places),
        "user": BACKUP_LOGIN,
        "password": password,
    }
    if len(places) > 1:  # of several the one that takes writes
        service["target_session_attrs"] = "read-write"
    return {
        "backup_login.sql": (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{BACKUP_LOGIN}') THEN\n"
            f"    CREATE ROLE {BACKUP_LOGIN} LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 4;\n"
            f"END IF; END $$;\n" + login_statements({BACKUP_LOGIN: password})
        ),
        "backup_service": f"[{BACKUP_SERVICE}]\n"
        + "".join(f"{key}={value}\n" for key, value in service.items()),
    }


def add_backup_secrets(folder: Path = FOLDER, *, database: str = "postgres:5432/lunas") -> list[str]:
    """For a deployment that was made without them: names of the files written. Raises FileExistsError when they are there, FileNotFoundError without a
    deployment."""
    contents = backup_secrets(database)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not there: make all secrets first, without --backup")
    there = [name for name in contents if (folder / name).exists()]
    if there:
        raise FileExistsError(f"{folder} holds {' and '.join(there)} already")
    for name, text in contents.items():
        _write(folder / name, text, 0o444)
    return sorted(contents)


def _write(path: Path, text: str, mode: int) -> None:
    # An empty file after a power cut would be passwords that the services keep and nobody knows any more.
    write_whole(path, text.encode(), mode=mode)


def login_statements(passwords: Mapping[str, str]) -> str:
    """SQL that sets the logins' passwords, as verifiers."""
    return "".join(
        f"ALTER ROLE {login} PASSWORD '{scram_verifier(password)}';\n"
        for login, password in passwords.items()
    )


def scram_verifier(password: str, salt: bytes | None = None, iterations: int = SCRAM_ITERATIONS) -> str:
    """What PostgreSQL stores for a password: SCRAM-SHA-256 of RFC 5802 and RFC 7677, from which it cannot be read back."""
    salt = secrets.token_bytes(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${iterations}:{_base64(salt)}${_base64(stored)}:{_base64(server)}"


def _password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the files and says what is left to do."""
    parser = argparse.ArgumentParser(description="Make every secret of a deployment once.")
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder to write to")
    parser.add_argument(
        "--database",
        default="postgres:5432/lunas",
        help="host:port/name of PostgreSQL, or host:port,host:port/name?target_session_attrs=read-write",
    )
    parser.add_argument(
        "--broker",
        default="rabbitmq:5672",
        help="host:port of RabbitMQ; several of one cluster with commas between them",
    )
    parser.add_argument("--partitions", type=int, default=1, help="as in LUNAS_BROKER_PARTITIONS")
    parser.add_argument(
        "--backup",
        action="store_true",
        help="only add the login of backups to secrets that were made before there were any",
    )
    options = parser.parse_args(arguments)
    try:
        if options.backup:
            added = add_backup_secrets(options.into, database=options.database)
            print(f"{' and '.join(added)} in {options.into}. Run backup_login.sql once as a superuser.")  # noqa: T201
            return 0
        written = make_secrets(
            options.into, database=options.database, broker=options.broker, partitions=options.partitions
        )
    except (FileExistsError, FileNotFoundError) as error:
        parser.exit(3, f"{error}. Nothing was changed.\n")
    left = "Left to do: put each provider's webhook secret into <provider>_webhook_secret."
    print(f"{len(written)} files in {options.into}. {left}")  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
