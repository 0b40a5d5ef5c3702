"""Broker users may touch what their process uses and nothing else; derived from the topology, not from the file."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from deploy.make_secrets import make_secrets
from deploy.rabbitmq.make_definitions import PERMISSIONS, definitions, password_hash, update
from processor.reconciliation.feeding import way_in
from schemas.topology import (
    CHANGES,
    DEAD,
    OLD_QUARANTINE,
    PARKED,
    QUARANTINE,
    RETRY_DELAYS,
    WEBHOOKS,
    changes,
    quarantine,
    queue_name,
    retry_name,
    topology,
    work_queues,
)

ROOT = Path(__file__).parents[3]
SHAPE = topology(partitions=12)
EXCHANGES = {exchange.name for exchange in (*SHAPE.exchanges, *quarantine().exchanges, *changes().exchanges)}
QUEUES = {queue.name for queue in (*SHAPE.queues, *quarantine().queues)} | {OLD_QUARANTINE}
TIERS = {retry_name(delay) for delay in RETRY_DELAYS}

PUBLISHES = {
    "lunas-ingress": {WEBHOOKS, QUARANTINE},
    "lunas-processor": {*TIERS, DEAD},
    "lunas-api": {CHANGES},
    "lunas-operator": {WEBHOOKS},
}
CONSUMES: dict[str, set[str]] = {
    "lunas-ingress": set(),
    "lunas-processor": {
        *(queue_name(number) for number in range(work_queues(12))),
        PARKED,
        QUARANTINE,
        OLD_QUARANTINE,
    },
    "lunas-api": set(),
    "lunas-operator": set(),
}


def allowed(user: str, verb: str, names: set[str]) -> set[str]:
    return {name for name in names if re.search(PERMISSIONS[user][verb], name)}


def test_the_committed_file_is_what_the_script_writes() -> None:
    current = json.loads((ROOT / "deploy/rabbitmq/definitions.json").read_text()) == definitions()
    assert current, "run: python3 -m deploy.rabbitmq.make_definitions > deploy/rabbitmq/definitions.json"


def test_the_committed_file_lets_nobody_in() -> None:
    assert all(user["password_hash"] == "" for user in definitions()["users"])


@pytest.mark.parametrize("user", PERMISSIONS)
def test_a_user_publishes_to_exactly_the_exchanges_of_its_process(user: str) -> None:
    assert allowed(user, "write", EXCHANGES) == PUBLISHES[user]


@pytest.mark.parametrize("user", PERMISSIONS)
def test_a_user_consumes_exactly_the_queues_of_its_process(user: str) -> None:
    assert allowed(user, "read", QUEUES) == CONSUMES[user]


@pytest.mark.parametrize("user", PERMISSIONS)
def test_nobody_publishes_past_the_exchanges(user: str) -> None:
    assert (
        allowed(
            user,
            "write",
            {"amq.default", "amq.direct", "amq.topic", "", "xlunas.webhooks", "lunas.webhooksx"},
        )
        == set()
    )


def test_nobody_configures_anything() -> None:
    every = EXCHANGES | QUEUES | {"", "amq.gen-1"}
    for permission in definitions()["permissions"]:
        assert not [name for name in every if name and re.search(permission["configure"], name)]


def test_no_guest_and_no_administrator() -> None:
    users = definitions()["users"]
    assert "guest" not in {user["name"] for user in users}
    assert all(user["tags"] == [] for user in users)


def test_definitions_hold_the_whole_topology() -> None:
    written = definitions(partitions=12)
    assert {queue["name"]: queue["arguments"] for queue in written["queues"]} == {
        queue.name: dict(queue.arguments) for queue in (*SHAPE.queues, *quarantine().queues)
    }
    assert {(b["source"], b["destination"], b["routing_key"]) for b in written["bindings"]} == {
        (b.exchange, b.queue, b.routing_key) for b in (*SHAPE.bindings, *quarantine().bindings)
    }
    assert {exchange["name"]: exchange["type"] for exchange in written["exchanges"]} == {
        exchange.name: exchange.kind
        for exchange in (*SHAPE.exchanges, *quarantine().exchanges, *changes().exchanges)
    }


def test_another_number_of_partitions_keeps_users_and_adds_queues(tmp_path: Path) -> None:
    make_secrets(tmp_path / "secrets")
    path = tmp_path / "secrets" / "broker_definitions.json"
    before, mode = json.loads(path.read_text()), path.stat().st_mode
    update(path, 4)
    after = json.loads(path.read_text())
    assert path.stat().st_mode == mode
    for part in ("vhosts", "users", "permissions"):
        assert after[part] == before[part]
    assert all(user["password_hash"] for user in after["users"])
    assert {part: after[part] for part in ("exchanges", "queues", "bindings")} == {
        part: definitions(partitions=4)[part] for part in ("exchanges", "queues", "bindings")
    }


def test_password_hash_is_rabbitmqs() -> None:
    # The worked example of https://www.rabbitmq.com/docs/passwords: salt 908D C60A, password test12.
    salt = bytes.fromhex("908DC60A")
    assert password_hash("test12", salt) == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"
    assert base64.b64decode(password_hash("test12", salt)) == salt + hashlib.sha256(salt + b"test12").digest()


def test_an_update_gives_the_users_of_an_earlier_version_what_this_one_needs(tmp_path: Path) -> None:
    path = tmp_path / "definitions.json"
    earlier = definitions(dict.fromkeys(PERMISSIONS, "x"))
    for permission in earlier["permissions"]:
        permission |= {"write": "^old$", "read": "^old$"}
    path.write_text(json.dumps(earlier))
    update(path, 1)
    later = json.loads(path.read_text())
    assert later["permissions"] == definitions()["permissions"]
    assert later["users"] == earlier["users"]


def test_the_processor_gives_the_queue_what_it_found_by_a_way_that_its_user_may_go() -> None:
    may = re.compile(PERMISSIONS["lunas-processor"]["write"])
    assert may.search(way_in((5, 30.0, 0.25)))
    assert not may.search(WEBHOOKS)
