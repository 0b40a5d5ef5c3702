"""A log in many small parts: what holds for one table must hold for it."""

from __future__ import annotations

from runtime.database import Connection


async def in_parts(connection: Connection, step: int, positions: int) -> None:
    """An empty log is given parts of `step` for so many positions, and two that stay empty. As who owns the tables."""
    async with connection.transaction():
        if await connection.fetchval("SELECT EXISTS (SELECT FROM events)"):
            raise ValueError("there are events in the parts already")
        for part in await connection.fetch("SELECT part FROM log_parts()"):
            await connection.execute(f"DROP TABLE {part['part']}")
        for first in range(0, positions + 3 * step, step):
            await connection.execute("SELECT add_log_part($1, $2)", first, first + step)
