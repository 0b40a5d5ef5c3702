"""The compose files beside the first one: three brokers, and a second database."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.make_secrets import make_secrets
from tests.rehearsal.project import read_compose

DEPLOY = Path(__file__).parents[3] / "deploy"
PROFILES = {name: read_compose(DEPLOY / name) for name in ("compose.cluster.yaml", "compose.standby.yaml")}
FIRST = read_compose(DEPLOY / "compose.yaml")


def further(profile: str) -> dict[str, dict[str, Any]]:
    """Services that the first file does not have."""
    return {
        name: given for name, given in PROFILES[profile]["services"].items() if name not in FIRST["services"]
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_further_containers_are_confined_like_the_first_ones(profile: str) -> None:
    for name, given in further(profile).items():
        if "extends" in given:
            assert given["extends"] == {"file": "compose.yaml", "service": name.partition("-")[0]}
            assert "ports" not in given
        else:
            assert (given["read_only"], given["cap_drop"], given["user"]) == (True, ["ALL"], "999:999")
            assert given["image"] == FIRST["services"]["postgres"]["image"]


@pytest.mark.parametrize("profile", PROFILES)
def test_secrets_and_mounted_files_are_there(profile: str, tmp_path: Path) -> None:
    written = set(make_secrets(tmp_path / "secrets"))
    assert {Path(one["file"]).name for one in PROFILES[profile]["secrets"].values()} <= written
    for given in PROFILES[profile]["services"].values():
        for volume in given.get("volumes", []):
            source = volume.split(":")[0]
            assert source in PROFILES[profile]["volumes"] or (DEPLOY / source).is_file()


def test_whoever_has_the_key_of_personal_data_has_the_one_of_before_while_it_is_exchanged() -> None:
    rekey = read_compose(DEPLOY / "compose.rekey.yaml")
    having = {
        name for name, given in FIRST["services"].items() if "personal_data_key" in given.get("secrets", ())
    }
    assert set(rekey["services"]) == having
    for given in rekey["services"].values():
        [(variable, place)] = given["environment"].items()
        assert variable == "LUNAS_PERSONAL_DATA_KEY_BEFORE_FILE"
        assert [place.removeprefix("/run/secrets/")] == given["secrets"] == list(rekey["secrets"])


def test_the_nodes_of_the_cluster_find_each_other_by_the_names_that_they_have() -> None:
    services = FIRST["services"] | PROFILES["compose.cluster.yaml"]["services"]
    nodes = [name for name in services if name.startswith("rabbitmq")]
    names = {(services[name].get("hostname") or FIRST["services"][name]["hostname"]) for name in nodes}
    assert {alias for name in nodes for alias in services[name]["networks"]["broker"]["aliases"]} == names
    settings = (DEPLOY / "rabbitmq/cluster.conf").read_text()
    assert set(re.findall(r"nodes\.\d = rabbit@(\S+)", settings)) == names
    assert {int(number) for number in re.findall(r"(?:size_hint|group_size) = (\d+)", settings)} == {
        len(nodes)
    }


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A folder that holds data, and programs that stand in for those of the image."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "replication_password").write_text("x")
    for name, does in {
        "psql": 'printf "%s\\n" "$PEER_SAYS"',
        "pg_basebackup": 'echo copied; echo 17 > "$PGDATA/PG_VERSION"; touch "$PGDATA/standby.signal"; '
        'printf "synchronous_standby_names = \'*\'\\nport = 1\\n" > "$PGDATA/postgresql.auto.conf"',
        "docker-entrypoint.sh": 'echo "started as $*"',
        "hostname": "echo postgres",
    }.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def start(server: Path, peer_says: str, **more: str) -> tuple[int, str]:
    """Exit code and words of the entry point. `peer_says`: f for a primary, t for a standby, nothing for nobody."""
    done = subprocess.run(
        ["bash", str(DEPLOY / "postgres/one_of_two.sh"), "postgres"],
        env={
            "PATH": f"{server / 'bin'}:{os.environ['PATH']}",
            "PGDATA": str(server / "data"),
            "SECRETS": str(server),
            "PEER": "postgres-2",
            "PEER_SAYS": peer_says,
            **more,
        },
        capture_output=True,
        text=True,
        timeout=30,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_primary_that_was_replaced_does_not_start_again(server: Path) -> None:
    (server / "data/PG_VERSION").write_text("17\n")
    code, said = start(server, "f", FIRST="yes")
    assert code == 1
    assert "postgres-2 is the primary now" in said
    assert "started" not in said


@pytest.mark.parametrize("peer", ["t", ""])
def test_a_primary_without_another_one_starts(server: Path, peer: str) -> None:
    (server / "data/PG_VERSION").write_text("17\n")
    assert start(server, peer, FIRST="yes") == (0, "started as postgres\n")


def test_a_standby_starts_beside_the_primary(server: Path) -> None:
    (server / "data/PG_VERSION").write_text("17\n")
    (server / "data/standby.signal").touch()
    assert start(server, "f") == (0, "started as postgres\n")


def test_an_empty_server_copies_the_primary_and_waits_for_nobody_itself(server: Path) -> None:
    for first in ("no", "yes"):
        code, said = start(server, "f", FIRST=first)
        assert (code, "copied" in said, "started as postgres" in said) == (0, True, True)
        assert (server / "data/postgresql.auto.conf").read_text() == "port = 1\n"
        assert stat.S_IMODE((server / "data").stat().st_mode) == 0o700
        for path in (server / "data").iterdir():
            path.unlink()


def test_the_first_server_begins_anew_where_there_is_no_other(server: Path) -> None:
    code, said = start(server, "", FIRST="yes")
    assert (code, "copied" in said, "started as postgres" in said) == (0, False, True)
