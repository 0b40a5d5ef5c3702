"""What a database knows of who waits for whom."""

from __future__ import annotations

from runtime.database import Pool


async def somebody_waits(pool: Pool) -> bool:
    """Whether a session of this database waits for a lock that another one holds."""
    asked = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()"
    return bool(await pool.fetchval(asked))
