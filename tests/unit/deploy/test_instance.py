"""How a command finds the running instance."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.services import instance as module
from deploy.local.services.instance import Instance, find_instance, process_start

MakeInstance = Callable[..., Instance]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    monkeypatch.setattr(module, "CHECKOUT", folder)
    return folder


def running(home: Path, pid: int | None = None, started: str | None = None) -> Instance:
    pid = pid or os.getpid()
    own = Instance(
        pid,
        process_start(pid) if started is None else started,
        home,
        {"api": "http://x"},
        {"LUNAS_API_KEY": "k"},
    )
    own.write()
    return own


def test_the_instance_of_this_checkout_is_found_from_anywhere(checkout: Path, tmp_path: Path) -> None:
    own = running(checkout / ".lunas")
    assert find_instance({}, tmp_path) == own


def test_one_with_another_home_is_found_by_its_checkout_too(checkout: Path, tmp_path: Path) -> None:
    own = running(tmp_path / "elsewhere")
    assert find_instance({}, tmp_path) == own
    own.remove()
    assert find_instance({}, tmp_path) is None


def test_lunas_home_decides_when_it_is_set(checkout: Path, tmp_path: Path) -> None:
    running(checkout / ".lunas")
    other = running(tmp_path / "other")
    assert find_instance({"LUNAS_HOME": str(tmp_path / "other")}, tmp_path) == other
    assert find_instance({"LUNAS_HOME": str(tmp_path / "empty")}, tmp_path) is None


def test_the_nearest_folder_above_is_searched(checkout: Path, tmp_path: Path) -> None:
    own = running(tmp_path / "project" / ".lunas")
    (checkout / ".lunas" / "instance.json").unlink()
    deep = tmp_path / "project" / "a" / "b"
    deep.mkdir(parents=True)
    assert find_instance({}, deep) == own


def test_a_dead_one_is_not_found(checkout: Path, tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    running(checkout / ".lunas", pid=ended.pid, started="1")
    assert find_instance({}, tmp_path) is None


def test_a_stranger_with_its_process_id_is_not_it(checkout: Path, tmp_path: Path) -> None:
    running(checkout / ".lunas", started="1")
    assert find_instance({}, tmp_path) is None


def test_only_its_owner_may_read_it_and_it_hides_its_secrets(checkout: Path) -> None:
    own = running(checkout / ".lunas")
    assert stat.S_IMODE((checkout / ".lunas" / "instance.json").stat().st_mode) == 0o600
    assert "'k'" not in repr(own)


def test_a_broken_file_is_no_instance(checkout: Path, tmp_path: Path) -> None:
    running(checkout / ".lunas")
    (checkout / ".lunas" / "instance.json").write_text("{", encoding="utf-8")
    assert find_instance({}, tmp_path) is None
