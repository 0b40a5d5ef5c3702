"""`make test-alerts`: checks the rules and tries every alert with promtool."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.alerts.scenes import SCENES, Scene, Series

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/prometheus/alerts.yaml"
CONFIG = ROOT / "deploy/prometheus/prometheus.yaml"
_LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")


def rules() -> dict[str, dict[str, Any]]:
    """The alerts by name."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def cases(rule: dict[str, Any], scene: Scene) -> Iterator[dict[str, Any]]:
    """Two worlds for one alert: one in which it speaks when its time has come and not before, one in which it never does."""
    early = _minutes(rule.get("for", "0m")) - 1
    begins = (
        [_look(rule, early, None)]
        if early > 0 and scene.minutes == Scene.minutes and _from_the_start(scene.loud)
        else []
    )
    yield _world(f"{rule['alert']} speaks", scene.loud, [*begins, _look(rule, scene.minutes, scene)])
    yield _world(f"{rule['alert']} is quiet", scene.quiet, [_look(rule, scene.minutes, None)])


def _world(name: str, series: Series, looks: list[dict[str, Any]]) -> dict[str, Any]:
    given = [{"series": each, "values": values} for each, values in series.items()]
    return {"name": name, "interval": "1m", "input_series": given, "alert_rule_test": looks}


def _look(rule: dict[str, Any], minutes: int, scene: Scene | None) -> dict[str, Any]:
    expected = []
    if scene is not None:
        said = {name: _said(text, scene) for name, text in rule["annotations"].items()}
        expected = [{"exp_labels": {**rule["labels"], **scene.labels}, "exp_annotations": said}]
    return {"eval_time": f"{minutes}m", "alertname": rule["alert"], "exp_alerts": expected}


def _said(text: str, scene: Scene) -> str:
    return _LABEL.sub(lambda label: scene.labels[label[1]], text).replace("{{ $value }}", scene.value)


def _from_the_start(series: Series) -> bool:
    """Nothing changes later on: then the alert's own waiting time is all that keeps it quiet."""
    return all(" " not in values and "+" not in values for values in series.values())


def _minutes(duration: str) -> int:
    return int(duration[:-1]) * {"m": 1, "h": 60}[duration[-1]]


def main() -> int:
    """Exit code of the first of promtool's commands that is not content."""
    known = rules()
    tests = [case for name, scene in SCENES.items() for case in cases(known[name], scene)]
    document = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        yaml.safe_dump(document, file)
        file.flush()
        for command in (["check", "config", str(CONFIG)], ["test", "rules", file.name]):
            code = subprocess.run(["promtool", *command], check=False).returncode
            if code != 0:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
