"""Migration files as text."""

from __future__ import annotations

import pytest

from eventstore.append import LOG_LOCK
from eventstore.migrations import MigrationError, files, parse


def test_the_up_part_ends_where_the_down_part_begins() -> None:
    migration = parse("0001_x.sql", "-- migrate:up\nCREATE 1;\n-- migrate:down\nDROP 1;\n")
    assert migration.up.strip() == "CREATE 1;"
    assert migration.down.strip() == "DROP 1;"
    assert len(migration.checksum) == 64


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("1_x.sql", "-- migrate:up\n-- migrate:down\n"),
        ("0001_x.sql", "CREATE TABLE x ();"),
        ("0001_x.sql", "-- migrate:up\nCREATE TABLE x ();"),
        ("0001_x.sql", "-- migrate:down\n-- migrate:up\n"),
    ],
)
def test_a_file_of_another_shape_is_refused(name: str, text: str) -> None:
    with pytest.raises(MigrationError):
        parse(name, text)


def test_numbers_are_unique_and_the_log_comes_first() -> None:
    numbers = [migration.name[:4] for migration in files()]
    assert numbers == sorted(set(numbers))
    assert files()[0].name == "0001_log.sql"


def test_the_trigger_takes_the_same_lock_as_append() -> None:
    assert f"pg_advisory_xact_lock({LOG_LOCK})" in files()[0].up
