"""The manifests for Kubernetes, checked without a cluster: by the published schemas, by the restricted profile, and beside the compose file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from console.processes import ROOTS
from runtime.settings import Settings
from runtime.settings.model import variable_name
from tests.contract.deploy.test_compose import SERVICES

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deploy/kubernetes"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
OBJECTS: list[dict[str, Any]] = [
    found for name in KUSTOMIZATION["resources"] for found in yaml.safe_load_all((FOLDER / name).read_text())
]
OLDEST, NEWEST = "1.29", kubernetes_validate.latest_version()
"""The oldest that has everything of this as stable, and the newest whose schemas are at hand."""


def of_kind(*kinds: str) -> dict[str, dict[str, Any]]:
    """By name."""
    return {found["metadata"]["name"]: found for found in OBJECTS if found["kind"] in kinds}


WORKLOADS = of_kind("Deployment", "StatefulSet", "Job")


def pod(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = WORKLOADS[name]["spec"]["template"]["spec"]
    return spec


def container(name: str) -> dict[str, Any]:
    (only,) = pod(name)["containers"]
    assert isinstance(only, dict)
    return only


def environment(name: str) -> dict[str, str]:
    """As the process gets it."""
    shared = of_kind("ConfigMap")["lunas"]["data"]
    return {**shared, **{one["name"]: one["value"] for one in container(name)["env"]}}


def _secrets_of(name: str) -> set[str]:
    (found,) = [one for one in KUSTOMIZATION["secretGenerator"] if one["name"] == f"lunas-{name}"]
    return {Path(file).name for file in found["files"]}


def _admits(policy: Mapping[str, Any], port: int) -> bool:
    rules = [*policy["spec"].get("ingress", ()), *policy["spec"].get("egress", ())]
    return any({"port": port} in rule["ports"] for rule in rules)


@pytest.mark.parametrize("found", OBJECTS, ids=lambda found: f"{found['kind']}-{found['metadata']['name']}")
def test_every_object_is_what_the_published_schema_of_its_kind_says(found: dict[str, Any]) -> None:
    kubernetes_validate.validate(found, OLDEST, strict=True)


@pytest.mark.parametrize("kind", sorted({found["kind"] for found in OBJECTS}))
def test_every_kind_is_still_what_it_was_in_the_newest_version(kind: str) -> None:
    kubernetes_validate.validate(next(iter(of_kind(kind).values())), NEWEST, strict=True)


def test_what_is_no_object_of_kubernetes_is_noticed() -> None:
    wrong = {**WORKLOADS["api"], "spec": {**WORKLOADS["api"]["spec"], "replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


def test_every_file_is_listed_and_every_process_has_a_workload() -> None:
    assert {path.name for path in FOLDER.glob("*.yaml")} == {
        *KUSTOMIZATION["resources"],
        "kustomization.yaml",
    }
    assert WORKLOADS.keys() == {*ROOTS, "migrate", "operator"}


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_process_is_given_what_the_compose_file_gives_it(name: str) -> None:
    """One of the two would otherwise lack the key that the other one has."""
    ours, composed = environment(name), SERVICES[name]["environment"]
    by_file = {key: value for key, value in composed.items() if key.endswith("_FILE")}
    assert {key: value for key, value in ours.items() if key.endswith("_FILE")} == by_file
    assert _secrets_of(name) == {Path(value).name for value in by_file.values()}
    # PostgreSQL is not part of the manifests, and its archive is whoever keeps it.
    fixed = {
        k: v for k, v in composed.items() if k not in by_file and "${" not in v and k != "LUNAS_BACKUP_DIR"
    }
    assert {key: ours[key] for key in fixed} == fixed
    if name == "operator":  # there when somebody needs it, and does nothing of itself
        assert WORKLOADS[name]["spec"]["replicas"] == 0
    else:
        assert container(name)["args"] == SERVICES[name]["command"]


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_variable_is_a_setting(name: str) -> None:
    known = {variable_name(field) for field in Settings.model_fields}
    assert {key.removesuffix("_FILE") for key in environment(name)} <= known


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_pod_keeps_to_the_restricted_profile(name: str) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/: what it asks for, and a file system that nobody writes to."""
    asked = pod(name)["securityContext"]
    assert (asked["runAsNonRoot"], asked["runAsUser"]) == (True, 10001)
    assert asked["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(name)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod(name)["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & pod(name).keys()
    kinds = {kind for volume in pod(name)["volumes"] for kind in volume if kind != "name"}
    assert kinds <= {"secret", "emptyDir", "configMap", "persistentVolumeClaim"}
    assert of_kind("Namespace")["lunas"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == (
        "restricted"
    )


@pytest.mark.parametrize("name", sorted(ROOTS))
def test_a_pod_is_asked_whether_it_lives_where_it_answers_and_has_time_to_stop(name: str) -> None:
    asked = container(name)
    assert {"name": "metrics", "containerPort": 9090} in asked["ports"]
    assert asked["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "metrics"}
    assert asked["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "metrics"}
    budget = Settings.model_fields["shutdown_budget_seconds"].default
    idle = Settings.model_fields["ingress_drain_idle_seconds"].default
    prestop = int(environment(name).get("LUNAS_INGRESS_PRESTOP_SECONDS", 0))
    assert pod(name)["terminationGracePeriodSeconds"] > budget + idle + prestop
    assert {"memory"} <= asked["resources"]["limits"].keys()


@pytest.mark.parametrize("name", WORKLOADS)
def test_labels_selectors_and_services_fit_together(name: str) -> None:
    labels = {"app.kubernetes.io/name": "lunas", "app.kubernetes.io/component": name}
    workload = WORKLOADS[name]
    assert workload["spec"]["template"]["metadata"]["labels"] == labels
    if name == "migrate":
        return
    assert workload["spec"]["selector"] == {"matchLabels": labels}
    if name == "operator":
        return
    service = of_kind("Service")[name]["spec"]
    assert service["selector"] == labels
    assert {port["targetPort"] for port in service["ports"]} == {
        port["name"] for port in container(name)["ports"]
    }


def test_what_is_there_twice_is_emptied_one_by_one_and_scaled_to_what_exists() -> None:
    twice = {name for name, found in WORKLOADS.items() if found["spec"].get("replicas", 1) > 1}
    assert twice == set(of_kind("PodDisruptionBudget")) == set(ROOTS) - {"console"}
    for name, scaler in of_kind("HorizontalPodAutoscaler").items():
        target = scaler["spec"]["scaleTargetRef"]
        assert (target["kind"], target["name"]) == (WORKLOADS[name]["kind"], name)
        assert scaler["spec"]["minReplicas"] == WORKLOADS[name]["spec"]["replicas"]
    partitions = int(environment("processor")["LUNAS_BROKER_PARTITIONS"])
    assert of_kind("HorizontalPodAutoscaler")["processor"]["spec"]["maxReplicas"] <= partitions


def test_a_journal_stays_with_its_pod_and_is_never_thrown_away() -> None:
    spec = WORKLOADS["ingress"]["spec"]
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    (claim,) = spec["volumeClaimTemplates"]
    mounted = {one["name"]: one["mountPath"] for one in container("ingress")["volumeMounts"]}
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    assert f"LUNAS_INGRESS_JOURNAL_DIR={mounted[claim['metadata']['name']]} " in dockerfile
    room = int(claim["spec"]["resources"]["requests"]["storage"].removesuffix("Gi")) << 30
    assert room >= 2 * Settings.model_fields["ingress_journal_max_bytes"].default


def test_every_pod_has_its_own_rules_of_the_network() -> None:
    policies = of_kind("NetworkPolicy")
    assert policies.keys() == {*WORKLOADS, "everything"}
    for name in WORKLOADS:
        url_files = {key for key in environment(name) if key.endswith("_URL_FILE")}
        assert _admits(policies[name], 5432) == ("LUNAS_DATABASE_URL_FILE" in url_files), name
        assert _admits(policies[name], 5672) == ("LUNAS_BROKER_URL_FILE" in url_files), name
        assert set(policies[name]["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    outside = {name for name in WORKLOADS if _admits(policies[name], 443)}
    assert outside == {"processor", "api", "notify", "operator"}
