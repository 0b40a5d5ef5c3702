"""The image is built twice from the same files, the second time with nothing remembered: both must hold the same, to the byte."""

from __future__ import annotations

import hashlib
import io
import secrets
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import docker

from tests.rehearsal import copies
from tests.rehearsal.engine import Engine, build, remove_images
from tests.rehearsal.steps import StepFailed, Steps

SHOWN = 5
OF_THE_ENGINE = {
    ".dockerenv",
    "etc/hostname",
    "etc/hosts",
    "etc/resolv.conf",
    "etc/mtab",
    "run/.containerenv",
}
"""What an engine puts into a container, whatever the image."""


async def built_twice(engine: Engine) -> Steps:
    """Both builds, and what differs; the images and the copy of the checkout are taken away again."""
    steps, name = Steps(), secrets.token_hex(4)
    images = [f"lunas-rehearsal:{name}-{turn}" for turn in ("first", "second")]
    with tempfile.TemporaryDirectory(prefix="lunas-rehearsal-") as folder:
        copies.of_checkout(Path(folder))
        # As docs/releasing.md has it: both are told the same time.
        told = ("--build-arg", f"SOURCE_DATE_EPOCH={copies.SAME_TIME}")
        try:
            async with steps.step("image built"):
                build(engine, Path(folder), images[0], told)
            async with steps.step("image built again, with nothing remembered"):
                build(engine, Path(folder), images[1], ("--no-cache", *told))
            if not steps.broken:
                await _compare(images, steps)
        finally:
            remove_images(images)
    return steps


async def _compare(images: Sequence[str], steps: Steps) -> None:
    async with steps.step("both hold the same") as note:
        first, second = map(held, images)
        wrong = differences(first, second)
        if wrong:
            raise StepFailed(
                "; ".join(wrong[:SHOWN]) + (f"; {len(wrong)} in all" if len(wrong) > SHOWN else "")
            )
        note.add(f"{len(first):,} files, folders, links and settings")


def held(image: str) -> dict[str, tuple[object, ...]]:
    """By path: kind, rights, owner and content of everything in an image; beside it, as `<what>`, how it is started. Times are left out: a
    release gives every file that of its commit (docs/releasing.md)."""
    client = docker.from_env(timeout=600)
    try:
        found = {f"<{name}>": (value,) for name, value in _settings(client.images.get(image).attrs["Config"])}
        container = client.containers.create(image)
        try:
            return found | dict(listed(io.BufferedReader(_Chunks(container.export()))))
        finally:
            container.remove(v=True)
    finally:
        client.close()


def listed(stream: Any) -> Iterator[tuple[str, tuple[object, ...]]]:
    """What a tar file holds, member by member."""
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            name = member.name.removeprefix("./").rstrip("/")
            if name in OF_THE_ENGINE:
                continue
            content = archive.extractfile(member) if member.isreg() else None
            digest = hashlib.file_digest(content, "sha256").hexdigest() if content else ""  # type: ignore[arg-type]
            yield name, (member.type, oct(member.mode), member.uid, member.gid, member.linkname, digest)


def differences(first: dict[str, tuple[object, ...]], second: dict[str, tuple[object, ...]]) -> list[str]:
    """A sentence each."""
    names = sorted(first.keys() | second.keys())
    said = []
    for name in names:
        if name not in first or name not in second:
            said.append(f"{name} is only in the {'first' if name in first else 'second'}")
        elif first[name] != second[name]:
            said.append(f"{name} differs")
    return said


def _settings(config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in (
        "Env",
        "Cmd",
        "Entrypoint",
        "User",
        "WorkingDir",
        "ExposedPorts",
        "Labels",
        "Healthcheck",
        "StopSignal",
    ):
        yield name, repr(config.get(name))


class _Chunks(io.RawIOBase):
    """What comes in pieces, read as a file."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._left = iter(pieces), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        number = min(len(buffer), len(self._left))
        buffer[:number], self._left = self._left[:number], self._left[number:]
        return number
