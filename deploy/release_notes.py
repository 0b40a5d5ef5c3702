"""Writes the notes of a release: what changed, what was made and its digests, what it is deployed over.

    python3 -m deploy.release_notes 0.2.0 --image lunas:0.2.0@sha256:… dist/*.whl lunas.cdx.json > lunas-0.2.0.md
    ssh-keygen -Y sign -n lunas-release -f KEY lunas-0.2.0.md

Whoever has the notes and their signature can check every file of the release: docs/releasing.md. Standard library only; the same files give the
same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
_IMAGE = re.compile(r"\S+@sha256:[0-9a-f]{64}\Z")
_HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\].*$", re.MULTILINE)


def changes(changelog: str, version: str) -> str:
    """What the changelog says of a version. Raises ValueError when it says nothing."""
    found = list(_HEADING.finditer(changelog))
    for at, heading in enumerate(found):
        if heading["version"] == version:
            end = found[at + 1].start() if at + 1 < len(found) else len(changelog)
            said = changelog[heading.end() : end].strip()
            if said:
                return said
    raise ValueError(f"the changelog has no section [{version}], or an empty one")


def supported(upgrading: str) -> str:
    """The table of what is supported. Raises ValueError."""
    found = re.search(r"^## What is supported\n.*?(^\|.*?\n)\n", upgrading, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError("docs/upgrading.md has no table of what is supported")
    return found[1].strip()


def digest(file: Path) -> str:
    """SHA-256, as `sha256sum` prints it. Raises OSError."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def notes(version: str, commit: str, images: Sequence[str], files: Sequence[Path], root: Path = ROOT) -> str:
    """The notes. Raises ValueError for an image without a digest or a version that nothing is said of, OSError for a file that is not there."""
    for image in images:
        if not _IMAGE.match(image):
            raise ValueError(f"{image} names no bytes: NAME@sha256:… (docker buildx imagetools inspect NAME)")
    sums = "\n".join(sorted(f"{digest(file)}  {file.name}" for file in files))
    parts = [
        f"# lunas {version}",
        f"Commit `{commit}`. Deployed over `{_previous(root)}` ([upgrading](docs/upgrading.md)).",
        "## What it is made of",
        "Files, as `sha256sum --check` reads them:",
        f"```text\n{sums}\n```",
        *(f"Image: `{image}`" for image in images),
        "## What is supported",
        supported((root / "docs/upgrading.md").read_text("utf-8")),
        "## What changed",
        changes((root / "CHANGELOG.md").read_text("utf-8"), version),
    ]
    return "\n\n".join(parts) + "\n"


def _previous(root: Path) -> str:
    lines = (root / "deploy/previous-release").read_text("utf-8").splitlines()
    return next(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints them."""
    parser = argparse.ArgumentParser(description="Write the notes of a release.")
    parser.add_argument("version", help="as the changelog has it")
    parser.add_argument("--commit", required=True, help="full hash of what was built")
    parser.add_argument(
        "--image", action="append", default=[], help="NAME@sha256:…; may be given several times"
    )
    parser.add_argument("files", nargs="+", type=Path, help="wheel, list of parts (make sbom), …")
    options = parser.parse_args(arguments)
    try:
        sys.stdout.write(notes(options.version, options.commit, options.image, options.files))
    except (ValueError, OSError) as error:
        parser.exit(2, f"{error}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
