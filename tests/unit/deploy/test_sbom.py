"""The list of what a release is made of names what the lock pins: no more, no less, and the same each time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")


def made(folder: Path) -> bytes:
    """By the command of `make sbom`."""
    said = subprocess.run(
        ["make", "--no-print-directory", "-n", "sbom"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    command = re.search(r"-m cyclonedx_py (.*?) --output-file", said.replace("\\\n", " "), re.DOTALL)
    assert command, said
    file = folder / "sbom.json"
    arguments = [*command[1].split(), "--output-file", str(file)]
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return file.read_bytes()


@pytest.fixture(scope="module")
def sbom(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return json.loads(made(tmp_path_factory.mktemp("sbom")))


def test_it_names_every_pinned_package_with_its_hashes(sbom: Any) -> None:
    pinned = {}
    for entry in re.split(r"\n(?=\S)", LOCK.replace("\\\n", " ").strip()):
        name, version = re.match(r"([\w.-]+)==([\w.+!-]+)", entry).groups()  # type: ignore[union-attr]
        pinned[name, version] = set(re.findall(r"--hash=sha256:(\w+)", entry))
    listed = {
        (each["name"], each["version"]): {
            one["content"] for reference in each["externalReferences"] for one in reference["hashes"]
        }
        for each in sbom["components"]
    }
    assert listed == pinned
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    assert sbom["metadata"]["component"]["name"] == "lunas"


def test_it_is_the_same_each_time(sbom: Any, tmp_path: Path) -> None:
    again = made(tmp_path)
    assert json.loads(again) == sbom
    assert str(ROOT).encode() not in again
