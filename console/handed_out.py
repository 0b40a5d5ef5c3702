"""Files that an operator asked for by name: whole or not there, on disk when the command says so, and nobody else's to read."""

from __future__ import annotations

from pathlib import Path

from console.exits import WrongUse
from console.messages import text
from runtime.files import PRIVATE, write_whole


def hand_out(file: Path, data: bytes, *, mode: int = PRIVATE) -> None:
    """Replaces the file, or the one that it points to. A device or a pipe (`/dev/stdout`) is written to, never replaced. Raises WrongUse."""
    try:
        place = file.resolve()
        if place.exists() and not place.is_file():
            with place.open("wb") as stream:
                stream.write(data)
        else:
            write_whole(place, data, mode=mode)
    except OSError as error:
        raise WrongUse(text("file.not_written", file=file, error=error.strerror)) from None
