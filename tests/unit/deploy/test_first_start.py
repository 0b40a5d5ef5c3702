"""What a first start of the broker left is put aside only while nobody can have published there."""

from __future__ import annotations

from pathlib import Path

from deploy.local.services import first_start


def made(data: Path) -> None:
    data.mkdir(parents=True)
    (data / "schema.DAT").write_bytes(b"schema")


def test_a_first_start_that_was_cut_off_is_put_aside_however_often(tmp_path: Path) -> None:
    data = tmp_path / "db" / "node"
    for _ in range(3):
        first_start.begin(data)
        assert not data.exists()
        made(data)
    assert first_start.begin(data) == data.with_name("node.unfinished")
    assert (tmp_path / "db" / "node.unfinished" / "schema.DAT").read_bytes() == b"schema"


def test_what_was_ready_once_is_never_put_aside(tmp_path: Path) -> None:
    data = tmp_path / "db" / "node"
    first_start.begin(data)
    made(data)
    first_start.end(data)
    first_start.end(data)
    for _ in range(2):
        assert first_start.begin(data) is None
        assert (data / "schema.DAT").read_bytes() == b"schema"


def test_a_node_of_before_there_were_notes_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "db" / "node"
    made(data)
    assert first_start.begin(data) is None
    first_start.end(data)
    assert first_start.begin(data) is None
    assert (data / "schema.DAT").exists()


def test_the_note_of_one_node_says_nothing_of_another(tmp_path: Path) -> None:
    """A home that was moved has a node of another name, and keeps the former one's messages."""
    first, second = tmp_path / "db" / "first", tmp_path / "db" / "second"
    first_start.begin(first)
    made(first)
    first_start.end(first)
    first_start.begin(second)
    assert first_start.begin(first) is None
    assert (first / "schema.DAT").exists()
