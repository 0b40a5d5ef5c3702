"""A home of private services that a test starts by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.services.home import Home

HANDING_ON = {
    "x-queue-type": "quorum",
    "x-overflow": "reject-publish",
    "x-dead-letter-exchange": "amq.fanout",
    "x-dead-letter-strategy": "at-least-once",
}
"""As our work queues do: one that ends again and again takes with it whoever hands on for all of them."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Erased afterwards, whatever the test left in it."""
    path = tmp_path / "home"
    yield path
    Home(path).erase()
