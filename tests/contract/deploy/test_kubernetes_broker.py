"""Three nodes of RabbitMQ on Kubernetes, checked without a cluster: by the published schemas, and beside what the compose file has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from deploy.make_secrets import make_secrets
from runtime.settings.urls import broker_nodes
from tests.contract.deploy.test_compose import SERVICES
from tests.contract.deploy.test_kubernetes import NEWEST, OLDEST

DEPLOY = Path(__file__).parents[3] / "deploy"
FOLDER = DEPLOY / "kubernetes/broker"
OURS: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
OBJECTS: list[dict[str, Any]] = list(yaml.safe_load_all((FOLDER / "rabbitmq.yaml").read_text()))
(SETTINGS, NODES) = OBJECTS[:2]
POD: dict[str, Any] = NODES["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
NAMES = [
    f"rabbitmq-{number}.{NODES['spec']['serviceName']}.{OURS['namespace']}.svc.cluster.local"
    for number in range(NODES["spec"]["replicas"])
]


def of_kind(kind: str) -> dict[str, Any]:
    (found,) = [each for each in OBJECTS if each["kind"] == kind]
    return found


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("found", OBJECTS, ids=lambda found: str(found["kind"]))
def test_every_object_is_what_the_published_schema_of_its_kind_says(
    found: dict[str, Any], version: str
) -> None:
    kubernetes_validate.validate(found, version, strict=True)


def said(path: Path) -> list[str]:
    """Settings without the reasons for them."""
    return [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]


def test_settings_are_those_of_the_compose_file_with_the_names_of_here() -> None:
    assert SETTINGS["data"]["20-lunas.conf"].splitlines() == said(DEPLOY / "rabbitmq/rabbitmq.conf")
    names = iter(NAMES)
    expected = [
        re.sub(r"rabbit@\S+", lambda _: f"rabbit@{next(names)}", line)
        for line in said(DEPLOY / "rabbitmq/cluster.conf")
    ]
    assert SETTINGS["data"]["30-cluster.conf"].splitlines() == expected
    assert list(names) == []


def test_nodes_have_the_names_by_which_they_look_for_each_other() -> None:
    given = {one["name"]: one.get("value") for one in CONTAINER["env"]}
    assert given["RABBITMQ_NODENAME"].replace("$(POD_NAME)", "rabbitmq-1") == f"rabbit@{NAMES[1]}"
    assert given["RABBITMQ_USE_LONGNAME"] == "true"
    service = of_kind("Service")
    assert service["metadata"]["name"] == NODES["spec"]["serviceName"]
    assert (service["spec"]["clusterIP"], service["spec"]["publishNotReadyAddresses"]) == ("None", True)
    assert NODES["spec"]["podManagementPolicy"] == "Parallel"


def test_the_image_is_the_one_that_the_compose_file_runs(tmp_path: Path) -> None:
    (image,) = OURS["images"]
    assert f"{image['newName']}:{image['newTag']}" == SERVICES["rabbitmq"]["image"]
    (secret,) = OURS["secretGenerator"]
    assert {Path(file).name for file in secret["files"]} <= set(make_secrets(tmp_path / "secrets"))


def test_nodes_keep_to_the_restricted_profile() -> None:
    asked = POD["securityContext"]
    assert (asked["runAsNonRoot"], asked["runAsUser"]) == (True, 999)
    assert asked["seccompProfile"] == {"type": "RuntimeDefault"}
    assert POD["automountServiceAccountToken"] is False
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_one_node_at_a_time_may_go_and_keeps_what_it_has() -> None:
    labels = {"app.kubernetes.io/name": "rabbitmq", "lunas/service": "broker"}
    assert NODES["spec"]["selector"]["matchLabels"] == labels
    assert NODES["spec"]["template"]["metadata"]["labels"] == labels
    assert of_kind("PodDisruptionBudget")["spec"] == {
        "maxUnavailable": 1,
        "selector": {"matchLabels": labels},
    }
    (rule,) = POD["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert rule["labelSelector"] == {"matchLabels": labels}
    assert NODES["spec"]["persistentVolumeClaimRetentionPolicy"] == {
        "whenDeleted": "Retain",
        "whenScaled": "Retain",
    }
    (waits,) = re.findall(r"await_online_quorum_plus_one -t (\d+)", str(CONTAINER["lifecycle"]["preStop"]))
    assert POD["terminationGracePeriodSeconds"] > int(waits)


def test_only_lunas_speaks_to_them_and_they_to_nobody_but_each_other() -> None:
    policy = of_kind("NetworkPolicy")["spec"]
    assert policy["podSelector"] == {"matchLabels": NODES["spec"]["selector"]["matchLabels"]}
    allowed = {port["port"]: rule["from"] for rule in policy["ingress"] for port in rule["ports"]}
    assert allowed[5672] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "lunas"}}}]
    assert allowed.keys() == {port["containerPort"] for port in CONTAINER["ports"]}
    assert {port["port"] for rule in policy["egress"] for port in rule["ports"]} == {4369, 25672, 53}


def test_the_page_names_every_node_in_the_address() -> None:
    page = (DEPLOY.parent / "docs/kubernetes.md").read_text()
    (address,) = re.findall(r"--broker (rabbitmq-0\S+)", page)
    hosts = [node.partition("//")[2].partition(":")[0] for node in broker_nodes(f"amqp://{address}")]
    assert hosts == [name.removesuffix(".lunas.svc.cluster.local") for name in NAMES]
