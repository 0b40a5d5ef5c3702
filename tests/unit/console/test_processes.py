"""What `lunas run` starts."""

from __future__ import annotations

import asyncio
import inspect
import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from console import processes
from runtime.settings import Settings


def settings() -> Settings:
    return Settings(env="development", home=Path("unused"))


@pytest.mark.parametrize("name", [*processes.ROOTS, *processes.DEVELOPMENT])
def test_every_name_leads_to_a_composition_root(name: str) -> None:
    root = processes.load_root(name)
    assert inspect.iscoroutinefunction(root)
    assert list(inspect.signature(root).parameters)[:2] == ["settings", "stop"]


def test_a_supervisor_is_told_to_start_every_process_there_is() -> None:
    assert {name: command[-2:] for name, command in processes.commands(settings()).items()} == {
        name: ("run", name) for name in (*processes.ROOTS, *processes.DEVELOPMENT)
    }


@pytest.mark.parametrize("wish", [{"env": "production"}, {"env": "development", "fakes": "off"}])
def test_stand_ins_are_started_in_development_only_and_not_when_they_are_off(wish: dict[str, Any]) -> None:
    assert set(processes.commands(Settings(home=Path("unused"), **wish))) == set(processes.ROOTS)


@pytest.mark.parametrize("name", [*processes.ROOTS, *processes.DEVELOPMENT])
def test_every_process_has_the_ports_by_which_a_supervisor_finds_it(name: str) -> None:
    assert f"{name}_metrics_port" in Settings.model_fields


def test_whoever_keeps_processes_alive_knows_none_of_them() -> None:
    names = "|".join([*processes.ROOTS, *processes.DEVELOPMENT])
    words = re.compile(rf"[\"']({names})[\"']")
    rooms = Path(processes.__file__).parents[1]
    naming = [str(path) for path in (rooms / "deploy/local").rglob("*.py") if words.search(path.read_text())]
    assert naming == []


async def test_all_stops_when_one_of_them_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []
    module = types.ModuleType("stand_in_roots")

    async def waits(_settings: Settings, stop: asyncio.Event) -> None:
        await stop.wait()
        ended.append("waits")

    async def returns(_settings: Settings, _stop: asyncio.Event) -> None:
        ended.append("returns")

    module.waits, module.returns = waits, returns  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "stand_in_roots", module)
    monkeypatch.setattr(processes, "ROOTS", {"a": "stand_in_roots:waits", "b": "stand_in_roots:returns"})
    async with asyncio.timeout(60):
        await processes.serve(processes.ALL, settings(), asyncio.Event())
    assert ended == ["returns", "waits"]


async def test_all_fails_when_one_of_them_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("stand_in_roots")

    async def waits(_settings: Settings, stop: asyncio.Event) -> None:
        await stop.wait()

    async def fails(_settings: Settings, _stop: asyncio.Event) -> None:
        raise RuntimeError("the port is taken")

    module.waits, module.fails = waits, fails  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "stand_in_roots", module)
    monkeypatch.setattr(processes, "ROOTS", {"a": "stand_in_roots:waits", "b": "stand_in_roots:fails"})
    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.timeout(60):
            await processes.serve(processes.ALL, settings(), asyncio.Event())
    assert "the port is taken" in str(caught.value.exceptions[0])
