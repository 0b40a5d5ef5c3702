"""`deploy/postgres/archive-segment.sh` and its way back, called as PostgreSQL calls them."""

from __future__ import annotations

import gzip
import os
import subprocess
from pathlib import Path

SCRIPTS = Path(__file__).parents[3] / "deploy/postgres"
NAME = "000000010000000000000007"
CONTENT = bytes(range(256)) * 4096


def finished(folder: Path, content: bytes = CONTENT) -> Path:
    """A file of the log as it lies in pg_wal."""
    path = folder / "pg_wal" / NAME
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def archive(folder: Path, source: Path, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SCRIPTS / "archive-segment.sh"), str(source), source.name, str(folder / "archive")],
        env={"PATH": path}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def restore(folder: Path, name: str = NAME) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SCRIPTS / "restore-segment.sh"), name, str(folder / "restored"), str(folder / "archive")],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def kept(folder: Path) -> Path:
    return folder / "archive/wal" / f"{NAME}.gz"


def stand_in(folder: Path, program: str, script: str) -> str:
    """A PATH on which one program is ours."""
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    (place / program).write_text(f"#!/bin/sh\n{script}\n")
    (place / program).chmod(0o755)
    return f"{place}:{os.environ['PATH']}"


def test_what_is_kept_is_what_was_written_with_its_time_and_for_the_group(tmp_path: Path) -> None:
    done = archive(tmp_path, finished(tmp_path))
    assert done.returncode == 0, done.stderr
    assert gzip.decompress(kept(tmp_path).read_bytes()) == CONTENT
    assert kept(tmp_path).stat().st_mtime == 1_700_000_000
    assert kept(tmp_path).stat().st_mode & 0o777 == 0o640
    assert [each.name for each in kept(tmp_path).parent.iterdir()] == [f"{NAME}.gz"]
    assert restore(tmp_path).returncode == 0
    assert (tmp_path / "restored").read_bytes() == CONTENT


def test_the_same_file_given_again_is_kept_already_and_another_of_its_name_is_refused(tmp_path: Path) -> None:
    source = finished(tmp_path)
    assert archive(tmp_path, source).returncode == 0
    assert archive(tmp_path, source).returncode == 0
    other = archive(tmp_path, finished(tmp_path, CONTENT[::-1]))
    assert other.returncode == 1
    assert "two databases must not share an archive" in other.stderr
    assert gzip.decompress(kept(tmp_path).read_bytes()) == CONTENT


def test_a_write_that_was_cut_off_is_never_taken_for_whole(tmp_path: Path) -> None:
    """A full disk, or a kill, in the middle of writing: no file of that name, and the next try makes it."""
    source = finished(tmp_path)
    cut = archive(tmp_path, source, stand_in(tmp_path, "gzip", 'head -c 1000 "$4"; exit 1'))
    assert cut.returncode != 0
    assert not kept(tmp_path).exists()
    assert len(list(kept(tmp_path).parent.iterdir())) == 1
    assert archive(tmp_path, source).returncode == 0
    assert [each.name for each in kept(tmp_path).parent.iterdir()] == [f"{NAME}.gz"]
    assert gzip.decompress(kept(tmp_path).read_bytes()) == CONTENT


def test_what_is_read_back_otherwise_than_written_is_not_kept(tmp_path: Path) -> None:
    source = finished(tmp_path)
    lying = 'case "$1" in -dc) head -c 1000 /dev/zero;; *) exec /bin/gzip "$@";; esac'
    done = archive(tmp_path, source, stand_in(tmp_path, "gzip", lying))
    assert done.returncode == 1
    assert "is not what was written to it" in done.stderr
    assert not kept(tmp_path).exists()


def test_nothing_is_said_to_be_kept_before_it_is_synced(tmp_path: Path) -> None:
    source = finished(tmp_path)
    assert archive(tmp_path, source, stand_in(tmp_path, "sync", "exit 1")).returncode != 0
    assert not kept(tmp_path).exists()


def test_the_end_of_the_archive_is_no_error_and_damage_stops_a_restore(tmp_path: Path) -> None:
    """PostgreSQL takes 1 for the end, and stops at more than 125."""
    assert archive(tmp_path, finished(tmp_path)).returncode == 0
    assert restore(tmp_path, "000000010000000000000008").returncode == 1
    data = kept(tmp_path).read_bytes()
    kept(tmp_path).write_bytes(data[:-20] + bytes(one ^ 0xFF for one in data[-20:]))
    damaged = restore(tmp_path)
    assert damaged.returncode == 200
    assert "is damaged" in damaged.stderr
