"""What not every deployment has always: parts of the kustomization that are named when they are needed, and the same in the compose files."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from tests.contract.deploy.test_compose import COMPOSE, SERVICES
from tests.contract.deploy.test_kubernetes import FOLDER, KUSTOMIZATION, NEWEST, OLDEST, WORKLOADS
from tests.rehearsal.project import read_compose

NAMES = ("archives", "rekey")
COMPONENTS: dict[str, dict[str, Any]] = {
    name: yaml.safe_load((FOLDER / name / "kustomization.yaml").read_text()) for name in NAMES
}
CONTAINER = "/spec/template/spec/containers/0/"
DEPLOY = FOLDER.parent


def patched(component: str) -> dict[str, dict[str, Any]]:
    """The workloads that a component changes, as kustomize does: by whole names, one addition at the end of a list after the other."""
    found = {}
    for patch in COMPONENTS[component]["patches"]:
        for name, workload in WORKLOADS.items():
            target = patch["target"]
            if workload["kind"] != target["kind"] or not re.fullmatch(target["name"], name):
                continue
            found[name] = changed = deepcopy(workload)
            for change in yaml.safe_load(patch["patch"]):
                assert change["op"] == "add"
                *way, last = change["path"].strip("/").split("/")
                place: Any = changed
                for step in way:
                    place = place[int(step) if isinstance(place, list) else step]
                assert last == "-"
                place.append(change["value"])
    return found


def environment(workload: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in workload["spec"]["template"]["spec"]["containers"][0]["env"]}


def test_there_is_a_test_for_each() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/kustomization.yaml")}
    assert folders == {*NAMES, "broker"}
    for component in COMPONENTS.values():
        assert (component["apiVersion"], component["kind"]) == (
            "kustomize.config.k8s.io/v1alpha1",
            "Component",
        )
    said = (FOLDER / "kustomization.yaml").read_text()
    assert "# components: [rekey, archives]" in said
    assert "components" not in KUSTOMIZATION


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("component", NAMES)
def test_what_comes_out_is_what_the_published_schemas_say(component: str, version: str) -> None:
    added = [
        found
        for name in COMPONENTS[component].get("resources", ())
        for found in yaml.safe_load_all((FOLDER / component / name).read_text())
    ]
    for found in (*patched(component).values(), *added):
        kubernetes_validate.validate(found, version, strict=True)


def test_whoever_has_the_key_of_personal_data_has_the_one_of_before_while_it_is_exchanged() -> None:
    having = {
        name for name, found in WORKLOADS.items() if "LUNAS_PERSONAL_DATA_KEY_FILE" in environment(found)
    }
    changed = patched("rekey")
    assert changed.keys() == having
    for name, workload in changed.items():
        new = environment(workload).items() - environment(WORKLOADS[name]).items()
        assert new == {("LUNAS_PERSONAL_DATA_KEY_BEFORE_FILE", "/run/secrets/personal_data_key_before")}
    added = COMPONENTS["rekey"]["secretGenerator"]
    assert {one["name"] for one in added} == {f"lunas-{name}" for name in having}
    base = {one["name"] for one in KUSTOMIZATION["secretGenerator"]}
    for one in added:
        assert one["name"] in base
        assert (one["behavior"], one["files"]) == ("merge", ["secrets/personal_data_key_before"])


def test_the_same_processes_and_the_same_file_as_in_compose() -> None:
    rekey = read_compose(DEPLOY / "compose.rekey.yaml")
    changed = patched("rekey")
    assert rekey["services"].keys() == changed.keys()
    for name, given in rekey["services"].items():
        assert given["environment"].items() <= environment(changed[name]).items()


def test_bodies_of_old_webhooks_have_a_volume_that_operators_write_to_and_nobody_else_sees() -> None:
    (changed,) = patched("archives").values()
    place = environment(changed)["LUNAS_BODY_ARCHIVE_DIR"]
    pod = changed["spec"]["template"]["spec"]
    assert {"name": "archives", "mountPath": place} in pod["containers"][0]["volumeMounts"]
    (claimed,) = [one["persistentVolumeClaim"] for one in pod["volumes"] if one["name"] == "archives"]
    claim = yaml.safe_load((FOLDER / "archives/volume.yaml").read_text())
    assert (claimed["claimName"], claim["kind"]) == (claim["metadata"]["name"], "PersistentVolumeClaim")
    # Two pods at once would wait for each other's volume: the old one goes first.
    assert (claim["spec"]["accessModes"], changed["spec"]["strategy"]) == (
        ["ReadWriteOncePod"],
        {"type": "Recreate"},
    )
    mounted = {
        name
        for name, service in SERVICES.items()
        for volume in service.get("volumes", ())
        if volume.startswith("archives:")
    }
    assert mounted == {"operator"}
    assert f"archives:{place}" in SERVICES["operator"]["volumes"]
    assert "archives" in COMPOSE["volumes"]
    # A new volume takes over the owner of the folder that the image has there.
    user = SERVICES["operator"]["user"]
    assert f"--chown={user} /opt/archives {place}\n" in (DEPLOY / "Dockerfile").read_text()
    assert place in Path(DEPLOY.parent / "docs/personal-data.md").read_text()


def test_compose_hands_on_what_is_said_of_archives_to_whoever_reads_it() -> None:
    said = {
        name: {
            key
            for key, value in service.get("environment", {}).items()
            if "ARCHIVE" in key and value == f"${{{key}:-}}"
        }
        for name, service in SERVICES.items()
    }
    assert {name: found for name, found in said.items() if found} == {
        "processor": {"LUNAS_RAW_BODY_ARCHIVE"},
        "operator": {"LUNAS_RAW_BODY_ARCHIVE", "LUNAS_BODY_ARCHIVE_DIR"},
    }
