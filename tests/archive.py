"""Taking tar archives apart, with every Python that the project runs on."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

_SAFELY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
"""Python 3.11 has filters from 3.11.4 on; Debian 12 ships 3.11.2. What we unpack was written by our own git."""


def unpack(data: bytes, folder: Path) -> None:
    """Puts what is in an archive into `folder`."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(folder, **_SAFELY)
