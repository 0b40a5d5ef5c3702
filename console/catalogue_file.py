"""The catalogue file on disk: read, and exchanged as a whole with the former one kept beside it."""

from __future__ import annotations

from pathlib import Path

from console.exits import Refused
from console.messages import text
from runtime.files import write_whole


def read_file(path: Path) -> str:
    """As it is, its line ends too."""
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def exchange(path: Path, content: str, kept: Path) -> None:
    """Puts `content` in the place of the file at once; `kept` has the former one. Raises Refused when that cannot be."""
    try:
        mode = path.stat().st_mode & 0o7777
        write_whole(kept, path.read_bytes(), mode=mode)
        write_whole(path, content.encode(), mode=mode)
    except OSError as error:
        raise Refused(
            text("resync.unwritable", path=path, reason=error.strerror or type(error).__name__)
        ) from None
