"""Alerts and dashboards may only speak of metrics that the code really shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.metrics_page import metrics, page
from console.processes import ROOTS
from deploy.grafana.make_dashboards import DASHBOARDS, dashboard
from tests.alerts.scenes import SCENES

ROOT = Path(__file__).parents[3]
ALERTS: dict[str, Any] = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
METRICS = {series: one for one in metrics() for series in one.series}
OF_EVERY_PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total"}
WORDS = re.compile(r"\bby \(([^)]*)\)")


def queries() -> Iterator[tuple[str, str, str]]:
    """Of every panel: dashboard, query, legend."""
    for name in DASHBOARDS:
        for panel in dashboard(name)["panels"]:
            yield from ((name, one["expr"], one["legendFormat"]) for one in panel["targets"])


def labels_of(query: str) -> set[str]:
    """Labels that the metrics of a query have, and those that Prometheus adds."""
    named = re.findall(r"\b(?:lunas|process)_\w+", query)
    return {"le", "process", "job"} | {
        label for one in named if one in METRICS for label in METRICS[one].labels
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_metric_of_an_alert_exists(rule: dict[str, Any]) -> None:
    named = set(re.findall(r"\blunas_\w+", rule["expr"]))
    assert named <= set(METRICS)
    assert named or "up{" in rule["expr"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"]
    for path in re.findall(r"docs/[\w/.-]+\.md", rule["annotations"]["action"]):
        assert (ROOT / path).is_file()


def test_alert_names_are_unique() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))


def test_every_process_is_scraped() -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yaml").read_text())
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]}
    assert {target.split(":")[0] for target in jobs["lunas"]} == set(ROOTS)
    assert config["rule_files"] == ["alerts.yaml"]


@pytest.mark.parametrize(("name", "query", "legend"), list(queries()))
def test_a_dashboard_speaks_of_metrics_and_labels_that_exist(name: str, query: str, legend: str) -> None:
    named = set(re.findall(r"\b(?:lunas|process)_\w+", re.sub(r"\{[^}]*\}", "", query)))
    assert named
    assert named <= set(METRICS) | OF_EVERY_PROCESS
    grouped = {word.strip() for words in WORDS.findall(query) for word in words.split(",")}
    shown = set(re.findall(r"\{\{(\w+)\}\}", legend))
    assert grouped <= labels_of(query)
    assert shown <= (grouped or labels_of(query))


@pytest.mark.parametrize("name", DASHBOARDS)
def test_the_files_of_the_dashboards_are_what_the_list_makes(name: str) -> None:
    kept = json.loads((ROOT / f"deploy/grafana/{name}.json").read_text())
    assert kept == dashboard(name), (
        f"python -m deploy.grafana.make_dashboards {name} > deploy/grafana/{name}.json"
    )


def test_the_page_of_metrics_is_what_the_code_defines() -> None:
    assert (ROOT / "docs/metrics.md").read_text() == page(), (
        "python -m console.metrics_page > docs/metrics.md"
    )


def test_metrics_are_named_once_and_explained() -> None:
    found = metrics()
    assert len(found) > 60
    assert all(one.meaning.strip() for one in found)


def test_no_label_is_what_a_stranger_or_a_customer_chooses() -> None:
    assert not {label for one in metrics() for label in one.labels} & {
        "customer",
        "customer_id",
        "email",
        "path",
        "ip",
        "payment_id",
    }


def test_every_alert_has_its_scenes() -> None:
    """`make test-alerts` tries them with Prometheus' own tool."""
    assert list(SCENES) == [rule["alert"] for rule in RULES]


def test_scenes_speak_of_metrics_and_labels_that_exist() -> None:
    """A scene about a metric that nobody shows would prove an alert that never speaks."""
    for scene in SCENES.values():
        for series in (*scene.loud, *scene.quiet):
            name, labels = series.partition("{")[::2]
            if name != "up":
                assert name in METRICS
                assert set(re.findall(r"(\w+)=", labels)) <= {*METRICS[name].labels, "process", "job"}
