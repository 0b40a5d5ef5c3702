"""What containers are run with: an engine, compose, and a way to build an image. Where one is missing, it says so in a sentence."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import DockerException

from tests.containers import engine_answers
from tests.rehearsal.steps import CommandFailed

COMPOSE = "LUNAS_TEST_COMPOSE"
BUILD = "LUNAS_TEST_BUILD"
MORE_FILES = "LUNAS_TEST_COMPOSE_FILES"
LOOK_SECONDS = 20


class NotHere(Exception):
    """Why no container can be run here, as a sentence."""


@dataclass(frozen=True)
class Engine:
    """`compose` and `build` are commands; `build` takes `-f FILE -t TAG FOLDER`, for an image that is
    built twice with `--no-cache` and `--build-arg NAME=VALUE` before them. `more`: compose files for what this engine does otherwise."""

    compose: tuple[str, ...]
    build: tuple[str, ...]
    more: tuple[Path, ...] = ()


def find_engine(environment: Mapping[str, str] = os.environ) -> Engine:
    """Raises NotHere."""
    if not engine_answers():
        place = environment.get("DOCKER_HOST") or "/var/run/docker.sock"
        raise NotHere(f"no container engine answers at {place}")
    files = tuple(Path(name) for name in environment.get(MORE_FILES, "").split(os.pathsep) if name)
    for file in files:
        if not file.is_file():
            raise NotHere(f"{MORE_FILES} names {file}, which is no file")
    return Engine(_compose(environment), tuple(shlex.split(environment.get(BUILD) or "docker build")), files)


def _compose(environment: Mapping[str, str]) -> tuple[str, ...]:
    given = tuple(shlex.split(environment.get(COMPOSE, "")))
    for command in (given,) if given else (("docker", "compose"), ("docker-compose",)):
        if shutil.which(command[0]) and _works([*command, "version"]):
            return command
    raise NotHere(f"there is no docker compose ({COMPOSE} names another command that understands the same)")


def _works(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LOOK_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def have_images(names: Sequence[str]) -> None:
    """Sees to it that the engine has them, from a registry where it has not. Raises NotHere."""
    client = docker.from_env(timeout=600)
    try:
        for name in names:
            try:
                if not client.images.list(name=name):
                    client.images.pull(name)
            except DockerException as error:
                raise NotHere(f"the image {name} is not here and cannot be had: {error}") from error
    finally:
        client.close()


def build(engine: Engine, folder: Path, image: str, words: Iterable[str] = ()) -> None:
    """Our image out of the files in a folder; `words` are more of the engine's own. Raises CommandFailed with the end of what it said."""
    command = [*engine.build, *words, "-f", str(folder / "deploy/Dockerfile"), "-t", image, str(folder)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandFailed(
            f"{' '.join(command)} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}"
        )


def remove_images(names: Sequence[str]) -> None:
    """Takes away the names that were given; an image that has others stays, and whatever runs from it. What is not there is fine."""
    client = docker.from_env(timeout=60)
    try:
        for name in names:
            for image in client.images.list(name=name):
                for tag in image.tags:
                    if tag.rpartition("/")[2] == name:
                        client.images.remove(tag)
    except DockerException:
        pass
    finally:
        client.close()
