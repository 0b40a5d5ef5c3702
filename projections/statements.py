"""SQL of the tables. Physical names carry the generation, which no parameter can express: `_vN` in the files stands for it."""

from __future__ import annotations

import re
from functools import cache

from eventstore.queries import load

PACKAGE = "projections"

_GENERATION = re.compile(r"(?<=_v)N(?![A-Za-z0-9])|(?<=version = )N(?![A-Za-z0-9])")


@cache
def table_sql(table: str, version: int) -> dict[str, str]:
    """Statements of `sql/<table>.sql` for one generation; 0 is the scratch generation of `verify`.

    The only place where SQL is not taken as it stands: an integer replaces a placeholder.
    """
    number = str(int(version))
    return {name: _GENERATION.sub(number, text) for name, text in load(f"{table}.sql", PACKAGE).items()}


def runner_sql() -> dict[str, str]:
    return load("runner.sql", PACKAGE)
