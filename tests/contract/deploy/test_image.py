"""The Dockerfile, read as text: one image, nothing running as root, every dependency with its hash."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "deploy/Dockerfile").read_text()
# Continuation lines joined, comments gone.
INSTRUCTIONS = [
    line.strip()
    for line in re.sub(r"\\\n\s*", " ", TEXT).splitlines()
    if line.strip() and not line.startswith("#")
]
FINAL = INSTRUCTIONS[max(i for i, line in enumerate(INSTRUCTIONS) if line.startswith("FROM")) :]


def named(instructions: list[str], word: str) -> list[str]:
    return [line.split(maxsplit=1)[1] for line in instructions if line.split()[0] == word]


def test_base_is_pinned_to_an_exact_version() -> None:
    (image,) = [one for one in named(INSTRUCTIONS, "ARG") if "=" in one]
    # With the digest that `python -m deploy.pin_images` writes, or without.
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.\d+\.\d+-slim-bookworm(@sha256:[0-9a-f]{64})?", image)
    assert all("${PYTHON_IMAGE}" in base for base in named(INSTRUCTIONS, "FROM"))


def test_base_has_a_python_that_the_project_supports() -> None:
    (image,) = [one for one in named(INSTRUCTIONS, "ARG") if "=" in one]
    major, minor = map(int, re.findall(r"\d+", image)[:2])
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert (major, minor) >= tuple(map(int, re.findall(r"\d+", required)))


def test_runs_as_a_number_that_is_not_root() -> None:
    (user,) = named(FINAL, "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_entrypoint_is_lunas_itself() -> None:
    assert [json.loads(one) for one in named(FINAL, "ENTRYPOINT")] == [["lunas"]]
    assert isinstance(json.loads(named(FINAL, "CMD")[0]), list)


def test_final_stage_builds_and_installs_nothing() -> None:
    assert named(FINAL, "RUN") == []
    assert named(FINAL, "ADD") == []


def test_health_check_asks_for_life_not_for_readiness() -> None:
    (check,) = named(FINAL, "HEALTHCHECK")
    assert "/livez" in check
    command = json.loads(check[check.index("[") :])
    compile(command[command.index("-c") + 1], "healthcheck", "exec")


def test_dependencies_are_installed_by_hash() -> None:
    installs = [run for run in named(INSTRUCTIONS, "RUN") if '"install"' in run]
    assert len(installs) == 2
    assert all('"--require-hashes"' in run for run in installs)
    assert '"--no-deps"' in next(run for run in named(INSTRUCTIONS, "RUN") if '"wheel"' in run)


def test_what_is_compiled_does_not_remember_when() -> None:
    """Compiled files name the time of their source, unless they are told to name its hash: else no two builds were the same."""
    runs = named(INSTRUCTIONS, "RUN")
    compiled = [at for at, run in enumerate(runs) if "compileall" in run]
    assert len(compiled) == 1
    assert "unchecked-hash" in runs[compiled[0]]
    into_the_image = [at for at, run in enumerate(runs) if "/opt/lunas/bin/pip" in run and "install" in run]
    assert all("--no-compile" in runs[at] for at in into_the_image)
    assert max(into_the_image) < compiled[0]


def test_no_secret_is_built_in() -> None:
    assert not re.search(r"(SECRET|PASSWORD|_KEY|_URL)=", TEXT)


def test_every_package_is_copied() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]["packages"]
    copied = " ".join(named(INSTRUCTIONS, "COPY")).split()
    ignored = (ROOT / ".dockerignore").read_text().split()
    for package in packages:
        assert package in copied
        assert f"!{package}" in ignored


def test_everything_copied_from_the_tree_exists() -> None:
    for line in named(INSTRUCTIONS, "COPY"):
        if not line.startswith("--from"):
            *sources, _ = line.split()
            assert all((ROOT / source).exists() for source in sources), line
