"""SQL of the tables, and the only place where SQL is not taken from its file as it stands.

Physical names carry the generation, which no parameter can express: `_vN` in the files stands for it. The writes of one batch are joined
into one statement (`eventstore.queries.in_one_statement`).
"""

from __future__ import annotations

import re
from functools import cache

from eventstore.queries import in_one_statement, load

PACKAGE = "projections"

_GENERATION = re.compile(r"(?<=_v)N(?![A-Za-z0-9])|(?<=version = )N(?![A-Za-z0-9])")


@cache
def table_sql(table: str, version: int) -> dict[str, str]:
    """Statements of `sql/<table>.sql` for one generation; 0 is the scratch generation of `verify`."""
    number = str(int(version))
    return {name: _GENERATION.sub(number, text) for name, text in load(f"{table}.sql", PACKAGE).items()}


def as_one_statement(pieces: tuple[str, ...]) -> str:
    """`advance`, then pieces that write rows, then `confirm`: one statement, so one round trip and one transaction."""
    own = runner_sql()
    parts = (("moved", own["advance"]), *((f"piece_{number}", text) for number, text in enumerate(pieces)))
    return in_one_statement(parts, own["confirm"])


def runner_sql() -> dict[str, str]:
    return load("runner.sql", PACKAGE)
