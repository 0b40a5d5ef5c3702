"""Writes the broker's definitions: our topology, and one user per process that may touch exactly what the process uses.

    python3 -m deploy.rabbitmq.make_definitions > deploy/rabbitmq/definitions.json

    python3 -m deploy.rabbitmq.make_definitions --partitions 4 --update deploy/secrets/broker_definitions.json

Exchanges and queues come from `schemas.topology`, so that file and program cannot disagree. The committed file holds empty
password hashes, with which RabbitMQ lets nobody in; `deploy.make_secrets` writes a copy with real ones. Standard library only.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas.topology import RETRY_DELAYS, changes, quarantine, topology

VHOST = "lunas"
NOTHING = "^$"
WORK_QUEUES = r"lunas\.webhooks\.p[0-9]+"

# Nobody may configure: the import has made everything, and a process that misses something says so and stops. RabbitMQ asks the
# write pattern about the exchange of a publish and the read pattern about the queue of a consume
# (https://www.rabbitmq.com/docs/access-control).
PERMISSIONS: Mapping[str, Mapping[str, str]] = {
    # Publishes what it verified, and what it refused. Sees no queue.
    "lunas-ingress": {"write": r"^lunas\.(webhooks|rejected)$", "read": NOTHING},
    # Consumes all three kinds of queue, and brings away what an earlier version left in lunas.quarantine; publishes only detours: to a
    # retry tier or to the parking lot.
    "lunas-processor": {
        "write": r"^lunas\.(retry\.[0-9.]+s|dead)$",
        "read": rf"^({WORK_QUEUES}|lunas\.parked|lunas\.rejected|lunas\.quarantine)$",
    },
    # Tells what changed, to whoever has bound a queue.
    "lunas-api": {"write": r"^lunas\.changes$", "read": NOTHING},
    # Sends stored deliveries through again. Queue depths need no permission.
    "lunas-operator": {"write": r"^lunas\.webhooks$", "read": NOTHING},
}


def definitions(
    passwords: Mapping[str, str] | None = None,
    *,
    partitions: int = 1,
    retry_delays: Sequence[float] = RETRY_DELAYS,
    vhost: str = VHOST,
) -> dict[str, Any]:
    """The document that `load_definitions` and `rabbitmqctl import_definitions` read. `passwords`: user to clear text."""
    shapes = (topology(partitions, retry_delays), quarantine(), changes())
    return {
        "vhosts": [{"name": vhost}],
        "users": [
            {
                "name": user,
                "password_hash": password_hash(passwords[user]) if passwords else "",
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": [],
            }
            for user in PERMISSIONS
        ],
        "permissions": [
            {"user": user, "vhost": vhost, "configure": NOTHING, **patterns} for user, patterns in PERMISSIONS.items()
        ],
        "topic_permissions": [],
        "parameters": [],
        # Everything is an argument of its queue: processes compare arguments when they start, a policy they could not see.
        "policies": [],
        "exchanges": [
            {"name": exchange.name, "vhost": vhost, "type": exchange.kind, **_DURABLE, "internal": False}
            for shape in shapes
            for exchange in shape.exchanges
        ],
        "queues": [
            {"name": queue.name, "vhost": vhost, **_DURABLE, "arguments": dict(queue.arguments)}
            for shape in shapes
            for queue in shape.queues
        ],
        "bindings": [
            {
                "source": binding.exchange,
                "vhost": vhost,
                "destination": binding.queue,
                "destination_type": "queue",
                "routing_key": binding.routing_key,
                "arguments": {},
            }
            for shape in shapes
            for binding in shape.bindings
        ],
    }  # fmt: skip


def with_partitions(document: Mapping[str, Any], partitions: int) -> dict[str, Any]:
    """Definitions with the users of `document`, this version's permissions and the queues for another number of partitions.

    Importing them adds what is missing. It deletes no queue: those of a larger number stay, and the processor empties them.
    """
    fresh = definitions(partitions=partitions, vhost=document["vhosts"][0]["name"])
    permissions = [{**given, **PERMISSIONS.get(given["user"], {})} for given in document["permissions"]]
    return {
        **document,
        "permissions": permissions,
        **{part: fresh[part] for part in ("exchanges", "queues", "bindings")},
    }


def update(path: Path, partitions: int) -> None:
    """Rewrites a file of definitions for another number of partitions."""
    text = json.dumps(with_partitions(json.loads(path.read_text("utf-8")), partitions), indent=2) + "\n"
    mode = path.stat().st_mode
    path.chmod(mode | 0o200)
    try:
        # In place: a container that has mounted this very file must see it change.
        path.write_text(text, "utf-8")
    finally:
        path.chmod(mode)


def password_hash(password: str, salt: bytes | None = None) -> str:
    """RabbitMQ's `rabbit_password_hashing_sha256`: base64 of a 4-byte salt and SHA-256 of salt and password."""
    salt = secrets.token_bytes(4) if salt is None else salt
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


_DURABLE: Mapping[str, Any] = {"durable": True, "auto_delete": False}


def main() -> None:
    """Prints the definitions without passwords, or changes those of a deployment."""
    parser = argparse.ArgumentParser(description="Print the broker's definitions, without passwords.")
    parser.add_argument("--partitions", type=int, default=1, help="as in LUNAS_BROKER_PARTITIONS")
    parser.add_argument(
        "--update", type=Path, help="print nothing; give this file so many partitions and keep its users"
    )
    options = parser.parse_args()
    if options.update is not None:
        update(options.update, options.partitions)
        return
    print(json.dumps(definitions(partitions=options.partitions), indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
