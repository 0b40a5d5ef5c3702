"""The fault that raises the alarm of the broker's disk leaves the broker with the limit it was started with."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.local.services.rabbitmq import free_limit
from tests.torture import service_kinds


async def test_behind_an_alarm_as_much_of_the_disk_stays_free_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_kinds, "LONG", 0.0)
    folder = tmp_path / "services" / "rabbitmq"
    folder.mkdir(parents=True)
    orders: list[tuple[str, ...]] = []

    async def control(*words: str) -> str:
        orders.append(words)
        return "Setting disk free limit ..."

    stage: Any = SimpleNamespace(home=tmp_path, control_broker=control)
    (alarm,) = (kind for kind in service_kinds.of_the_broker() if kind.name == "disk alarm of broker")
    await alarm.inject(stage, random.Random(1))
    assert orders == [("set_disk_free_limit", "900GB"), ("set_disk_free_limit", str(free_limit(folder)))]
