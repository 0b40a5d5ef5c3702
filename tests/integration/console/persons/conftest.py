"""The shop of these tests seals."""

from __future__ import annotations

import pytest

from tests.integration.console.replays import Shop


@pytest.fixture
def shop(sealing: Shop) -> Shop:
    return sealing
