"""PostgreSQL and RabbitMQ as containers, started through testcontainers; the images of the documented deployment.

python -m tests.containers CONTAINER COMMAND...      runs a command inside, as `docker exec` does where there is no docker
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

import asyncpg
import docker
from testcontainers.core.container import DockerContainer

from deploy.local.services.docker import POSTGRES_IMAGE, RABBITMQ_IMAGE
from deploy.local.services.rabbitmq import amqp_answers

ENGINE_SECONDS = 5.0
START_SECONDS = 120.0
USER = "lunas"


def engine_answers() -> bool:
    """Whether a container engine answers, where DOCKER_HOST says or at its usual place (sockets only, without TLS)."""
    place = urlsplit(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    address = place.path if place.scheme == "unix" else (place.hostname or "", place.port or 2375)
    with socket.socket(socket.AF_UNIX if place.scheme == "unix" else socket.AF_INET) as asking:
        asking.settimeout(ENGINE_SECONDS)
        try:
            asking.connect(address)
            asking.sendall(b"GET /_ping HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n")
            return b" 200 " in asking.recv(100)
        except OSError:
            return False


@contextmanager
def postgres() -> Iterator[str]:
    """Address of a server of its own; durable as in production, with room for many connections."""
    password = secrets.token_hex(12)
    container = (
        DockerContainer(POSTGRES_IMAGE).with_exposed_ports(5432).with_command("-c max_connections=200")
    )
    for name, value in (("USER", USER), ("PASSWORD", password), ("DB", "lunas")):
        container = container.with_env(f"POSTGRES_{name}", value)
    with container:
        url = f"postgresql://{USER}:{password}@{_address(container, 5432)}/lunas"
        _wait(lambda: _database_answers(url), POSTGRES_IMAGE)
        yield url


@contextmanager
def rabbitmq() -> Iterator[tuple[str, Sequence[str]]]:
    """Address of a broker of its own, and the command that runs its rabbitmqctl."""
    password = secrets.token_hex(12)
    container = DockerContainer(RABBITMQ_IMAGE).with_exposed_ports(5672)
    for name, value in (("USER", USER), ("PASS", password)):
        container = container.with_env(f"RABBITMQ_DEFAULT_{name}", value)
    with container:
        address = _address(container, 5672)
        _wait(lambda: amqp_answers(int(address.rpartition(":")[2])), RABBITMQ_IMAGE)
        inside = container.get_wrapped_container().id
        yield (
            f"amqp://{USER}:{password}@{address}/",
            [sys.executable, "-m", "tests.containers", inside, "rabbitmqctl", "-q"],
        )


def _address(container: DockerContainer, port: int) -> str:
    return f"{container.get_container_host_ip()}:{container.get_exposed_port(port)}"


def _wait(ready: Callable[[], bool], image: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{image} does not answer after {START_SECONDS:g} s")
        time.sleep(0.1)


def _database_answers(url: str) -> bool:
    """The image first runs a server without a door, for its set-up."""

    async def ask() -> None:
        connection = await asyncpg.connect(url, timeout=60)
        await connection.close()

    from tests.services import run_apart

    try:
        run_apart(ask)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True


def main(container: str, command: Sequence[str]) -> int:
    client = docker.from_env()
    try:
        code, output = client.containers.get(container).exec_run(
            list(command), environment={"HOME": "/var/lib/rabbitmq"}
        )
    finally:
        client.close()
    sys.stdout.write(output.decode("utf-8", "replace"))
    return int(code or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
