"""The compose file, checked without a Docker engine: what it starts, as whom, with which secrets, on which networks."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from console.processes import ROOTS
from deploy.local.services.postgres import SETTINGS
from deploy.make_secrets import CALL_KEYS, make_secrets
from providers.listers import listers_of
from runtime.settings import Settings
from runtime.settings.model import variable_name
from tests.rehearsal.project import read_compose

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("lunas:")}
FOREIGN = {name: service for name, service in SERVICES.items() if name not in OURS}
PINNED = re.compile(r"[a-z./]+:\d+\.\d+(\.\d+)?[\w.-]*")


def networks(name: str) -> set[str]:
    return set(SERVICES[name]["networks"])


def test_every_process_has_a_service() -> None:
    started = {service["command"][1] for service in OURS.values() if service["command"][0] == "run"}
    assert started == set(ROOTS)


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    image = SERVICES[name]["image"]
    assert PINNED.fullmatch(image), image
    assert "latest" not in image


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].split(":")[0]) > 0
    assert {"mem_limit", "cpus", "pids_limit", "tmpfs"} <= service.keys()


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_come_from_files(name: str) -> None:
    secret_fields = {
        variable_name(field)
        for field, info in Settings.model_fields.items()
        if SecretStr.__name__ in str(info.annotation)
    }
    environment = SERVICES[name].get("environment", {})
    assert not secret_fields & environment.keys()
    mounted = {f"/run/secrets/{one}" for one in SERVICES[name]["secrets"] if isinstance(one, str)}
    read = {value for key, value in environment.items() if key.endswith("_FILE")}
    assert read <= mounted
    assert {key.removesuffix("_FILE") for key in environment if key.endswith("_FILE")} <= secret_fields | {
        "POSTGRES_PASSWORD"
    }


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(name: str) -> None:
    known = {variable_name(field) for field in Settings.model_fields}
    assert {key.removesuffix("_FILE") for key in OURS[name].get("environment", {})} <= known


@pytest.mark.parametrize("name", ["processor", "operator"])
def test_reconciliation_has_the_providers_keys_and_a_way_out(name: str) -> None:
    """The schedule runs in the processor, `lunas reconcile run` where operators are."""
    environment = SERVICES[name]["environment"]
    given = {
        key.removesuffix("_FILE").lower(): SecretStr("x") for key in environment if key.endswith("_KEY_FILE")
    }
    settings = Settings.model_construct(**{**Settings().model_dump(), **given})
    assert set(listers_of(settings)) == {"scalev", "xendit", "mayar"}
    assert {Path(environment[f"{key.upper()}_FILE"]).name for key in CALL_KEYS} <= set(
        SERVICES[name]["secrets"]
    )
    assert any(not COMPOSE["networks"][network].get("internal") for network in networks(name))


def test_whoever_speaks_to_the_broker_knows_the_number_of_partitions() -> None:
    """Were it only some, ingress would publish where nobody listens, or a replay would go elsewhere."""
    speaking = {name for name, service in OURS.items() if "LUNAS_BROKER_URL_FILE" in service["environment"]}
    # It tells the exchange of changes, and knows no queue.
    speaking.remove("api")
    told = {name: service["environment"].get("LUNAS_BROKER_PARTITIONS") for name, service in OURS.items()}
    assert speaking == {"ingress", "processor", "console", "operator"}
    assert {told[name] for name in speaking} == {"${LUNAS_BROKER_PARTITIONS:-}"}


def test_a_person_can_fill_in_what_is_theirs_and_containers_can_read_it_all(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    for name in make_secrets(folder):
        theirs = name.endswith("_webhook_secret") or name in CALL_KEYS
        assert stat.S_IMODE((folder / name).stat().st_mode) == (0o644 if theirs else 0o444), name
        assert ((folder / name).read_text() == "") == theirs
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_make_secrets_writes_every_secret_file(tmp_path: Path) -> None:
    written = set(make_secrets(tmp_path / "secrets"))
    wanted = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert wanted <= written
    assert {
        one if isinstance(one, str) else one["source"] for s in SERVICES.values() for one in s["secrets"]
    } == set(COMPOSE["secrets"])


def test_ingress_cannot_reach_the_database() -> None:
    assert not networks("ingress") & networks("postgres")
    assert all("database" not in secret for secret in SERVICES["ingress"]["secrets"])


def test_database_and_broker_are_on_internal_networks_only() -> None:
    for name in FOREIGN:
        assert "ports" not in SERVICES[name]
        assert all(COMPOSE["networks"][network]["internal"] for network in networks(name))


@pytest.mark.parametrize("name", ["console", "operator"])
def test_operators_find_every_process_on_a_network_they_share(name: str) -> None:
    peers = dict(pair.split("=") for pair in SERVICES[name]["environment"]["LUNAS_PEERS"].split(","))
    assert peers.keys() == ROOTS.keys()
    for process, address in peers.items():
        service, port = address.split(":")
        assert SERVICES[service]["command"] == ["run", process]
        assert networks(name) & networks(service)
        assert f"METRICS_PORT={port}" in (ROOT / "deploy/Dockerfile").read_text()


def test_published_ports_are_local() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(published) == 3
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_each_process_has_a_login_of_its_own() -> None:
    urls = {
        name: {value for key, value in service["environment"].items() if key == "LUNAS_DATABASE_URL_FILE"}
        for name, service in OURS.items()
        if name not in ("console", "operator", "ingress")
    }
    every = [url for found in urls.values() for url in found]
    assert len(every) == len(urls)
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("name", SERVICES)
def test_dependencies_are_waited_for(name: str) -> None:
    depends = SERVICES[name].get("depends_on", {})
    for other, condition in depends.items():
        expected = "service_completed_successfully" if other == "migrate" else "service_healthy"
        assert condition == {"condition": expected}
        assert other == "migrate" or SERVICES[other]["healthcheck"]["test"][0] == "CMD"
    if name in ROOTS and name != "ingress":
        assert "migrate" in depends


@pytest.mark.parametrize("name", SERVICES)
def test_mounted_files_exist(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or (ROOT / "deploy" / source).resolve().is_file()


SHORT_COMMITS = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \| ((?:`\w+`(?:, )?)+)", re.MULTILINE)


def test_what_keeps_commits_short_is_set_by_make_run_and_by_both_compose_files_as_the_runbook_says() -> None:
    runbook = (ROOT / "docs/runbooks/processing-is-slow.md").read_text()
    said = {
        name: value
        for names, values in SHORT_COMMITS.findall(runbook)
        for name, value in zip(re.findall(r"\w+", names), re.findall(r"\w+", values), strict=True)
    }
    assert {"max_wal_size", "checkpoint_timeout", "wal_compression", "backend_flush_after"} <= said.keys()
    standby = read_compose(ROOT / "deploy/compose.standby.yaml")
    for started in (SERVICES["postgres"], standby["services"]["postgres"]):
        given = dict(one.split("=", 1) for one in started["command"] if re.match(r"\w+=", one))
        assert {name: given[name] for name in said} == said
    # How pages are compressed is asked of the server that is there.
    private = {name: value for name, value in said.items() if name != "wal_compression"}
    assert {name: SETTINGS[name] for name in private} == private


def test_stopping_leaves_time_for_a_drain() -> None:
    budget = Settings.model_fields["shutdown_budget_seconds"].default
    idle = Settings.model_fields["ingress_drain_idle_seconds"].default
    for service in OURS.values():
        assert int(service["stop_grace_period"].removesuffix("s")) > budget + idle
