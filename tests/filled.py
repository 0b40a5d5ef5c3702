"""A database as it is after years: so many payments, five events for each, and everything that is folded from them.

Filled by set-based statements (`filled.sql`) in seconds: the rows are what the planner and a reader see of such a database, not what
fulfilment would have decided.
"""

from __future__ import annotations

from pathlib import Path

import asyncpg

from eventstore.queries import parse
from projections.versions import ensure

EVENTS_PER_PAYMENT = 5

_SQL = parse(Path(__file__).with_name("filled.sql").read_text(encoding="utf-8"))


async def fill(url: str, payments: int) -> None:
    """Makes the first generation of every read model in a migrated database and fills everything."""
    connection = await asyncpg.connect(
        url, server_settings={"search_path": "lunas", "synchronous_commit": "off"}
    )
    try:
        await ensure(connection)
        # The rows come in the order of no application; the guard of their order is not what is looked at.
        for statement in _SQL.values():
            arguments = (payments,) if "$1" in statement else ()
            await connection.execute(statement, *arguments, timeout=600)
    finally:
        await connection.close()
