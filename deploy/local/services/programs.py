"""Finds the programs of PostgreSQL, RabbitMQ and Docker, and says how to install what is missing."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from deploy.local.services.failures import MissingProgram

POSTGRES_PROGRAMS = ("initdb", "postgres", "pg_isready", "createdb")
DOCKER_TIMEOUT_SECONDS = 10.0
# The scripts under /usr/sbin switch user and change HOME by themselves; these do not.
RABBITMQ_FOLDERS = (Path("/usr/lib/rabbitmq/bin"), Path("/opt/rabbitmq/sbin"))
POSTGRES_GLOBS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")


def postgres_folder() -> Path | None:
    """Folder of the newest complete PostgreSQL: distribution packages first, then PATH."""
    candidates = [folder for pattern in POSTGRES_GLOBS for folder in Path("/").glob(pattern.lstrip("/"))]
    candidates.sort(
        key=lambda folder: [int(number) for number in re.findall(r"\d+", str(folder))], reverse=True
    )
    on_path = shutil.which("postgres")
    if on_path:
        candidates.append(Path(on_path).parent)
    return next(
        (folder for folder in candidates if all((folder / name).exists() for name in POSTGRES_PROGRAMS)), None
    )


def rabbitmq_folder() -> Path | None:
    """Folder of rabbitmq-server and rabbitmqctl, when Erlang is there too."""
    if epmd_program() is None:
        return None
    on_path = shutil.which("rabbitmq-server")
    candidates = [*RABBITMQ_FOLDERS, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in candidates if (folder / "rabbitmq-server").exists()), None)


def epmd_program() -> str | None:
    return shutil.which("epmd", path="/usr/bin:/usr/local/bin:/usr/lib/erlang/bin") or shutil.which("epmd")


def docker_program() -> str | None:
    """The docker command, when an engine answers it."""
    program = shutil.which("docker")
    if program is None:
        return None
    question = [program, "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(
            question, stdin=subprocess.DEVNULL, capture_output=True, timeout=DOCKER_TIMEOUT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return program if done.returncode == 0 and done.stdout.strip() else None


def missing_packages() -> list[str]:
    """Debian packages of what is not installed."""
    return [
        *(["postgresql"] if postgres_folder() is None else []),
        *(["rabbitmq-server"] if rabbitmq_folder() is None else []),
    ]


def missing(packages: list[str]) -> MissingProgram:
    """The error that names the command for the missing packages."""
    return MissingProgram(
        f"{' and '.join(packages)} {'is' if len(packages) == 1 else 'are'} not installed and no Docker engine answers: run "
        f"`apt-get install --no-install-recommends {' '.join(packages)}` as root (or `make setup`), start Docker, or set "
        "LUNAS_DATABASE_URL and LUNAS_BROKER_URL to servers of yours."
    )
