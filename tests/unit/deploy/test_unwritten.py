"""Which tables of a broker are put aside before a start: those that were never written, of queues of which nothing was."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.services.unwritten import put_aside

WRITTEN = bytes.fromhex("0000153800abcdef") + b"\1" * 5456
UNWRITTEN = bytes(5464)
EMPTY_LOG, LOG = b"RAWA\1", b"RAWA\1entry"


def made(folder: Path, kind: str = "quorum", *, log: bytes = EMPTY_LOG, **tables: bytes) -> Path:
    system = folder / kind / "lunas@localhost"
    system.mkdir(parents=True)
    (system / "00000001.wal").write_bytes(log)
    for name, content in tables.items():
        (system / f"{name}.dets").write_bytes(content)
    return system


@pytest.mark.parametrize("kind", ["quorum", "coordination"])
@pytest.mark.parametrize("content", [UNWRITTEN, b"", b"\0\0\x15\x38\0\xab"])
@pytest.mark.parametrize("log", [b"", EMPTY_LOG, bytes(3 << 20)])
def test_a_table_without_a_head_is_put_aside_where_nothing_was_confirmed(
    tmp_path: Path, kind: str, content: bytes, log: bytes
) -> None:
    system = made(tmp_path, kind, log=log, meta=content, names=WRITTEN)
    assert put_aside(tmp_path) == [system / "meta.dets"]
    assert not (system / "meta.dets").exists()
    assert (system / "meta.dets.unwritten").read_bytes() == content
    assert (system / "names.dets").read_bytes() == WRITTEN
    assert put_aside(tmp_path) == []


def test_where_the_log_holds_something_nothing_is_touched(tmp_path: Path) -> None:
    system = made(tmp_path, log=EMPTY_LOG + bytes(2 << 20) + b"entry", meta=UNWRITTEN)
    assert put_aside(tmp_path) == []
    assert (system / "meta.dets").read_bytes() == UNWRITTEN


def test_where_a_queue_has_a_segment_nothing_is_touched(tmp_path: Path) -> None:
    system = made(tmp_path, meta=UNWRITTEN)
    (system / "2F_QUEUE").mkdir()
    (system / "2F_QUEUE" / "00000001.segment").touch()
    assert put_aside(tmp_path) == []


def test_of_each_kind_of_queue_by_itself(tmp_path: Path) -> None:
    made(tmp_path, "quorum", log=LOG, meta=WRITTEN)
    system = made(tmp_path, "coordination", names=UNWRITTEN)
    assert put_aside(tmp_path) == [system / "names.dets"]


def test_a_broker_that_was_never_started_has_nothing_to_put_aside(tmp_path: Path) -> None:
    assert put_aside(tmp_path / "nowhere") == []
