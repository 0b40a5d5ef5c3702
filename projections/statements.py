"""SQL of the tables, and the only two places where SQL is not taken from its file as it stands.

Physical names carry the generation, which no parameter can express: `_vN` in the files stands for it. And the writes of one batch are
joined into one statement, because every round trip adds to the time until a payment is visible.
"""

from __future__ import annotations

import re
from functools import cache

from eventstore.queries import load

PACKAGE = "projections"

_GENERATION = re.compile(r"(?<=_v)N(?![A-Za-z0-9])|(?<=version = )N(?![A-Za-z0-9])")


_PARAMETER = re.compile(r"\$(\d+)")


@cache
def table_sql(table: str, version: int) -> dict[str, str]:
    """Statements of `sql/<table>.sql` for one generation; 0 is the scratch generation of `verify`."""
    number = str(int(version))
    return {name: _GENERATION.sub(number, text) for name, text in load(f"{table}.sql", PACKAGE).items()}


@cache
def as_one_statement(pieces: tuple[str, ...]) -> str:
    """`advance`, then pieces that write rows, then `confirm`: one statement, so one round trip and one transaction.

    Each piece numbers its parameters from 1; here they follow those of `advance` in the order of the pieces.
    """
    own = runner_sql()
    used = _highest(own["advance"])
    parts = [f"moved AS ({own['advance']})"]
    for number, piece in enumerate(pieces):
        parts.append(f"piece_{number} AS ({_shifted(piece, used)})")
        used += _highest(piece)
    return "WITH " + ",\n".join(parts) + "\n" + own["confirm"]


def _shifted(text: str, by: int) -> str:
    return _PARAMETER.sub(lambda parameter: f"${int(parameter[1]) + by}", text)


def _highest(text: str) -> int:
    return max(int(number) for number in _PARAMETER.findall(text))


def runner_sql() -> dict[str, str]:
    return load("runner.sql", PACKAGE)
