"""A file that must be whole after a power cut: on disk before it has its name, and its name on disk before anybody relies on it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from deploy.local.services.failures import ServiceFailure
from deploy.local.services.home import Home
from runtime.files import PARTS_AT_ONCE, write_all_at, write_whole

STEPS = ("write", "fsync file", "rename", "fsync folder")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the system, in order."""
    seen: list[str] = []
    write, fsync, replace, rename = os.write, os.fsync, os.replace, os.rename

    def wrote(descriptor: int, data: bytes) -> int:
        seen.append("write")
        return write(descriptor, data)

    def synced(descriptor: Any) -> None:
        number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
        seen.append("fsync folder" if stat.S_ISDIR(os.fstat(number).st_mode) else "fsync file")
        fsync(descriptor)

    def moved(old: Any, new: Any, **options: Any) -> None:
        seen.append("rename")
        replace(old, new, **options)

    monkeypatch.setattr(os, "write", wrote)
    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", moved)
    monkeypatch.setattr(
        os, "rename", lambda old, new, **options: (seen.append("rename"), rename(old, new, **options))
    )
    return seen


def test_it_is_synced_before_it_is_named_and_its_folder_after(tmp_path: Path, steps: list[str]) -> None:
    write_whole(tmp_path / "secrets.json", b"{}")
    assert [step for step in steps if step != "write"] == list(STEPS[1:])
    assert (tmp_path / "secrets.json").read_bytes() == b"{}"
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["fsync", "replace", "rename"])
def test_who_dies_on_the_way_leaves_the_old_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / "secrets.json"
    write_whole(path, b"old")

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, name, dies)
    try:
        write_whole(path, b"new")
    except KeyboardInterrupt:
        assert path.read_bytes() in (b"old", b"new")
    assert path.read_bytes() in (b"old", b"new")


def test_passwords_are_on_disk_before_anything_is_started_with_them(tmp_path: Path, steps: list[str]) -> None:
    with Home(tmp_path / "home") as home:
        made = home.secrets()
        assert steps[-1] == "fsync folder"
        assert home.secrets() == made


@pytest.mark.parametrize("harm", [b"", b"{", b"[]", b'{"postgres_password":"x"}', b"\x00" * 200])
def test_broken_passwords_are_told_in_words_with_the_way_out(tmp_path: Path, harm: bytes) -> None:
    with Home(tmp_path / "home") as home:
        whole = json.dumps(home.secrets()).encode()
        (home.path / "secrets.json").write_bytes(harm or whole[:0])
        with pytest.raises(ServiceFailure, match="put a copy back"):
            home.secrets()


def test_parts_are_written_one_behind_the_other_however_many_and_however_little_the_disk_takes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [b"%d," % number for number in range(2 * PARTS_AT_ONCE + 1)]
    data = b"".join(parts)
    really, calls = os.pwritev, []

    def miserly(descriptor: int, some: list[bytes], place: int) -> int:
        calls.append(len(some))
        return really(descriptor, [b"".join(some)[:7]], place)

    for write in (really, miserly):
        path = tmp_path / write.__name__
        path.write_bytes(b"head")
        monkeypatch.setattr(os, "pwritev", write)
        with path.open("r+b") as file:
            write_all_at(file.fileno(), parts, 4)
        assert path.read_bytes() == b"head" + data
    assert calls == [PARTS_AT_ONCE, PARTS_AT_ONCE, 1]
