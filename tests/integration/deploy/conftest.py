"""A home of private services that a test starts by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.services.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Erased afterwards, whatever the test left in it."""
    path = tmp_path / "home"
    yield path
    Home(path).erase()
