"""What follows what in the archive of PostgreSQL's log."""

from __future__ import annotations

import pytest

from console.backups.wal_names import Fork, WalFile, between, forks, lsn, spans, wal_file, wal_name

MIB16 = 16 * 2**20


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("000000010000000000000001", WalFile(1, 1)),
        ("0000000100000000000000FF", WalFile(1, 255)),
        ("000000010000000100000000", WalFile(1, 256)),
        ("0000000A0000002300000010", WalFile(10, 0x23 * 256 + 0x10)),
    ],
)
def test_a_name_is_a_timeline_and_a_number(name: str, file: WalFile) -> None:
    assert wal_file(name, MIB16) == file
    assert wal_name(file, MIB16) == name


def test_larger_files_are_numbered_otherwise() -> None:
    gib = 2**30
    assert wal_file("000000010000000100000003", gib) == WalFile(1, 7)
    assert wal_name(WalFile(1, 7), gib) == "000000010000000100000003"


@pytest.mark.parametrize(
    "name",
    ["00000002.history", "000000010000000000000004.00000028.backup", "000000010000000000000003.partial", "x"],
)
def test_what_is_no_file_of_the_log_has_no_number(name: str) -> None:
    assert wal_file(name, MIB16) is None


def test_places_in_the_log_are_bytes() -> None:
    assert lsn("0/3000028") == 0x3000028
    assert lsn("16/B374D848") == 0x16B374D848
    with pytest.raises(ValueError, match="no place in the log"):
        lsn("0-3")


def test_a_restore_reads_the_newer_timeline_from_where_it_left_the_older() -> None:
    told = forks("1\t0/5000A00\tbefore 2026-11-30\n\n2\t0/70000A0\tno recovery target\n# a remark\n")
    assert told == [Fork(1, 0x5000A00), Fork(2, 0x70000A0)]
    read = list(between(WalFile(1, 3), WalFile(3, 8), told, MIB16))
    assert read == [
        WalFile(1, 3), WalFile(1, 4), WalFile(2, 5), WalFile(2, 6), WalFile(3, 7), WalFile(3, 8)
    ]  # fmt: skip
    assert list(between(WalFile(1, 3), WalFile(1, 4), [], MIB16)) == [WalFile(1, 3), WalFile(1, 4)]


def test_holes_are_told_as_spans() -> None:
    files = [WalFile(1, 3), WalFile(1, 4), WalFile(1, 5), WalFile(1, 9)]
    assert spans(files) == [(WalFile(1, 3), WalFile(1, 5)), (WalFile(1, 9), WalFile(1, 9))]
    assert spans([]) == []
