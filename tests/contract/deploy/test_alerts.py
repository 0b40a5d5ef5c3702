"""Alerts and dashboards may only speak of metrics that the code really shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.processes import ROOTS

ROOT = Path(__file__).parents[3]
ROOMS = ("runtime", "ingress", "processor", "projections", "console", "api", "notify")
DEFINED = re.compile(r"\b(Counter|Gauge|Histogram)\(\s*\"(lunas_\w+)\"")
SUFFIXES = {"Counter": {"_total"}, "Gauge": {""}, "Histogram": {"_bucket", "_sum", "_count"}}
ALERTS: dict[str, Any] = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]


def series() -> Iterator[str]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for kind, name in DEFINED.findall(path.read_text()):
                yield from (name + suffix for suffix in SUFFIXES[kind])


SERIES = set(series())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_metric_of_an_alert_exists(rule: dict[str, Any]) -> None:
    named = set(re.findall(r"\blunas_\w+", rule["expr"]))
    assert named <= SERIES
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
