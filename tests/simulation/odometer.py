"""How far the simulation has driven: docs/odometer.json, added up over runs that passed, and its line in the README."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "odometer.json"
README = ROOT / "README.md"
LINE = re.compile(r"(<!-- odometer -->).*?(<!-- /odometer -->)", re.DOTALL)
COUNTED = ("webhooks", "crashes", "schedules")


def read() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return found


def words(odometer: dict[str, Any]) -> str:
    """What the README says."""
    return (
        f"Simulated so far: **{odometer['webhooks']:,} webhooks, {odometer['crashes']:,} crashes and outages, {odometer['schedules']:,} different "
        f"schedules** without a loss, a double or anything left lying."
    )


def shown(readme: str, odometer: dict[str, Any]) -> str:
    """The README with today's line."""
    return LINE.sub(lambda found: found[1] + words(odometer) + found[2], readme)


def add(first: int, counted: dict[str, int]) -> None:
    """One run that passed, of `schedules` seeds from `first` on."""
    odometer = read()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    odometer["runs"].append({"commit": commit, "first_seed": first} | counted)
    for name in COUNTED:
        odometer[name] = sum(run[name] for run in odometer["runs"])
    FILE.write_text(json.dumps(odometer, indent=1) + "\n", "utf-8")
    README.write_text(shown(README.read_text("utf-8"), odometer), "utf-8")
