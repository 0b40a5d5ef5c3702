"""`python -m deploy.pin_images [--check]`: pins every image that `deploy/` names to the bytes that the registry has under its tag today.

A tag can be moved; `postgres:17.6-bookworm@sha256:…` is the same bytes for ever. Docker is asked (`docker buildx imagetools inspect`), whoever the registry
is. `--check` changes nothing and ends with 1 where an image has no digest, or the registry has other bytes under its tag by now: then there
is an update of the base to be tried.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

FOLDER = Path(__file__).parent
NAMED = re.compile(
    r"^(?P<before>(?: +image: |ARG PYTHON_IMAGE=))(?P<tag>(?:postgres|rabbitmq|python):[\w.-]+)(?:@(?P<digest>sha256:[0-9a-f]{64}))?$",
    re.MULTILINE,
)
"""An image of somebody else's; ours is pinned by the notes of its release (docs/releasing.md)."""
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
LOOK_SECONDS = 120


class NoDigest(Exception):
    """Why an image has none, as a sentence."""


def files(folder: Path = FOLDER) -> list[Path]:
    """Those that name images."""
    return [folder / "Dockerfile", *sorted(folder.glob("compose*.yaml"))]


def pinned(text: str, digest_of: Callable[[str], str]) -> tuple[str, list[str]]:
    """The text with today's digest of each image, and a sentence about each that was not so already."""
    said: list[str] = []

    def pin(found: re.Match[str]) -> str:
        digest = digest_of(found["tag"])
        if found["digest"] is None:
            said.append(f"{found['tag']} has no digest; the registry has {digest}")
        elif found["digest"] != digest:
            said.append(f"{found['tag']} was {found['digest']}; the registry has {digest}")
        return f"{found['before']}{found['tag']}@{digest}"

    return NAMED.sub(pin, text), said


def registry_digest(image: str) -> str:
    """Of the list of all platforms, so that it is right on every machine. Raises NoDigest."""
    command = ["docker", "buildx", "imagetools", "inspect", image, "--format", "{{.Manifest.Digest}}"]
    try:
        done = subprocess.run(  # noqa: S603 - words of our own and an image of our own files
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LOOK_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise NoDigest("there is no docker here to ask with") from error
    except subprocess.TimeoutExpired as error:
        raise NoDigest(f"the registry says nothing of {image} within {LOOK_SECONDS} s") from error
    digest = done.stdout.strip()
    if done.returncode != 0 or not DIGEST.fullmatch(digest):
        raise NoDigest(
            f"the registry gives no digest of {image}: {(done.stderr or done.stdout).strip()[-300:]}"
        )
    return digest


def main(arguments: Sequence[str] | None = None) -> int:
    """All images or none: a file that is half pinned says nothing."""
    parser = argparse.ArgumentParser(
        description="Pin the images of deploy/ to what the registry has under their tags."
    )
    parser.add_argument("--check", action="store_true", help="change nothing, and say what is not pinned")
    given = parser.parse_args(arguments)
    known: dict[str, str] = {}

    def once(image: str) -> str:
        if image not in known:
            known[image] = registry_digest(image)
        return known[image]

    try:
        found = {path: pinned(path.read_text("utf-8"), once) for path in files()}
    except NoDigest as error:
        sys.stderr.write(f"pin_images: {error}. Nothing was changed.\n")
        return 3
    said = sorted({sentence for _, sentences in found.values() for sentence in sentences})
    sys.stdout.write("\n".join(said or ["Every image is pinned to what the registry has."]) + "\n")
    if not given.check:
        for path, (text, _) in found.items():
            path.write_text(text, "utf-8")
    return 1 if said and given.check else 0


if __name__ == "__main__":
    sys.exit(main())
