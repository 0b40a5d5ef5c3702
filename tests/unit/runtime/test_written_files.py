"""Nothing of ours writes a file as it comes: what matters is written aside, synced and renamed, and personal data and secrets are nobody else's to read."""

from __future__ import annotations

import ast
import os
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.archives.body_file import BodyFileWriter
from console.exits import WrongUse
from console.handed_out import hand_out
from runtime.files import open_new, write_whole

ROOT = Path(__file__).parents[3]
ROOMS = (
    "api",
    "console",
    "deploy",
    "eventstore",
    "ingress",
    "notify",
    "processor",
    "projections",
    "providers",
    "runtime",
    "schemas",
)
WRITERS = {
    "runtime/files.py": "these are how it is done",
    "eventstore/published_seals.py": "lines are only added, and synced; a torn one is skipped by readers",
    "ingress/journal/place.py": "a lock, which holds nothing",
    "ingress/journal/segment.py": "the journal: 0600, synced at every write",
    "deploy/local/services/home.py": "a lock, which holds nothing",
    "deploy/local/services/children.py": "what a service says",
    "deploy/local/services/rabbitmq.py": "made anew at every start, private before there is anything in it",
    "deploy/local/installation/environment.py": "notes about .venv, which is made anew",
    "deploy/local/installation/packages.py": "a script of the system's, removed again",
    "deploy/pin_images.py": "a page of this repository, by whoever develops it",
    "deploy/rabbitmq/make_definitions.py": "a page of this repository, by whoever develops it",
    "console/handed_out.py": "a device or a pipe, which nobody can replace",
}
"""Files of the program that write by themselves, and why that is right."""
PLAIN = ("write_text", "write_bytes")
MODES = frozenset("wxa+")
FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT"}


def _writes(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls that write a file."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        whose = node.func.value if isinstance(node.func, ast.Attribute) else None
        owner = whose.id if isinstance(whose, ast.Name) else ""
        given = [*node.args, *(word.value for word in node.keywords if word.arg in (None, "mode", "flags"))]
        said = {
            each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)
        }
        flags = {each.attr for one in given for each in ast.walk(one) if isinstance(each, ast.Attribute)}
        plain = called in PLAIN and owner != "formatter"  # one of click's writes no file
        opened = called in ("open", "fdopen") and any(MODES & set(one) and len(one) <= 3 for one in said)
        named = any(isinstance(each, ast.Name) for each in node.args[1:2])  # flags under another name
        if plain or opened or (called == "open" and owner == "os" and (named or flags & FLAGS)):
            yield node


def test_who_writes_a_file_by_himself_is_named_with_his_reason() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if any(_writes(ast.parse(path.read_text("utf-8"))))
    }
    # `os.dup2(os.open(os.devnull, …))`: nothing is kept there.
    assert found - {"console/main.py"} == set(WRITERS)


@pytest.mark.parametrize(
    "said",
    [
        "file.write_text(x)",
        "file.write_bytes(x)",
        "file.open('w')",
        "open(file, 'wb')",
        "open(file, mode='a')",
        "os.open(file, os.O_WRONLY | os.O_CREAT)",
        "path.open('r+b')",
        "os.open(file, FLAGS)",
    ],
)
def test_the_rule_sees_every_way_to_write(said: str) -> None:
    assert any(_writes(ast.parse(said)))


@pytest.mark.parametrize(
    "said", ["file.open('rb')", "open(file)", "os.open(file, os.O_RDONLY)", "wish.open(x)"]
)
def test_the_rule_lets_readers_pass(said: str) -> None:
    assert not any(_writes(ast.parse(said)))


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_to_all() -> Iterator[None]:
    """A login whose new files everybody may read and write."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_to_all")
def test_what_is_handed_out_is_nobody_elses_to_read_even_where_another_file_was(tmp_path: Path) -> None:
    file = tmp_path / "budi.json"
    hand_out(file, b"{}")
    assert _mode(file) == 0o600
    file.chmod(0o666)
    hand_out(file, b"[]")
    assert (_mode(file), file.read_bytes()) == (0o600, b"[]")
    assert os.listdir(tmp_path) == ["budi.json"]


@pytest.mark.usefixtures("open_to_all")
def test_archived_webhooks_are_for_their_owner_and_his_group(tmp_path: Path) -> None:
    path = tmp_path / ".bodies"
    with BodyFileWriter(path, datetime.now(UTC).date(), 1) as writer:
        assert _mode(path) == 0o640
        writer.end()


@pytest.mark.parametrize("step", ["fsync", "replace", "rename"])
def test_what_cannot_be_written_is_told_and_neither_a_part_nor_a_copy_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    file = tmp_path / "budi.json"
    file.write_bytes(b"old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("replace", "rename") if step != "fsync" else ("fsync",):
        monkeypatch.setattr(os, name, full)  # `Path.replace` and `Path.rename` are these
    with pytest.raises(WrongUse, match="No space left"):
        hand_out(file, b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"budi.json": b"old"}


def test_a_folder_that_is_not_there_is_told_by_the_name_that_was_given(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"nowhere/budi\.json"):
        hand_out(tmp_path / "nowhere" / "budi.json", b"{}")


def test_the_file_behind_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link, file = tmp_path / "link.json", tmp_path / "there" / "budi.json"
    link.symlink_to(file)
    hand_out(link, b"{}")
    assert link.is_symlink()
    assert file.read_bytes() == b"{}"


def test_a_pipe_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard: list[bytes] = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()))
    reader.start()
    hand_out(pipe, b"{}")
    reader.join()
    assert heard == [b"{}"]
    assert pipe.is_fifo()


def test_a_new_file_takes_nobody_elses_place(tmp_path: Path) -> None:
    write_whole(tmp_path / "there", b"mine")
    with pytest.raises(FileExistsError):
        open_new(tmp_path / "there")
