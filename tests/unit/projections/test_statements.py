from __future__ import annotations

import gc
import re

import pytest

from projections.garbage import RARELY, collected_rarely
from projections.registry import PROJECTIONS
from projections.statements import as_one_statement, table_sql

TABLES = [table.name for projection in PROJECTIONS for table in projection.tables]


@pytest.mark.parametrize("table", TABLES)
def test_every_placeholder_of_a_generation_is_filled(table: str) -> None:
    for statement in table_sql(table, 17).values():
        assert not re.search(r"_vN|= N\b", statement)
    assert f"{table}_v17" in table_sql(table, 17)["upsert"]


def test_a_generation_is_a_number_and_nothing_else() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        table_sql("balances", "1; DROP TABLE events")  # type: ignore[arg-type]


def test_pieces_keep_their_parameters_apart() -> None:
    joined = as_one_statement(("INSERT INTO a SELECT $1, $2", "INSERT INTO b SELECT $1, $3, $2"))
    assert "piece_0 AS (INSERT INTO a SELECT $5, $6)" in joined
    assert "piece_1 AS (INSERT INTO b SELECT $7, $9, $8)" in joined
    assert joined.startswith("WITH moved AS (UPDATE checkpoints")


def test_without_pieces_only_checkpoints_move() -> None:
    assert "piece" not in as_one_statement(())


def test_the_collector_is_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with collected_rarely():
        assert gc.get_threshold() == RARELY
        assert gc.isenabled()
    assert gc.get_threshold() == before
