"""The same two services as containers, where no local programs are but a Docker engine answers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from deploy.local.services.children import Child
from deploy.local.services.home import Home
from deploy.local.services.ports import PortLeases, private_candidates
from deploy.local.services.rabbitmq import amqp_answers
from deploy.local.services.service import Service
from deploy.local.services.users import ServiceUser

POSTGRES_IMAGE = "postgres:17.6-bookworm"
RABBITMQ_IMAGE = "rabbitmq:4.1.4"
PULL_BUDGET_SECONDS = 300.0  # the first start downloads the image
OWNER = "lunas"
# What a PostgreSQL client asks first: "may we use TLS?"; a server that accepts connections answers S or N.
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


def docker_postgres(home: Home, docker: str, leases: PortLeases) -> Service:
    port = leases.pick(private_candidates(home.path))
    password = home.secrets()["postgres_password"]
    name = f"lunas-{home.digest()}-postgres"
    secret = {"POSTGRES_PASSWORD": password, "POSTGRES_USER": OWNER, "POSTGRES_DB": "lunas"}
    home.note_volume(name)
    arguments = ["-p", f"127.0.0.1:{port}:5432", "-v", f"{name}:/var/lib/postgresql/data"]
    return Service(
        name="PostgreSQL in Docker",
        url=f"postgresql://{OWNER}:{password}@127.0.0.1:{port}/lunas",
        children=[_container(home, docker, name, arguments, secret, POSTGRES_IMAGE, "postgres")],
        ready=lambda: _postgres_answers(docker, name, port),
        start_budget_seconds=PULL_BUDGET_SECONDS,
        stop_budget_seconds=12.0,
    )


def docker_rabbitmq(home: Home, docker: str, leases: PortLeases) -> Service:
    port = leases.pick(private_candidates(home.path))
    password = home.secrets()["rabbitmq_password"]
    name = f"lunas-{home.digest()}-rabbitmq"
    secret = {"RABBITMQ_DEFAULT_USER": OWNER, "RABBITMQ_DEFAULT_PASS": password}
    home.note_volume(name)
    # The node's name, and with it the folder of its data, comes from the host name.
    arguments = ["--hostname", "lunas", "-p", f"127.0.0.1:{port}:5672", "-v", f"{name}:/var/lib/rabbitmq"]
    return Service(
        name="RabbitMQ in Docker",
        url=f"amqp://{OWNER}:{password}@127.0.0.1:{port}/",
        children=[_container(home, docker, name, arguments, secret, RABBITMQ_IMAGE, "rabbitmq")],
        ready=lambda: amqp_answers(port),
        start_budget_seconds=PULL_BUDGET_SECONDS,
        stop_budget_seconds=12.0,
        control=[docker, "exec", name, "rabbitmqctl"],
    )


def _container(
    home: Home, docker: str, name: str, arguments: list[str], secret: dict[str, str], image: str, log: str
) -> Child:
    """A container behind a guard process: killing the docker client would leave the container running.

    Passwords travel in the client's environment, never on a command line.
    """
    names = [part for key in secret for part in ("-e", key)]
    guard = Path(__file__).with_name("container_guard.py")
    return Child(
        name=name,
        command=[sys.executable, str(guard), str(os.getpid()), docker, name, *names, *arguments, image],
        environment={**os.environ, **secret},
        user=ServiceUser(None, os.geteuid(), os.getegid()),
        folder=home.path,
        log=home.logs / f"{log}.log",
        # The guard sees by itself that we are gone; it must live to remove the container.
        death_signal=None,
        mark=name,
    )


def _postgres_answers(docker: str, name: str, port: int) -> bool:
    """Ready means the final server: the image first runs a temporary one without a TCP port, for its set-up."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(SSL_REQUEST)
            if connection.recv(1) not in (b"N", b"S"):
                return False
    except OSError:
        return False
    command = [docker, "exec", name, "pg_isready", "-q", "-h", "127.0.0.1", "-U", OWNER]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    return done.returncode == 0
