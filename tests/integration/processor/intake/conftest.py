"""Settings of a processor that gives up soon."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runtime.settings import Settings


@pytest.fixture
def chosen(settings: Callable[..., Settings], database_url: str, broker_url: str) -> Settings:
    return settings(
        database_url=database_url,
        broker_url=broker_url,
        broker_retry_delays_seconds=(0.2, 0.3),
        processor_backoff_max_seconds=0.3,
        processor_drain_budget_seconds=60.0,
    )
